//! Events in bulk, as the services write them.

use relais_platform::{
    broker::envelope::Envelope,
    events::Event,
    ids::{AppointmentId, Child, ConventionId, ReferralId, SiteId},
};
use relais_proto::events::v1::{AppointmentProposed, ReferralSubmitted};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Told, message,
    partnership::{LOINC, PANEL},
};

/// So many referrals between the same organisations, each as its first event.
pub(super) fn submitted(count: usize) -> Vec<Envelope> {
    let first = Told::new(&number(0));
    let told = (0..count).map(|index| first.another(&number(index)));
    told.map(|told| envelope(told.id.0, &told.number, full(&told))).collect()
}

/// An appointment for each of so many referrals, and those referrals.
pub(super) fn proposed(count: usize) -> (Vec<ReferralId>, Vec<Envelope>) {
    let proposal = |index| {
        let (referral, appointment) = (ReferralId::draw(), AppointmentId::draw());
        let told = AppointmentProposed { appointment: appointment.to_string(), referral: referral.to_string() };
        (referral, envelope(appointment.0, &number(index), told))
    };
    (0..count).map(proposal).unzip()
}

/// With every field that a referral can have: events are as large as they get.
fn full(told: &Told) -> ReferralSubmitted {
    ReferralSubmitted {
        convention: ConventionId::draw().to_string(),
        convention_version: 1,
        service_system: LOINC.into(),
        service_code: PANEL.into(),
        site: Child::new(told.provider, SiteId::draw()).to_string(),
        ..told.submitted()
    }
}

fn number(index: usize) -> String {
    format!("{:04}-{:04}-{:03}", index / 10_000_000, index / 1_000 % 10_000, index % 1_000)
}

fn envelope(aggregate: Uuid, number: &str, event: impl Into<Event>) -> Envelope {
    let (trace, span) = (Uuid::now_v7().simple(), Uuid::now_v7().as_u64_pair().1);
    // Not recorded: the programs have nobody to send spans to.
    let trace = json!({
        "traceparent": format!("00-{trace}-{span:016x}-00"),
        "baggage": format!("referral.number={number}"),
    });
    Envelope { trace, ..message(aggregate, 1, event) }
}
