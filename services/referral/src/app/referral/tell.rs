//! What other services are told of a referral: identifiers and codes, and the whole list of parties.

use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    consumer::rebuild::Snapshot,
    database::Unit,
    ids::{AppointmentId, Child, SiteId},
};
use relais_proto::events::v1;

use crate::domain::referral::{Capacity, Judgement, Needs, Party, Referral, State};

/// The events that lead to the referral's present state, for others to rebuild from; without its patient's record when that
/// was erased. That a step is overdue is no state.
pub(super) fn snapshot(referral: &Referral, erased: bool) -> Snapshot {
    let mut opening = submitted(referral);
    if erased {
        opening.patient.clear();
    }
    let opening = [opening.into()];
    let since = match referral.state {
        State::Submitted if referral.previous.is_none() => None,
        State::Cancelled => Some(cancelled(referral).into()),
        _ => Some(moved(referral, false).into()),
    };
    Snapshot { id: referral.id.0, version: referral.version, events: opening.into_iter().chain(since).collect() }
}

/// Emits the event of the referral's present version.
pub(super) fn tell(unit: &mut Unit<'_>, referral: &Referral, undone: bool) {
    let organisation = unit.actor().map(|actor| actor.to_string()).unwrap_or_default();
    match referral.state {
        State::Submitted if referral.previous.is_none() => {
            unit.emit(referral.id, referral.version, submitted(referral));
        }
        State::Waitlisted if referral.offer_expire_time.is_some() => {
            unit.emit(referral.id, referral.version, offered(referral));
        }
        State::Cancelled => {
            unit.emit(referral.id, referral.version, v1::ReferralCancelled { organisation, ..cancelled(referral) });
        }
        _ => unit.emit(referral.id, referral.version, v1::ReferralMoved { organisation, ..moved(referral, undone) }),
    }
}

/// Emits that the referral's next step is overdue, in its present version.
pub(super) fn tell_overdue(unit: &mut Unit<'_>, referral: &Referral) {
    let overdue = v1::ReferralOverdue {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        state: referral.state.as_str().into(),
        owner: referral.owner().map(|owner| owner.to_string()).unwrap_or_default(),
        due_time: referral.due_time.map(time_to_proto),
    };
    unit.emit(referral.id, referral.version, overdue);
}

/// Emits what the convention says of the day and the site of an appointment, in the referral's present version.
pub(super) fn tell_judged(unit: &mut Unit<'_>, referral: &Referral, asked: (AppointmentId, i64), said: &Judgement) {
    let judged = v1::BookingJudged {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        appointment: asked.0.to_string(),
        appointment_version: asked.1,
        admitted: said.admitted,
        reason: said.reason.clone(),
        booking_from: said.days.map(|(from, _)| date_to_proto(from)),
        booking_until: said.days.map(|(_, until)| date_to_proto(until)),
        booking_sites: booking_sites(referral),
    };
    unit.emit(referral.id, referral.version, judged);
}

fn moved(referral: &Referral, undone: bool) -> v1::ReferralMoved {
    v1::ReferralMoved {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        state: referral.state.as_str().into(),
        previous: referral.previous.map(|previous| previous.as_str().into()).unwrap_or_default(),
        reason: referral.reason.clone(),
        undone,
        owner: referral.owner().map(|owner| owner.to_string()).unwrap_or_default(),
        due_time: referral.due_time.map(time_to_proto),
        alternative: referral.alternative.clone(),
        organisation: String::new(),
    }
}

fn offered(referral: &Referral) -> v1::ReferralOffered {
    v1::ReferralOffered {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        owner: referral.owner().map(|owner| owner.to_string()).unwrap_or_default(),
        expire_time: referral.offer_expire_time.map(time_to_proto),
    }
}

fn submitted(referral: &Referral) -> v1::ReferralSubmitted {
    v1::ReferralSubmitted {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        convention: referral.convention.to_string(),
        convention_version: referral.convention_version,
        service_system: referral.service_system.clone(),
        service_code: referral.service_code.clone(),
        patient: referral.patient.to_string(),
        provider: referral.provider.to_string(),
        site: referral.site.map(|site| site.to_string()).unwrap_or_default(),
        requested_date: Some(date_to_proto(referral.requested_date)),
        priority: referral.priority.as_str().into(),
        prescriber: referral.prescriber.map(|prescriber| prescriber.to_string()).unwrap_or_default(),
        needs: Some(needs(&referral.situation.needs)),
        booking_from: referral.booking_days.map(|(from, _)| date_to_proto(from)),
        booking_until: referral.booking_days.map(|(_, until)| date_to_proto(until)),
        booking_sites: booking_sites(referral),
    }
}

fn booking_sites(referral: &Referral) -> Option<v1::BookingSites> {
    let name = |site: &SiteId| Child::new(referral.provider, *site).to_string();
    referral.booking_sites.as_ref().map(|sites| v1::BookingSites { sites: sites.iter().map(name).collect() })
}

fn needs(needs: &Needs) -> v1::Needs {
    v1::Needs { interpreter_language: needs.interpreter_language.clone(), wheelchair: needs.wheelchair }
}

fn cancelled(referral: &Referral) -> v1::ReferralCancelled {
    v1::ReferralCancelled {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        reason: referral.reason.clone(),
        ..Default::default()
    }
}

pub(super) fn party(party: &Party) -> v1::Party {
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
