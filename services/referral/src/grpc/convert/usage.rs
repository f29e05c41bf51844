//! What was given, in figures.

use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::convention::v1;

use super::line;
use crate::{
    app::convention::Usage,
    domain::convention::{Difference, Figure, LedgerEntry, MeterFigures, Point, Recount},
};

pub(in crate::grpc) fn usage(value: Usage) -> v1::GetUsageResponse {
    let total = value.figures.iter().map(|figure| figure.quantity).sum();
    v1::GetUsageResponse {
        figures: value.figures.into_iter().map(figure).collect(),
        total,
        meters: value.meters.into_iter().map(meter).collect(),
        rounded_to: value.steps.size().try_into().unwrap_or(i32::MAX),
    }
}

fn meter(value: MeterFigures) -> v1::Meter {
    let point = |point: &Point| v1::meter::BurnDownPoint {
        day: Some(date_to_proto(point.day)),
        taken: point.taken,
        left: point.left,
    };
    v1::Meter {
        period_start: Some(date_to_proto(value.period.0)),
        period_end: Some(date_to_proto(value.period.1)),
        site: value.site.map(|site| site.to_string()).unwrap_or_default(),
        measure: line::measure(value.measure).into(),
        kind: line::kind(value.kind).into(),
        committed: value.committed,
        reserved: value.reserved,
        used: value.used,
        released: value.released,
        left: value.left(),
        beyond: value.beyond(),
        elapsed_percent: value.elapsed_percent,
        used_percent: value.used_percent(),
        burn_down: value.burn_down.iter().map(point).collect(),
        exhaustion_date: value.exhaustion_date.map(date_to_proto),
        line_id: value.line_id,
        currency: value.currency.unwrap_or_default(),
    }
}

pub(in crate::grpc) fn recount(value: Recount) -> v1::RecountUsageResponse {
    let differences = value.differences.into_iter().map(difference).collect();
    v1::RecountUsageResponse { entries: value.entries, total: value.total, differences }
}

fn figure(value: Figure) -> v1::UsageFigure {
    let site = value.site.map(|site| site.to_string()).unwrap_or_default();
    v1::UsageFigure { month: Some(date_to_proto(value.month)), site, quantity: value.quantity }
}

/// An entry of the ledger.
pub(in crate::grpc) fn usage_entry(value: LedgerEntry) -> v1::UsageEntry {
    let ((convention, convention_version), (report, report_version)) = (value.convention, value.report);
    v1::UsageEntry {
        convention: convention.to_string(),
        convention_version,
        line_id: value.line_id,
        referral: value.referral.to_string(),
        report: report.to_string(),
        report_version,
        site: value.site.map(|site| site.to_string()).unwrap_or_default(),
        local_date: Some(date_to_proto(value.local_date)),
        quantity: value.quantity,
        entry_time: Some(time_to_proto(value.entry_time)),
    }
}

fn difference(value: Difference) -> v1::UsageDifference {
    let reported = figure(value.reported);
    v1::UsageDifference {
        line_id: value.line_id,
        month: reported.month,
        site: reported.site,
        reported: reported.quantity,
        counted: value.counted,
        figure: value.figure,
    }
}
