//! What other services are told of an appointment: identifiers, codes, times, and the whole list of parties.

use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    consumer::rebuild::Snapshot,
    database::Unit,
    ids::Child,
    parties::{Capacity, Party},
};
use relais_proto::events::v1;

use crate::domain::{Appointment, State, Time};

/// Emits the event of the appointment's present version.
pub(super) fn tell(unit: &mut Unit<'_>, appointment: &Appointment, previous: State) {
    let (id, version) = (appointment.id, appointment.version);
    match appointment.state {
        State::Proposed => unit.emit(id, version, proposed(appointment)),
        State::Cancelled => unit.emit(id, version, cancelled(appointment)),
        _ => {
            let organisation = unit.actor().map(|actor| actor.to_string()).unwrap_or_default();
            unit.emit(id, version, v1::AppointmentMoved { organisation, ..moved(appointment, previous) });
        }
    }
}

/// Emits that the patient is to be reminded.
pub(super) fn tell_reminder(unit: &mut Unit<'_>, appointment: &Appointment) {
    let time = appointment.time.as_ref();
    let event = v1::AppointmentReminderDue {
        appointment: appointment.id.to_string(),
        referral: appointment.referral.to_string(),
        number: appointment.referral_number.clone(),
        parties: parties(appointment),
        site: site(time),
        start_time: time.map(|time| time_to_proto(time.start)),
        time_zone: zone(time),
    };
    unit.emit(appointment.id, appointment.version, event);
}

/// The events that lead to the appointment's present state, for others to rebuild from.
pub(super) fn snapshot(appointment: &Appointment) -> Snapshot {
    let last = match appointment.state {
        State::Proposed => None,
        State::Cancelled => Some(cancelled(appointment).into()),
        State::Booked | State::Pending => Some(moved(appointment, State::Proposed).into()),
        State::Arrived if appointment.walk_in => Some(moved(appointment, State::Proposed).into()),
        State::Arrived | State::NoShow => Some(moved(appointment, State::Booked).into()),
        State::Fulfilled | State::EnteredInError => Some(moved(appointment, State::Arrived).into()),
    };
    let events = [proposed(appointment).into()].into_iter().chain(last).collect();
    Snapshot { id: appointment.id.0, version: appointment.version, events }
}

fn proposed(appointment: &Appointment) -> v1::AppointmentProposed {
    v1::AppointmentProposed { appointment: appointment.id.to_string(), referral: appointment.referral.to_string() }
}

fn cancelled(appointment: &Appointment) -> v1::AppointmentCancelled {
    v1::AppointmentCancelled {
        appointment: appointment.id.to_string(),
        referral: appointment.referral.to_string(),
        number: appointment.referral_number.clone(),
        parties: parties(appointment),
        start_time: appointment.time.as_ref().map(|time| time_to_proto(time.start)),
        reason: appointment.reason.clone(),
        organisation: appointment.cancelled_by.map(|by| by.to_string()).unwrap_or_default(),
    }
}

fn moved(appointment: &Appointment, previous: State) -> v1::AppointmentMoved {
    let time = appointment.time.as_ref();
    v1::AppointmentMoved {
        appointment: appointment.id.to_string(),
        referral: appointment.referral.to_string(),
        number: appointment.referral_number.clone(),
        parties: parties(appointment),
        state: appointment.state.as_str().into(),
        previous: previous.as_str().into(),
        site: site(time),
        start_time: time.map(|time| time_to_proto(time.start)),
        end_time: time.map(|time| time_to_proto(time.end)),
        time_zone: zone(time),
        reason: appointment.reason.clone(),
        walk_in: appointment.walk_in,
        confirmed: appointment.confirmed,
        organisation: String::new(),
        local_date: time.map(|time| date_to_proto(time.local_date())),
    }
}

fn site(time: Option<&Time>) -> String {
    time.map(|time| time.site.to_string()).unwrap_or_default()
}

fn zone(time: Option<&Time>) -> String {
    time.map(|time| time.time_zone.clone()).unwrap_or_default()
}

fn parties(appointment: &Appointment) -> Vec<v1::Party> {
    appointment.parties.iter().map(party).collect()
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
