//! The moves that people make: from a state and what is known of the referral to the next state, or a refusal that says why.

use super::{AppointmentState, Facts, Referral, Refusal, Results, State};

/// A move, by the RPC that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// The provider takes the patient on.
    Accept,
    /// The provider asks for more.
    RequestInformation,
    /// The referrer gives it.
    ProvideInformation,
    /// The provider has no place now.
    Waitlist,
    /// The provider does not take the patient on.
    Reject,
    /// The provider sends the referral on.
    Redirect,
    /// The referrer does not need it any more.
    Cancel,
    /// The provider agrees.
    ConfirmCancellation,
    /// The provider does not.
    DeclineCancellation,
    /// The provider has done all.
    Complete,
    /// The provider gives up what was taken on.
    Fail,
    /// The referrer should never have sent it.
    EnterInError,
    /// The provider or the referrer does not take the place that is offered.
    DeclineOffer,
}

impl Move {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::Accept,
        Self::RequestInformation,
        Self::ProvideInformation,
        Self::Waitlist,
        Self::Reject,
        Self::Redirect,
        Self::Cancel,
        Self::ConfirmCancellation,
        Self::DeclineCancellation,
        Self::Complete,
        Self::Fail,
        Self::EnterInError,
        Self::DeclineOffer,
    ];

    /// The path of its RPC.
    pub fn rpc(self) -> &'static str {
        match self {
            Self::Accept => "/relais.referral.v1.ReferralService/AcceptReferral",
            Self::RequestInformation => "/relais.referral.v1.ReferralService/RequestInformation",
            Self::ProvideInformation => "/relais.referral.v1.ReferralService/ProvideInformation",
            Self::Waitlist => "/relais.referral.v1.ReferralService/WaitlistReferral",
            Self::Reject => "/relais.referral.v1.ReferralService/RejectReferral",
            Self::Redirect => "/relais.referral.v1.ReferralService/RedirectReferral",
            Self::Cancel => "/relais.referral.v1.ReferralService/CancelReferral",
            Self::ConfirmCancellation => "/relais.referral.v1.ReferralService/ConfirmCancellation",
            Self::DeclineCancellation => "/relais.referral.v1.ReferralService/DeclineCancellation",
            Self::Complete => "/relais.referral.v1.ReferralService/CompleteReferral",
            Self::Fail => "/relais.referral.v1.ReferralService/FailReferral",
            Self::EnterInError => "/relais.referral.v1.ReferralService/EnterInError",
            Self::DeclineOffer => "/relais.referral.v1.ReferralService/DeclineOffer",
        }
    }
}

/// Where a move leads.
///
/// # Errors
/// Why it leads nowhere from this state.
pub fn go(referral: &Referral, by: Move) -> Result<State, Refusal> {
    use State as S;
    match (by, referral.state) {
        (_, closed) if !closed.is_open() => Err(Refusal::Closed(closed)),
        (Move::Accept, S::Submitted | S::Waitlisted) => Ok(S::Accepted),
        (Move::RequestInformation, S::Submitted | S::Waitlisted) => Ok(S::AwaitingInformation),
        (Move::ProvideInformation, S::AwaitingInformation) => Ok(S::Submitted),
        (Move::Waitlist, S::Submitted | S::Accepted | S::NoShow | S::AppointmentCancelled) => Ok(S::Waitlisted),
        (Move::Reject, S::Submitted | S::AwaitingInformation | S::Waitlisted) => Ok(S::Rejected),
        (Move::Redirect, S::Submitted | S::AwaitingInformation | S::Waitlisted) => Ok(S::Redirected),
        (Move::Cancel, S::Submitted | S::AwaitingInformation | S::Waitlisted | S::Accepted) => Ok(S::Cancelled),
        (Move::Cancel, S::Scheduled | S::NoShow | S::AppointmentCancelled) => Ok(S::CancelRequested),
        (Move::Cancel, S::Attended | S::ResultsAvailable) => Err(Refusal::WorkDone),
        (Move::ConfirmCancellation, S::CancelRequested) => Ok(S::Cancelled),
        (Move::DeclineCancellation, S::CancelRequested) => Ok(referral.facts.stand(referral.previous)),
        // Whoever must read it at once would not be asked for any more.
        (Move::Complete, S::Attended | S::ResultsAvailable) if referral.facts.results == Results::Critical => {
            Err(Refusal::CriticalResult)
        }
        (Move::Complete, S::Attended | S::ResultsAvailable) => Ok(S::Completed),
        (Move::Fail, S::Waitlisted | S::Accepted | S::NoShow | S::AppointmentCancelled) => Ok(S::Failed),
        // As FHIR has it: what was acted upon is ended by other names. Whoever did the work takes that back first.
        (Move::EnterInError, _) if referral.is_done() => Err(Refusal::WorkDone),
        (Move::EnterInError, _) => Ok(S::EnteredInError),
        // It goes on waiting, behind those who did not decline.
        (Move::DeclineOffer, S::Waitlisted) if referral.offer_expire_time.is_some() => Ok(S::Waitlisted),
        (by, state) => Err(Refusal::NotFrom(by, state)),
    }
}

impl Referral {
    /// Whether the patient was seen or results are there. What was told before anybody took it on counts for nothing yet.
    fn is_done(&self) -> bool {
        match self.state {
            State::Attended | State::ResultsAvailable => true,
            State::CancelRequested => matches!(self.facts.stand(None), State::Attended | State::ResultsAvailable),
            _ => false,
        }
    }
}

impl Facts {
    /// Where a referral that was taken on stands by what other services have told, where it stood `before`: after a cancellation
    /// that was not to be, and for what was told before the acceptance.
    pub fn stand(&self, before: Option<State>) -> State {
        use AppointmentState as A;
        match (self.appointment, before) {
            _ if self.results != Results::None => State::ResultsAvailable,
            (Some(A::Arrived | A::Fulfilled), _) => State::Attended,
            (Some(A::Booked), _) => State::Scheduled,
            (Some(A::Noshow), _) => State::NoShow,
            (Some(A::Cancelled), _) => State::AppointmentCancelled,
            // Another appointment was proposed in place of the one that came to nothing.
            (None | Some(A::Proposed | A::Pending), Some(left @ (State::NoShow | State::AppointmentCancelled))) => left,
            (None | Some(A::Proposed | A::Pending | A::EnteredInError), _) => State::Accepted,
        }
    }

    /// Where a referral stands that goes back to `before`, because the step that led away from there was taken back: what its
    /// appointment and its reports came to meanwhile counts as if it had been told there.
    pub fn back(&self, before: State) -> State {
        use State as S;
        let is_done = self.results != Results::None || self.appointment == Some(AppointmentState::Fulfilled);
        match before {
            S::Scheduled | S::NoShow | S::AppointmentCancelled | S::Attended | S::ResultsAvailable => {
                self.stand(Some(before))
            }
            // What is done answers a cancellation that was asked for; otherwise it is to be answered again.
            S::CancelRequested if is_done => self.stand(Some(before)),
            _ => before,
        }
    }

    /// Where a referral goes on at once that somebody brought to `state`, by what was told before; none: nowhere. An accepted one goes
    /// where its appointment and its reports stand; where all results were taken note of, nobody waits for anybody.
    pub fn go_on(&self, state: State) -> Option<State> {
        use State as S;
        match state {
            S::Accepted => {
                let stand = self.stand(None);
                matches!(stand, S::Scheduled | S::Attended | S::ResultsAvailable).then_some(stand)
            }
            S::ResultsAvailable => (self.results == Results::Settled).then_some(S::Completed),
            _ => None,
        }
    }
}
