//! Taking a wrong last step back: the timeline keeps both.

use chrono::{DateTime, Utc};
use relais_platform::{error::Error, text_enum};

use super::{Appointment, State, refuse, rule};

text_enum! {
    /// Why a step is taken back.
    pub enum UndoReason {
        /// It was noted by mistake.
        RecordedInError = "recorded-in-error",
        /// It was another patient's.
        WrongPatient = "wrong-patient",
        /// The patient came after all.
        PatientCame = "patient-came",
    }
}

/// The appointment before its last step, in its next version. A walk-in that was none never was an appointment.
///
/// # Errors
/// FAILED_PRECONDITION when its last step is none of those that are noted.
pub fn undo(appointment: Appointment, reason: UndoReason, now: DateTime<Utc>) -> Result<Appointment, Error> {
    let before = match appointment.state {
        State::Arrived if appointment.walk_in => State::EnteredInError,
        State::Arrived | State::NoShow => State::Booked,
        State::Fulfilled => State::Arrived,
        other => {
            let sentence = format!("it is {}: nothing was noted that could be taken back", other.as_str());
            refuse(vec![rule("nothing-to-undo", sentence)])?;
            other
        }
    };
    Ok(Appointment { reason: reason.as_str().into(), ..appointment.next(before, now) })
}

#[cfg(test)]
mod tests {
    use super::super::{attend, book, proposed, register_walk_in, time_at};
    use super::*;

    #[test]
    fn a_wrong_step_leads_back_to_where_it_came_from_once() {
        let (now, begins) = (DateTime::UNIX_EPOCH, time_at(5).start);
        let booked = book(proposed(), time_at(5), now);
        let missed = attend::miss(booked, begins).unwrap();
        let again = undo(missed, UndoReason::PatientCame, begins).unwrap();
        assert_eq!((again.state, again.version, again.reason.as_str()), (State::Booked, 4, "patient-came"));
        let twice = undo(again.clone(), UndoReason::PatientCame, begins).unwrap_err();
        assert_eq!(twice.violations[0].subject, "nothing-to-undo");
        let seen = attend::fulfil(attend::arrive(again, begins).unwrap(), begins).unwrap();
        assert_eq!(undo(seen, UndoReason::WrongPatient, begins).unwrap().state, State::Arrived);
        let walked_in = register_walk_in(proposed(), time_at(0), now);
        let never = undo(walked_in, UndoReason::RecordedInError, now).unwrap();
        assert_eq!(never.state, State::EnteredInError);
    }
}
