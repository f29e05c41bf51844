//! What becomes of a booked appointment: reminded of, confirmed, kept or missed.

use chrono::{DateTime, Utc};
use relais_platform::error::Error;

use super::{Appointment, State, Time, refuse, rule};

/// The appointment of which the patient said yes, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when it is not booked, has begun, or was confirmed already.
pub fn confirm(appointment: Appointment, now: DateTime<Utc>) -> Result<Appointment, Error> {
    let begins = ensure(&appointment, State::Booked, "appointment-not-booked")?.start;
    if begins <= now {
        refuse(vec![rule("appointment-begun", "it has begun")])?;
    }
    if appointment.confirmed {
        refuse(vec![rule("already-confirmed", "it was confirmed already")])?;
    }
    Ok(Appointment { confirmed: true, ..appointment.next(State::Booked, now) })
}

/// The appointment of which the patient is reminded, in its next version; none when there is nothing to remind of.
pub fn remind(appointment: Appointment, now: DateTime<Utc>) -> Option<Appointment> {
    let coming = appointment.time.as_ref().is_some_and(|time| time.start > now);
    (appointment.state == State::Booked && coming).then(|| appointment.next(State::Booked, now))
}

/// The appointment whose patient is there, in its next version. That is a fact: whether the convention has judged its day meanwhile is
/// not asked.
///
/// # Errors
/// FAILED_PRECONDITION when it has no seat, or before its day.
pub fn arrive(appointment: Appointment, now: DateTime<Utc>) -> Result<Appointment, Error> {
    let time = ensure_seated(&appointment)?;
    if time.day_of(now) < time.local_date() {
        refuse(vec![rule("before-its-day", "an arrival is noted on the day of the appointment")])?;
    }
    Ok(appointment.next(State::Arrived, now))
}

/// The appointment whose patient was seen, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when the patient has not arrived.
pub fn fulfil(appointment: Appointment, now: DateTime<Utc>) -> Result<Appointment, Error> {
    ensure(&appointment, State::Arrived, "patient-not-arrived")?;
    Ok(appointment.next(State::Fulfilled, now))
}

/// The appointment whose patient did not come, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when it has no seat, or has not begun.
pub fn miss(appointment: Appointment, now: DateTime<Utc>) -> Result<Appointment, Error> {
    let time = ensure_seated(&appointment)?;
    if now < time.start {
        refuse(vec![rule("appointment-not-begun", "the patient may still come")])?;
    }
    Ok(appointment.next(State::NoShow, now))
}

/// Somebody is expected in its seat.
fn ensure_seated(appointment: &Appointment) -> Result<&Time, Error> {
    let seated = if appointment.state == State::Pending { State::Pending } else { State::Booked };
    ensure(appointment, seated, "appointment-not-booked")
}

fn ensure<'a>(appointment: &'a Appointment, state: State, code: &str) -> Result<&'a Time, Error> {
    match &appointment.time {
        Some(time) if appointment.state == state => Ok(time),
        _ => {
            let sentence = format!("it is {}, and must be {}", appointment.state.as_str(), state.as_str());
            Err(Error::refused("APPOINTMENT_RULE", vec![rule(code, sentence)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::{book, proposed, time_at};
    use super::*;

    fn code(result: Result<Appointment, Error>) -> String {
        result.unwrap_err().violations[0].subject.clone()
    }

    /// Begins on 3 January 1970 at 01:00 in Luxembourg, which is midnight in UTC.
    fn booked() -> Appointment {
        book(proposed(), time_at(48), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_patient_arrives_on_the_day_by_the_clocks_of_the_site() {
        let midnight = time_at(47).start;
        assert_eq!(code(arrive(booked(), midnight - TimeDelta::seconds(1))), "before-its-day");
        let arrived = arrive(booked(), midnight).unwrap();
        assert_eq!((arrived.state, arrived.version), (State::Arrived, 3));
        assert_eq!(fulfil(arrived, midnight).unwrap().state, State::Fulfilled);
        assert_eq!(code(fulfil(booked(), midnight)), "patient-not-arrived");
        // Who comes while the convention is still asked is there all the same.
        let pending = Appointment { state: State::Pending, ..booked() };
        assert_eq!(arrive(pending.clone(), midnight).unwrap().state, State::Arrived);
        assert_eq!(miss(pending, time_at(48).start).unwrap().state, State::NoShow);
    }

    #[test]
    fn nobody_has_missed_what_has_not_begun() {
        let begins = time_at(48).start;
        assert_eq!(code(miss(booked(), begins - TimeDelta::seconds(1))), "appointment-not-begun");
        assert_eq!(miss(booked(), begins).unwrap().state, State::NoShow);
    }

    #[test]
    fn a_confirmation_and_a_reminder_are_of_what_is_to_come() {
        let begins = time_at(48).start;
        let confirmed = confirm(booked(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(code(confirm(confirmed, DateTime::UNIX_EPOCH)), "already-confirmed");
        assert_eq!(code(confirm(booked(), begins)), "appointment-begun");
        assert_eq!(code(confirm(proposed(), DateTime::UNIX_EPOCH)), "appointment-not-booked");
        assert!(remind(booked(), begins).is_none() && remind(proposed(), DateTime::UNIX_EPOCH).is_none());
        assert!(remind(booked(), begins - TimeDelta::hours(48)).is_some());
    }
}
