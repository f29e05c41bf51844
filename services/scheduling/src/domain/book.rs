//! Booking: what must hold before a seat is asked for. Whether the seat is free, the database says.

use chrono::{DateTime, Utc};
use relais_platform::error::Error;

use super::{Appointment, Covered, Referral, Stage, State, Time, opening::Offer, refuse, rule};

/// The appointment may be booked, for it has no time yet and its referral was accepted.
///
/// # Errors
/// FAILED_PRECONDITION with every rule that fails.
pub fn ensure_bookable(appointment: &Appointment, referral: &Referral) -> Result<(), Error> {
    let mut rules = Vec::new();
    if appointment.state != State::Proposed {
        rules.push(rule("appointment-not-proposed", format!("it is {}", appointment.state.as_str())));
    }
    if Stage::of(&referral.state) != Stage::Bookable {
        rules.push(not_accepted(referral));
    }
    refuse(rules)
}

/// The appointment may be moved to another slot: it has one, has not begun, and its referral is still open.
///
/// # Errors
/// FAILED_PRECONDITION with every rule that fails.
pub fn ensure_open(appointment: &Appointment, referral: &Referral, now: DateTime<Utc>) -> Result<(), Error> {
    let mut rules = Vec::new();
    if !matches!(appointment.state, State::Booked | State::Pending) {
        rules.push(rule("appointment-not-booked", format!("it is {}", appointment.state.as_str())));
    } else if appointment.time.as_ref().is_some_and(|time| time.start <= now) {
        rules.push(rule("appointment-begun", "it has begun: the patient came, or did not"));
    }
    if Stage::of(&referral.state) != Stage::Bookable {
        rules.push(not_accepted(referral));
    }
    refuse(rules)
}

fn not_accepted(referral: &Referral) -> relais_platform::error::Violation {
    rule("referral-not-accepted", format!("the referral is {}: it must be accepted, and open", referral.state))
}

/// The slot is one for this referral, and still to come.
///
/// # Errors
/// FAILED_PRECONDITION with every rule that fails.
pub fn ensure_offered(offer: &Offer, now: DateTime<Utc>) -> Result<(), Error> {
    let mut rules = Vec::new();
    if offer.time.start <= now {
        rules.push(rule("slot-past", "the slot has begun"));
    }
    if !offer.covers {
        rules.push(rule("service-not-offered", "what the referral asks for is not done in this slot"));
    }
    refuse(rules)
}

/// The appointment with its seat, in its next version.
pub fn book(appointment: Appointment, time: Time, now: DateTime<Utc>) -> Appointment {
    book_on(&Covered::default(), appointment, time, now)
}

/// The same; where that is not covered it is pending, until the convention has judged.
pub fn book_on(covered: &Covered, appointment: Appointment, time: Time, now: DateTime<Utc>) -> Appointment {
    let state = covered.state_at(&time);
    Appointment { time: Some(time), hold: None, ..appointment.next(state, now) }
}

/// The appointment at another time, as [`book_on`]: what was said of the old time is not said of the new one.
///
/// # Errors
/// FAILED_PRECONDITION when it is the time that it has.
pub fn reschedule(
    covered: &Covered,
    appointment: Appointment,
    time: Time,
    now: DateTime<Utc>,
) -> Result<Appointment, Error> {
    if appointment.time.as_ref().is_some_and(|old| old.slot == time.slot) {
        refuse(vec![rule("same-slot", "it stands in this slot already")])?;
    }
    Ok(Appointment { confirmed: false, ..book_on(covered, appointment, time, now) })
}

/// The appointment of a patient who came without a booking, in its next version.
pub fn register_walk_in(appointment: Appointment, time: Time, now: DateTime<Utc>) -> Appointment {
    Appointment { time: Some(time), hold: None, walk_in: true, ..appointment.next(State::Arrived, now) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use relais_platform::ids::{OrganisationId, PatientId, ReferralId};

    use super::super::{Needs, proposed, time_at};
    use super::*;

    fn referral(state: &str) -> Referral {
        Referral {
            id: ReferralId::draw(),
            number: "n".into(),
            state: state.into(),
            patient: Some(PatientId::draw()),
            provider: OrganisationId::draw(),
            site: None,
            service_system: "s".into(),
            service_code: "c".into(),
            requested_date: "2017-05-01".parse().unwrap(),
            priority: "routine".into(),
            needs: Needs::default(),
            covered: Covered::default(),
        }
    }

    fn rules(result: Result<(), Error>) -> Vec<String> {
        result.err().map(|e| e.violations.into_iter().map(|v| v.subject).collect()).unwrap_or_default()
    }

    #[test]
    fn only_an_open_referral_that_was_accepted_is_booked_for() {
        for state in ["accepted", "scheduled", "no-show", "appointment-cancelled"] {
            assert!(ensure_bookable(&proposed(), &referral(state)).is_ok(), "{state}");
        }
        for state in ["submitted", "awaiting-information", "rejected", "completed", "cancel-requested", "new-word"] {
            assert_eq!(rules(ensure_bookable(&proposed(), &referral(state))), ["referral-not-accepted"], "{state}");
        }
        let booked = book(proposed(), time_at(5), DateTime::UNIX_EPOCH);
        let both = rules(ensure_bookable(&booked, &referral("rejected")));
        assert_eq!(both, ["appointment-not-proposed", "referral-not-accepted"]);
    }

    #[test]
    fn a_booking_moves_while_it_has_not_begun_and_never_onto_itself() {
        let booked = Appointment { confirmed: true, ..book(proposed(), time_at(5), DateTime::UNIX_EPOCH) };
        let begins = time_at(5).start;
        assert!(ensure_open(&booked, &referral("scheduled"), begins - TimeDelta::seconds(1)).is_ok());
        assert_eq!(rules(ensure_open(&booked, &referral("scheduled"), begins)), ["appointment-begun"]);
        let every_day = Covered::default();
        let onto_itself = reschedule(&every_day, booked.clone(), time_at(5), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(onto_itself.state, State::Booked, "another slot at the same hour is another one");
        let same = booked.time.clone().unwrap();
        let onto_itself = reschedule(&every_day, booked.clone(), same, DateTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(onto_itself.violations[0].subject, "same-slot");
        let moved = reschedule(&every_day, booked, time_at(7), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((moved.version, moved.confirmed), (3, false));
        // On the second of January 1970, to a day that was not judged: it waits, and may be moved on.
        let first = Covered { until: "1970-01-01".parse().ok(), ..Covered::default() };
        let waits = reschedule(&first, moved, time_at(24), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((waits.state, waits.version), (State::Pending, 4));
        assert!(ensure_open(&waits, &referral("scheduled"), begins).is_ok());
        let refused = rules(ensure_bookable(&waits, &referral("scheduled")));
        assert_eq!(refused, ["appointment-not-proposed"]);
        assert_eq!(reschedule(&first, waits, time_at(7), begins).unwrap().state, State::Booked);
    }
}
