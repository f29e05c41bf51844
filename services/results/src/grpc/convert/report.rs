//! Reports, as callers see them.

use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    ids::{Child, OrganisationId},
};
use relais_proto::results::v1::{self, observation, quantity};

use crate::{
    app::report::{Handed, Seen},
    domain::{
        analyses::LOINC,
        report::{
            Comparator, Content, Interpretation, Observation, Quarantine, Range, Release, Report, ReportState, Status,
            Value, Version,
        },
    },
};

/// A version as it was handed in.
pub(in crate::grpc) fn handed(value: Handed) -> v1::Report {
    let version = value.version;
    v1::Report {
        version: version.version,
        last_version: version.version,
        status: status(version.status).into(),
        superseded: version.superseded,
        issue_time: Some(time_to_proto(version.issue_time)),
        etag: version.version.to_string(),
        ..report(&value.report)
    }
}

/// A report as a caller sees it.
pub(in crate::grpc) fn seen(value: Seen) -> v1::Report {
    let (found, standing) = (value.report, value.standing);
    v1::Report {
        version: standing.version,
        last_version: found.last_version,
        status: status(standing.status).into(),
        superseded: standing.superseded,
        issue_time: Some(time_to_proto(standing.issue_time)),
        release_time: standing.release_time.map(time_to_proto),
        read_time: standing.read_time.map(time_to_proto),
        acknowledge_time: standing.acknowledge_time.map(time_to_proto),
        etag: found.last_version.to_string(),
        content: value.content.map(|(version, says)| content(found.provider, &version, says)),
        ..report(&found)
    }
}

/// Before whom a version of it was laid.
pub(in crate::grpc) fn release(report: &Report, value: Release) -> v1::ReportRelease {
    let to = value.recipient;
    v1::ReportRelease {
        report: report.id.to_string(),
        version: value.version,
        organisation: to.organisation.to_string(),
        unit: to.unit.map(|unit| Child::new(to.organisation, unit).to_string()).unwrap_or_default(),
        practitioner: to.practitioner.map(|it| Child::new(to.organisation, it).to_string()).unwrap_or_default(),
        substitute_for: to.substitute_for,
        release_time: Some(time_to_proto(value.release_time)),
        withdraw_time: value.withdraw_time.map(time_to_proto),
        read_time: value.read_time.map(time_to_proto),
        acknowledge_time: value.acknowledge_time.map(time_to_proto),
    }
}

/// One that was put aside.
pub(in crate::grpc) fn quarantined(value: &Report) -> v1::QuarantinedReport {
    use v1::quarantined_report::Reason;
    let reason = value.quarantine.map(|reason| match reason {
        Quarantine::WrongPatient => Reason::WrongPatient,
        Quarantine::UnknownOrder => Reason::UnknownOrder,
        Quarantine::CancelledOrder => Reason::CancelledOrder,
    });
    v1::QuarantinedReport {
        name: value.id.to_string(),
        state: state(value.state).into(),
        accession_number: value.accession_number.clone(),
        reason: reason.unwrap_or_default().into(),
        order: value.named.order.to_string(),
        referral_number: value.named.number.clone(),
        patient: value.named.patient.map(|patient| patient.to_string()).unwrap_or_default(),
        create_time: Some(time_to_proto(value.create_time)),
        discard_reason: value.discard_reason.clone(),
    }
}

fn report(value: &Report) -> v1::Report {
    v1::Report {
        name: value.id.to_string(),
        state: state(value.state).into(),
        provider: value.provider.to_string(),
        accession_number: value.accession_number.clone(),
        order: value.order.map(|order| order.to_string()).unwrap_or_default(),
        referral: value.referral.map(|referral| referral.to_string()).unwrap_or_default(),
        referral_number: value.referral_number.clone(),
        create_time: Some(time_to_proto(value.create_time)),
        erased: value.key.is_none(),
        ..v1::Report::default()
    }
}

fn state(value: ReportState) -> v1::report::State {
    match value {
        ReportState::Issued => v1::report::State::Issued,
        ReportState::Quarantined => v1::report::State::Quarantined,
        ReportState::Discarded => v1::report::State::Discarded,
    }
}

fn status(value: Status) -> v1::report::Status {
    match value {
        Status::Partial => v1::report::Status::Partial,
        Status::Preliminary => v1::report::Status::Preliminary,
        Status::Final => v1::report::Status::Final,
        Status::Amended => v1::report::Status::Amended,
        Status::Corrected => v1::report::Status::Corrected,
        Status::Cancelled => v1::report::Status::Cancelled,
        Status::EnteredInError => v1::report::Status::EnteredInError,
    }
}

fn content(provider: OrganisationId, version: &Version, says: Content) -> v1::ReportContent {
    v1::ReportContent {
        performed_date: version.performed_date.map(date_to_proto),
        site: version.site.map(|site| Child::new(provider, site).to_string()).unwrap_or_default(),
        observations: says.observations.into_iter().map(observation).collect(),
        conclusion: says.conclusion,
        withdrawn_codes: says.withdrawn,
    }
}

fn observation(value: Observation) -> v1::Observation {
    let meaning = |value: Option<Interpretation>| value.map(interpretation).unwrap_or_default();
    let told = match value.value {
        Value::Quantity(it) => observation::Value::Quantity(v1::Quantity {
            value: it.value,
            unit: it.unit,
            comparator: it.comparator.map(comparator).unwrap_or_default().into(),
        }),
        Value::Text(text) => observation::Value::Text(text),
        Value::Coded(code) => observation::Value::Coded(v1::CodedValue { system: LOINC.into(), code }),
    };
    v1::Observation {
        code: value.code,
        value: Some(told),
        reference_range: value.range.map(|Range { low, high, text }| v1::ReferenceRange { low, high, text }),
        interpretation: meaning(value.interpretation).into(),
        critical: value.interpretation.is_some_and(Interpretation::is_critical),
        previous_interpretation: meaning(value.previous).into(),
    }
}

fn comparator(value: Comparator) -> quantity::Comparator {
    match value {
        Comparator::Less => quantity::Comparator::Less,
        Comparator::LessOrEqual => quantity::Comparator::LessOrEqual,
        Comparator::GreaterOrEqual => quantity::Comparator::GreaterOrEqual,
        Comparator::Greater => quantity::Comparator::Greater,
    }
}

fn interpretation(value: Interpretation) -> observation::Interpretation {
    match value {
        Interpretation::Normal => observation::Interpretation::Normal,
        Interpretation::Abnormal => observation::Interpretation::Abnormal,
        Interpretation::CriticallyAbnormal => observation::Interpretation::CriticallyAbnormal,
        Interpretation::High => observation::Interpretation::High,
        Interpretation::CriticallyHigh => observation::Interpretation::CriticallyHigh,
        Interpretation::Low => observation::Interpretation::Low,
        Interpretation::CriticallyLow => observation::Interpretation::CriticallyLow,
    }
}
