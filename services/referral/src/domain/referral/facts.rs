//! What other services tell of a referral, and where that leads. A fact is never refused: where it leads nowhere, it is noted in
//! the timeline and the referral stays.

use chrono::{DateTime, Utc};
use relais_platform::{ids::SiteId, text_enum};

use super::State;

/// The code for a cancellation that came too late.
pub const WORK_DONE: &str = "work-already-done";

text_enum! {
    /// Where an appointment stands, as scheduling has told.
    pub enum AppointmentState {
        /// Opened, without a time yet.
        Proposed = "proposed",
        /// It has a time, on a day that the convention has not judged yet.
        Pending = "pending",
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
    /// Where it is.
    pub appointment_site: Option<SiteId>,
    /// How its reports stand.
    pub results: Results,
}

text_enum! {
    /// How the reports of a referral stand all together, without those that were withdrawn.
    #[derive(Default)]
    pub enum Results {
        /// There are none.
        #[default]
        None = "none",
        /// One must be read at once, and nobody has taken note of it.
        Critical = "critical",
        /// Nobody has taken note of the last version of one.
        Unread = "unread",
        /// What is there was taken note of; of one, the rest is to come.
        Partial = "partial",
        /// All is there, and all was taken note of.
        Settled = "settled",
    }
}

/// Where a referral goes when its appointment came to `told`, which was `before`; none: nowhere.
///
/// One that is pending is no appointment yet: the convention is asked, and what comes of that is told later. Before the referral is accepted, and
/// when it is closed, nothing of an appointment moves it: what scheduling did meanwhile, it
/// takes back itself when it hears of the referral.
pub fn hear_appointment(state: State, told: AppointmentState, before: AppointmentState) -> Option<State> {
    use AppointmentState as A;
    use State as S;
    match (told, state) {
        (A::Booked, S::Accepted | S::Waitlisted | S::NoShow | S::AppointmentCancelled) => Some(S::Scheduled),
        // That the patient came was wrong.
        (A::Booked, S::Attended) if matches!(before, A::Arrived | A::Fulfilled) => Some(S::Scheduled),
        (A::Pending, S::Attended) if matches!(before, A::Arrived | A::Fulfilled) => Some(S::Accepted),
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

/// A version of a report, as it counts for where a referral goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    /// What it is.
    pub status: ReportStatus,
    /// Whether somebody must read it at once.
    pub critical: bool,
    /// Whether it tells less than what was told before: it neither reopens nor hides that.
    pub late: bool,
}

/// Where a referral goes when a version of a report is there; none: nowhere.
///
/// What was completed is open again: a result that nobody has taken note of has an owner and a deadline, whatever was acknowledged
/// before it. One that must be read at once waits for nobody's decision either, and for no end: of the blood of somebody whose referral
/// was cancelled meanwhile it says the same.
pub fn hear_report(state: State, told: Reported) -> Option<State> {
    use State as S;
    match state {
        _ if told.late || !told.status.is_result() => None,
        _ if told.critical => Some(S::ResultsAvailable),
        S::Accepted
        | S::Waitlisted
        | S::Scheduled
        | S::NoShow
        | S::AppointmentCancelled
        | S::Attended
        | S::CancelRequested
        | S::ResultsAvailable
        | S::Completed => Some(S::ResultsAvailable),
        S::Submitted
        | S::AwaitingInformation
        | S::Rejected
        | S::Redirected
        | S::Cancelled
        | S::Expired
        | S::Failed
        | S::EnteredInError => None,
    }
}

/// Where a referral goes when results were taken note of, or withdrawn; none: nowhere. `before` and `now` say how they stood before, and
/// how all stands since.
///
/// Whose turn it is, and until when, hangs on what is left to be read or to come: where that changes, it is a step, though the state
/// is the same. Where no result is left, even after the end, it is the provider's turn as it was without any.
pub fn hear_reading(state: State, before: Results, now: &Facts) -> Option<State> {
    match (state, now.results) {
        (_, same) if same == before => None,
        (State::ResultsAvailable | State::Completed, Results::None) => Some(now.stand(None)),
        (State::ResultsAvailable, Results::Settled) => Some(State::Completed),
        (State::ResultsAvailable, _) => Some(State::ResultsAvailable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report that was withdrawn leaves nobody with a result to take note of that is not there.
    #[test]
    fn what_is_left_of_withdrawn_results_says_whose_turn_it_is() {
        let seen = Facts { appointment: Some(AppointmentState::Fulfilled), ..Facts::default() };
        let now = |results| Facts { results, ..seen };
        for state in State::ALL {
            let available = state == State::ResultsAvailable;
            let reported = available || state == State::Completed;
            let left = |results| hear_reading(state, Results::Critical, &now(results));
            assert_eq!(left(Results::None), reported.then_some(State::Attended), "{state:?}");
            assert_eq!(left(Results::Settled), available.then_some(State::Completed), "{state:?}");
            for results in [Results::Unread, Results::Partial] {
                assert_eq!(left(results), available.then_some(State::ResultsAvailable), "{state:?}");
            }
            assert_eq!(left(Results::Critical), None, "{state:?}");
        }
    }
}
