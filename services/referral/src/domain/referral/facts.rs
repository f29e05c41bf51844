//! What other services tell of a referral, and where that leads. A fact is never refused: where it leads nowhere, it is noted in
//! the timeline and the referral stays.

use chrono::{DateTime, Utc};
use relais_platform::text_enum;

use super::State;

/// The code for a cancellation that came too late.
pub const WORK_DONE: &str = "work-already-done";

text_enum! {
    /// Where an appointment stands, as scheduling has told.
    pub enum AppointmentState {
        /// Opened, without a time yet.
        Proposed = "proposed",
        /// It has a time.
        Booked = "booked",
        /// The patient is there.
        Arrived = "arrived",
        /// The patient was seen.
        Fulfilled = "fulfilled",
        /// The patient did not come.
        Noshow = "noshow",
        /// Given up.
        Cancelled = "cancelled",
        /// It should never have been.
        EnteredInError = "entered-in-error",
    }
}

text_enum! {
    /// What a version of a report is (FHIR DiagnosticReport), or that it was read.
    pub enum ReportStatus {
        /// Announced, without content.
        Registered = "registered",
        /// Some of it.
        Partial = "partial",
        /// All of it, not verified.
        Preliminary = "preliminary",
        /// All of it.
        Final = "final",
        /// All of it, with something more.
        Amended = "amended",
        /// All of it, with something put right.
        Corrected = "corrected",
        /// Given up.
        Cancelled = "cancelled",
        /// It should never have been.
        EnteredInError = "entered-in-error",
    }
}

impl ReportStatus {
    /// Whether it tells of a result.
    pub fn is_result(self) -> bool {
        !matches!(self, Self::Registered | Self::Cancelled | Self::EnteredInError)
    }

    /// Whether it tells all.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Final | Self::Amended | Self::Corrected)
    }
}

/// What is known of a referral besides its state: facts of other services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where its last appointment stands.
    pub appointment: Option<AppointmentState>,
    /// When that one ends.
    pub appointment_end: Option<DateTime<Utc>>,
    /// Whether there are results.
    pub results: bool,
    /// Whether one of them must be read at once, and nobody has taken note of it.
    pub critical: bool,
}

/// Where a referral goes when its appointment came to `told`, which was `before`; none: nowhere.
///
/// Before it is accepted, and when it is closed, nothing of an appointment moves it: what scheduling did meanwhile, it
/// takes back itself when it hears of the referral.
pub fn hear_appointment(state: State, told: AppointmentState, before: AppointmentState) -> Option<State> {
    use AppointmentState as A;
    use State as S;
    match (told, state) {
        (A::Booked, S::Accepted | S::Waitlisted | S::NoShow | S::AppointmentCancelled) => Some(S::Scheduled),
        // That the patient came was wrong.
        (A::Booked, S::Attended) if matches!(before, A::Arrived | A::Fulfilled) => Some(S::Scheduled),
        // Who comes without a booking is seen all the same; who was said not to have come, too.
        (
            A::Arrived | A::Fulfilled,
            S::Accepted | S::Waitlisted | S::Scheduled | S::NoShow | S::AppointmentCancelled,
        ) => Some(S::Attended),
        // The work is done: the cancellation comes too late.
        (A::Fulfilled, S::CancelRequested) => Some(S::Attended),
        (A::Noshow, S::Scheduled | S::Attended) => Some(S::NoShow),
        (A::Cancelled, S::Scheduled | S::NoShow) => Some(S::AppointmentCancelled),
        (A::EnteredInError, S::Scheduled | S::NoShow | S::AppointmentCancelled | S::Attended) => Some(S::Accepted),
        _ => None,
    }
}

/// Where a referral goes when a version of a report is there; none: nowhere. `late` is one that tells less than what was told
/// before: it neither reopens nor hides.
pub fn hear_report(state: State, told: ReportStatus, late: bool) -> Option<State> {
    use State as S;
    match state {
        _ if !told.is_result() => None,
        S::ResultsAvailable if late => None,
        S::Accepted
        | S::Waitlisted
        | S::Scheduled
        | S::NoShow
        | S::AppointmentCancelled
        | S::Attended
        | S::CancelRequested
        | S::ResultsAvailable => Some(S::ResultsAvailable),
        _ => None,
    }
}

/// Where a referral goes when a report was withdrawn; none: nowhere. `facts` and `all` are as they stand without it: where no result
/// is left, it is the provider's turn again, and where what is left was read, all is done.
pub fn hear_withdrawal(state: State, facts: &Facts, all: bool) -> Option<State> {
    match state {
        State::ResultsAvailable if !facts.results => Some(facts.stand(None)),
        _ => hear_acknowledgement(state, all),
    }
}

/// Where a referral goes when results were read; `all` says whether every report is whole and the last version of each was read.
pub fn hear_acknowledgement(state: State, all: bool) -> Option<State> {
    (state == State::ResultsAvailable && all).then_some(State::Completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report that was withdrawn leaves nobody with a result to take note of that is not there.
    #[test]
    fn what_is_left_of_withdrawn_results_says_whose_turn_it_is() {
        let seen = Facts { appointment: Some(AppointmentState::Fulfilled), ..Facts::default() };
        let others = Facts { results: true, ..seen };
        for state in State::ALL {
            let available = state == State::ResultsAvailable;
            assert_eq!(hear_withdrawal(state, &seen, false), available.then_some(State::Attended), "{state:?}");
            assert_eq!(hear_withdrawal(state, &others, true), available.then_some(State::Completed), "{state:?}");
            assert_eq!(hear_withdrawal(state, &others, false), None, "{state:?}");
        }
    }
}
