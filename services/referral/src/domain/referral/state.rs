//! Where a referral stands, and whose turn it is then.
//!
//! States are names and never numbers: none is before or after another but by the moves that lead there. Every open one has an
//! owner and a next step, so that no referral falls into a black hole.

use relais_platform::{parties::Capacity, text_enum};

use super::{Facts, Results};

text_enum! {
    /// Where a referral stands.
    pub enum State {
        /// Admitted under the convention.
        Submitted = "submitted",
        /// The provider needs to know more.
        AwaitingInformation = "awaiting-information",
        /// There is no place now.
        Waitlisted = "waitlisted",
        /// The provider takes the patient on.
        Accepted = "accepted",
        /// There is an appointment.
        Scheduled = "scheduled",
        /// The patient did not come.
        NoShow = "no-show",
        /// The appointment was given up.
        AppointmentCancelled = "appointment-cancelled",
        /// The patient was seen.
        Attended = "attended",
        /// There are results, partial or final.
        ResultsAvailable = "results-available",
        /// All is done.
        Completed = "completed",
        /// The provider does not take the patient on.
        Rejected = "rejected",
        /// Another referral replaces it.
        Redirected = "redirected",
        /// The referrer asked to cancel what is scheduled.
        CancelRequested = "cancel-requested",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Nobody answered.
        Expired = "expired",
        /// It came to nothing after it was taken on.
        Failed = "failed",
        /// It should never have been.
        EnteredInError = "entered-in-error",
    }
}

text_enum! {
    /// What is to be done next, by the owner.
    pub enum NextStep {
        /// The provider decides.
        Decide = "decide",
        /// The referrer gives the information asked for.
        ProvideInformation = "provide-information",
        /// The provider finds a place.
        OfferPlace = "offer-place",
        /// The provider books an appointment, or sees the patient without one.
        Book = "book",
        /// The provider sees the patient.
        SeePatient = "see-patient",
        /// The provider books again, or gives up.
        BookAgain = "book-again",
        /// The provider reports results, or completes.
        Report = "report",
        /// The referrer acknowledges the results.
        Acknowledge = "acknowledge",
        /// The provider says whether the cancellation comes in time.
        AnswerCancellation = "answer-cancellation",
    }
}

impl NextStep {
    /// Whose turn it is. A coordinator watches, and never has one.
    pub fn owner(self) -> Capacity {
        match self {
            Self::ProvideInformation | Self::Acknowledge => Capacity::Referrer,
            Self::Decide
            | Self::OfferPlace
            | Self::Book
            | Self::SeePatient
            | Self::BookAgain
            | Self::Report
            | Self::AnswerCancellation => Capacity::Provider,
        }
    }
}

impl State {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::Submitted,
        Self::AwaitingInformation,
        Self::Waitlisted,
        Self::Accepted,
        Self::Scheduled,
        Self::NoShow,
        Self::AppointmentCancelled,
        Self::Attended,
        Self::ResultsAvailable,
        Self::Completed,
        Self::Rejected,
        Self::Redirected,
        Self::CancelRequested,
        Self::Cancelled,
        Self::Expired,
        Self::Failed,
        Self::EnteredInError,
    ];

    /// What is to be done next, as these facts stand; nothing when it is closed.
    ///
    /// Results are the referrer's to take note of. Once they were, and while more is to come, it is the provider's turn again:
    /// nobody is late with what is not there to be read.
    pub fn next_step(self, facts: &Facts) -> Option<NextStep> {
        match self {
            Self::Submitted => Some(NextStep::Decide),
            Self::AwaitingInformation => Some(NextStep::ProvideInformation),
            Self::Waitlisted => Some(NextStep::OfferPlace),
            Self::Accepted => Some(NextStep::Book),
            Self::Scheduled => Some(NextStep::SeePatient),
            Self::NoShow | Self::AppointmentCancelled => Some(NextStep::BookAgain),
            Self::Attended => Some(NextStep::Report),
            Self::ResultsAvailable if facts.results == Results::Partial => Some(NextStep::Report),
            Self::ResultsAvailable => Some(NextStep::Acknowledge),
            Self::CancelRequested => Some(NextStep::AnswerCancellation),
            Self::Completed
            | Self::Rejected
            | Self::Redirected
            | Self::Cancelled
            | Self::Expired
            | Self::Failed
            | Self::EnteredInError => None,
        }
    }

    /// Whether something is still to be done.
    pub fn is_open(self) -> bool {
        self.next_step(&Facts::default()).is_some()
    }

    /// Whether the patient was seen, or there is something without that: what the referrer waits for is done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Attended | Self::ResultsAvailable | Self::Completed)
    }

    /// Whether silence ends it: nobody has promised the patient anything yet.
    pub fn expires(self) -> bool {
        matches!(self, Self::Submitted | Self::AwaitingInformation)
    }

    /// The texts of all that are closed.
    pub fn closed() -> Vec<String> {
        Self::ALL.iter().filter(|state| !state.is_open()).map(|state| state.as_str().into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_is_there_once_under_a_name_of_its_own() {
        let names: HashSet<_> = State::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(names.len(), State::ALL.len());
        assert!(State::ALL.iter().all(|state| State::parse(state.as_str()) == Some(*state)));
        assert_eq!(State::closed().len(), 7);
    }

    #[test]
    fn only_what_nobody_took_up_expires() {
        let expiring: Vec<_> = State::ALL.iter().filter(|state| state.expires()).collect();
        assert_eq!(expiring, [&State::Submitted, &State::AwaitingInformation]);
        assert!(expiring.iter().all(|state| state.is_open()));
    }
}
