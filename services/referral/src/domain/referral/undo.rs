//! Taking the last step back: once, by the organisation that took it. The timeline keeps both.

use relais_platform::ids::OrganisationId;

use super::{Cause, Facts, Refusal, State, Transition};

/// Where a referral goes when its last step is taken back by `by`. A step that only said that time had passed, or
/// that the day of an appointment was judged, is no step.
///
/// # Errors
/// Why it cannot be.
pub fn undo(last: &Transition, by: OrganisationId, facts: &Facts) -> Result<State, Refusal> {
    match (last.cause, last.previous) {
        (Cause::Undo, _) => Err(Refusal::UndoneOnce),
        (Cause::Fact, _) => Err(Refusal::FactOfAnother),
        (Cause::Automatic | Cause::Silence | Cause::Overdue | Cause::Judgement, _) | (Cause::Call, None) => {
            Err(Refusal::NothingToUndo)
        }
        (Cause::Call, Some(_)) if last.organisation != Some(by) => Err(Refusal::StepOfAnother),
        (Cause::Call, Some(_)) if last.state == State::Redirected => Err(Refusal::Replaced),
        // An offer that was declined is somebody else's.
        (Cause::Call, Some(State::Waitlisted)) if last.state == State::Waitlisted => Err(Refusal::NothingToUndo),
        // Appointments and reports may have gone on meanwhile.
        (Cause::Call, Some(previous)) => Ok(facts.back(previous)),
    }
}
