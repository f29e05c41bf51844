//! Why a move is refused.

use relais_platform::error::{Error, Violation};

use super::{Move, State};

/// Why a move is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is closed.
    Closed(State),
    /// The move does not start from this state.
    NotFrom(Move, State),
    /// The patient was seen: what is done cannot be cancelled, nor called an error.
    WorkDone,
    /// A result must be read at once, and nobody has taken note of it: it is not all done.
    CriticalResult,
    /// The reason is the provider's, and others, or another site, could take the patient: one must be named.
    AlternativeRequired,
    /// One was named that is none of them.
    NoAlternative,
    /// The last step was an undoing: once is enough.
    UndoneOnce,
    /// The last step is another service's, to be taken back there.
    FactOfAnother,
    /// The last step is another organisation's.
    StepOfAnother,
    /// Another referral replaces it.
    Replaced,
    /// There is no step before, or the last one was nobody's.
    NothingToUndo,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (reason, rule, description) = match refusal {
            Refusal::Closed(state) => {
                ("REFERRAL_CLOSED", "referral-not-open", format!("it is {} already", state.as_str()))
            }
            Refusal::NotFrom(by, state) => {
                let name = by.rpc().rsplit('/').next().unwrap_or_default();
                (
                    "MOVE_NOT_POSSIBLE",
                    "move-not-possible",
                    format!("{name} is not possible while it is {}", state.as_str()),
                )
            }
            Refusal::WorkDone => (
                "WORK_ALREADY_DONE",
                "work-already-done",
                "the patient was seen, or results are there: what is done stays".into(),
            ),
            Refusal::CriticalResult => (
                "CRITICAL_RESULT",
                "critical-result",
                "a result must be read at once: it stays open until its recipient has taken note of it".into(),
            ),
            Refusal::AlternativeRequired => (
                "ALTERNATIVE_REQUIRED",
                "alternative-required",
                "the convention has another provider or site: say where else the patient may be sent".into(),
            ),
            Refusal::NoAlternative => {
                let rule = "must be another provider of the convention, or another site, that could take the patient";
                return Self::invalid(vec![Violation::new("alternative", rule)]);
            }
            Refusal::UndoneOnce => ("NOT_UNDONE", "undone-once", "the last step took one back already".into()),
            Refusal::FactOfAnother => (
                "NOT_UNDONE",
                "fact-of-another-service",
                "the last step is of an appointment or a report: take it back there".into(),
            ),
            Refusal::StepOfAnother => {
                ("NOT_UNDONE", "step-of-another", "the last step was taken by another organisation".into())
            }
            Refusal::Replaced => ("NOT_UNDONE", "replaced", "another referral replaces it".into()),
            Refusal::NothingToUndo => {
                ("NOT_UNDONE", "nothing-to-undo", "there is no step of yours to take back".into())
            }
        };
        Self::refused(reason, vec![Violation::new(rule, description)])
    }
}
