//! Taking a wrong last step back: the timeline keeps both.

use chrono::{DateTime, Utc};
use relais_platform::{error::Error, text_enum};

use super::{Appointment, Referral, Stage, State, refuse, rule};

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

/// The appointment before its last step, in its next version. A walk-in that was none never was an appointment. A step is taken back
/// once: what led to where it stands must not be an undoing itself. What stood on a day or at a site that the convention has not judged waits
/// for that again. Of a referral that has ended nothing opens again, for no event
/// would ever free its seat: the referral's end is taken back first.
///
/// # Errors
/// FAILED_PRECONDITION when its last step is none of those that are noted, was taken back, or opens what has ended.
pub fn undo(
    appointment: Appointment,
    referral: &Referral,
    reason: UndoReason,
    now: DateTime<Utc>,
) -> Result<Appointment, Error> {
    let before = match appointment.state {
        State::Arrived if appointment.walk_in => State::EnteredInError,
        State::Arrived | State::NoShow => {
            appointment.time.as_ref().map_or(State::Booked, |time| referral.covered.state_at(time))
        }
        State::Fulfilled => State::Arrived,
        other => {
            let sentence = format!("it is {}: nothing was noted that could be taken back", other.as_str());
            refuse(vec![rule("nothing-to-undo", sentence)])?;
            other
        }
    };
    if UndoReason::parse(&appointment.reason).is_some() {
        refuse(vec![rule("undone-already", "its last step was taken back: that is done once")])?;
    }
    if before != State::EnteredInError && Stage::of(&referral.state) == Stage::Closed {
        let sentence = format!("its referral is {}: take that back first", referral.state);
        refuse(vec![rule("referral-closed", sentence)])?;
    }
    Ok(Appointment { reason: reason.as_str().into(), ..appointment.next(before, now) })
}

#[cfg(test)]
mod tests {
    use super::super::{Covered, attend, book, proposed, referral_in, register_walk_in, time_at};
    use super::*;

    fn undo(appointment: Appointment, reason: UndoReason, now: DateTime<Utc>) -> Result<Appointment, Error> {
        super::undo(appointment, &referral_in("scheduled"), reason, now)
    }

    fn refused(result: Result<Appointment, Error>) -> String {
        result.unwrap_err().violations[0].subject.clone()
    }

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
        let there = undo(seen, UndoReason::WrongPatient, begins).unwrap();
        assert_eq!(there.state, State::Arrived);
        // Not two steps in a row; seen again, that is another last step.
        assert_eq!(refused(undo(there.clone(), UndoReason::RecordedInError, begins)), "undone-already");
        let seen = attend::fulfil(there, begins).unwrap();
        assert_eq!(undo(seen, UndoReason::RecordedInError, begins).unwrap().state, State::Arrived);
        let judged_until = Covered { until: "1969-12-31".parse().ok(), ..Covered::default() };
        let referral = Referral { covered: judged_until, ..referral_in("scheduled") };
        let missed = attend::miss(book(proposed(), time_at(5), now), begins).unwrap();
        let waits = super::undo(missed, &referral, UndoReason::PatientCame, begins).unwrap();
        assert_eq!(waits.state, State::Pending);
        let walked_in = register_walk_in(proposed(), time_at(0), now);
        let never = undo(walked_in, UndoReason::RecordedInError, now).unwrap();
        assert_eq!(never.state, State::EnteredInError);
    }

    #[test]
    fn nothing_opens_again_of_a_referral_that_has_ended() {
        let (now, begins) = (DateTime::UNIX_EPOCH, time_at(5).start);
        let booked = || book(proposed(), time_at(5), now);
        let arrived = attend::arrive(booked(), begins).unwrap();
        let seen = attend::fulfil(arrived.clone(), begins).unwrap();
        let walked_in = register_walk_in(proposed(), time_at(0), now);
        for state in ["failed", "completed", "cancelled", "entered-in-error"] {
            let undo = |it: &Appointment| super::undo(it.clone(), &referral_in(state), UndoReason::PatientCame, begins);
            for it in [&attend::miss(booked(), begins).unwrap(), &arrived, &seen] {
                assert_eq!(refused(undo(it)), "referral-closed", "{state}, {:?}", it.state);
            }
            // A walk-in that was none frees its seat whatever became of the referral.
            assert_eq!(undo(&walked_in).unwrap().state, State::EnteredInError, "{state}");
        }
    }
}
