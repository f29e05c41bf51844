//! What other services are told: identifiers and codes, and the whole list of a referral's parties.

use chrono::NaiveDate;
use relais_platform::{
    calls::check::date_to_proto,
    database::Unit,
    ids::{Child, SiteId},
    parties::{Capacity, Party},
};
use relais_proto::events::v1;

use crate::domain::{
    Order, State,
    report::{Recipient, Report, Status},
};

/// Tells that an order has moved on; of one that was withdrawn, that it is.
pub(super) fn tell_order(unit: &mut Unit<'_>, order: &Order, previous: State, parties: &[Party]) {
    match order.state {
        State::Revoked => unit.emit(order.id, order.version, order_revoked(order)),
        _ => unit.emit(order.id, order.version, order_moved(order, previous, parties)),
    }
}

/// An order was withdrawn.
pub(super) fn order_revoked(order: &Order) -> v1::OrderRevoked {
    v1::OrderRevoked { order: order.id.to_string(), referral: order.referral.to_string() }
}

/// An order's lines, and with them the order, have moved on.
pub(super) fn order_moved(order: &Order, previous: State, parties: &[Party]) -> v1::OrderMoved {
    v1::OrderMoved {
        order: order.id.to_string(),
        referral: order.referral.to_string(),
        number: order.referral_number.clone(),
        parties: parties.iter().map(party).collect(),
        state: order.state.as_str().into(),
        previous: previous.as_str().into(),
    }
}

/// A version as others hear of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issued {
    pub version: i64,
    pub status: Status,
    pub site: Option<SiteId>,
    pub performed_date: Option<NaiveDate>,
    pub acts: i32,
    pub critical: bool,
}

/// A version is there.
pub(super) fn report_issued(report: &Report, issued: Issued, parties: &[Party]) -> v1::ReportIssued {
    v1::ReportIssued {
        report: report.id.to_string(),
        report_version: issued.version,
        status: issued.status.as_str().into(),
        order: report.order.map(|order| order.to_string()).unwrap_or_default(),
        referral: referral(report),
        number: report.referral_number.clone(),
        parties: parties.iter().map(party).collect(),
        site: issued.site.map(|site| Child::new(report.provider, site).to_string()).unwrap_or_default(),
        performed_date: issued.performed_date.map(date_to_proto),
        acts: issued.acts,
        critical: issued.critical,
    }
}

/// A version was laid before somebody.
pub(super) fn report_released(
    report: &Report,
    (version, status, critical): (i64, Status, bool),
    recipient: &Recipient,
    parties: &[Party],
) -> v1::ReportReleased {
    let organisation = recipient.organisation;
    v1::ReportReleased {
        report: report.id.to_string(),
        report_version: version,
        status: status.as_str().into(),
        referral: referral(report),
        number: report.referral_number.clone(),
        parties: parties.iter().map(party).collect(),
        unit: recipient.unit.map(|unit| Child::new(organisation, unit).to_string()).unwrap_or_default(),
        practitioner: recipient.practitioner.map(|it| Child::new(organisation, it).to_string()).unwrap_or_default(),
        substitute_for: recipient.substitute_for.clone(),
        critical,
    }
}

/// Its recipient has taken note of a version.
pub(super) fn report_acknowledged(
    report: &Report,
    (version, status): (i64, Status),
    parties: &[Party],
) -> v1::ReportAcknowledged {
    v1::ReportAcknowledged {
        report: report.id.to_string(),
        report_version: version,
        status: status.as_str().into(),
        referral: referral(report),
        number: report.referral_number.clone(),
        parties: parties.iter().map(party).collect(),
    }
}

/// It was put aside.
pub(super) fn report_quarantined(report: &Report) -> v1::ReportQuarantined {
    v1::ReportQuarantined {
        report: report.id.to_string(),
        organisation: report.provider.to_string(),
        reason: report.quarantine.map(|reason| reason.as_str().into()).unwrap_or_default(),
    }
}

fn referral(report: &Report) -> String {
    report.referral.map(|referral| referral.to_string()).unwrap_or_default()
}

fn party(party: &Party) -> v1::Party {
    let capacity = match party.capacity {
        Capacity::Referrer => v1::party::Capacity::Referrer,
        Capacity::Provider => v1::party::Capacity::Provider,
        Capacity::Coordinator => v1::party::Capacity::Coordinator,
    };
    let unit = party.unit.map(|unit| Child::new(party.organisation, unit).to_string());
    v1::Party {
        organisation: party.organisation.to_string(),
        unit: unit.unwrap_or_default(),
        capacity: capacity.into(),
    }
}
