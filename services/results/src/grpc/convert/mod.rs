//! Makes answers of the domain's values.

mod report;

pub(super) use report::{handed, quarantined, release, seen};

use relais_platform::{
    calls::check::time_to_proto,
    ids::{Child, OrganisationId},
};
use relais_proto::results::v1;

use crate::domain::{
    Line, LineCancelReason, LineState, Order, State,
    analyses::{Analysis, Kind},
    attachment::{Attachment, Parent},
};

pub(super) fn order(value: Order) -> v1::Order {
    let state = match value.state {
        State::Draft => v1::order::State::Draft,
        State::Active => v1::order::State::Active,
        State::Completed => v1::order::State::Completed,
        State::Revoked => v1::order::State::Revoked,
    };
    v1::Order {
        name: value.id.to_string(),
        state: state.into(),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        provider: value.provider.to_string(),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
        lines: value.lines.into_iter().map(|line| line_of(value.provider, line)).collect(),
        etag: value.version.to_string(),
    }
}

fn line_of(provider: OrganisationId, value: Line) -> v1::OrderLine {
    use v1::order_line::{CancelReason, State};
    let state = match value.state {
        LineState::Ordered => State::Ordered,
        LineState::Sampled => State::Sampled,
        LineState::Resulted => State::Resulted,
        LineState::Cancelled => State::Cancelled,
    };
    let reason = value.cancel_reason.map(|reason| match reason {
        LineCancelReason::NoLongerNeeded => CancelReason::NoLongerNeeded,
        LineCancelReason::PatientDeclined => CancelReason::PatientDeclined,
        LineCancelReason::SampleUnusable => CancelReason::SampleUnusable,
        LineCancelReason::EnteredInError => CancelReason::EnteredInError,
    });
    v1::OrderLine {
        number: value.number,
        code: value.code,
        state: state.into(),
        sample_time: value.sample_time.map(time_to_proto),
        site: value.site.map(|site| Child::new(provider, site).to_string()).unwrap_or_default(),
        cancel_reason: reason.unwrap_or_default().into(),
    }
}

pub(super) fn analysis(value: &Analysis) -> v1::Analysis {
    use v1::analysis::Kind as Told;
    let kind = match value.kind {
        Kind::Quantity => Told::Quantity,
        Kind::Text => Told::Text,
        Kind::Coded => Told::Coded,
        Kind::Panel => Told::Panel,
    };
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    v1::Analysis {
        code: value.code.into(),
        kind: kind.into(),
        units: owned(value.units()),
        english_name: value.english.into(),
        french_name: value.french.into(),
        members: owned(value.members()),
    }
}

pub(super) fn attachment(value: Attachment) -> v1::Attachment {
    let (parent, report_version) = match value.parent {
        Parent::Order(order) => (order.to_string(), 0),
        Parent::Report(report, version) => (report.to_string(), version),
    };
    v1::Attachment {
        name: value.id.to_string(),
        parent,
        report_version,
        media_type: value.media_type.as_str().into(),
        size_bytes: value.size,
        sha256: value.sha256,
        received_bytes: value.received,
        complete: value.complete,
        create_time: Some(time_to_proto(value.create_time)),
    }
}
