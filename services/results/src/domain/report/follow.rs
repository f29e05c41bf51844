//! Which version may follow which.

use relais_platform::error::{Error, Result, Violation};

use super::Status;

/// Whether a version that follows the one shown comes too late to be shown itself: a partial one after the final one is kept
/// and neither reopens nor hides it.
///
/// # Errors
/// FAILED_PRECONDITION when it may not follow at all.
pub fn follow(shown: Status, next: Status) -> Result<bool> {
    use Status as S;
    match (shown, next) {
        (S::Cancelled | S::EnteredInError, _) => Err(refused("report-ended", "nothing follows it any more")),
        (S::Partial | S::Preliminary, S::Amended | S::Corrected) => {
            Err(refused("not-final-yet", "there is no final version yet to amend or correct"))
        }
        (S::Final | S::Amended | S::Corrected, S::Final) => {
            Err(refused("final-already", "the final version is there: amend or correct it"))
        }
        (S::Final | S::Amended | S::Corrected, S::Cancelled) => {
            Err(refused("final-already", "what is there was done: correct it, or say that it was entered in error"))
        }
        (S::Final | S::Amended | S::Corrected, S::Partial | S::Preliminary) => Ok(true),
        _ => Ok(false),
    }
}

fn refused(rule: &str, words: &str) -> Error {
    Error::refused("REPORT_REFUSED", vec![Violation::new(rule, words)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_partial_is_superseded_and_an_end_is_an_end() {
        use Status as S;
        let rule = |shown, next| follow(shown, next).map_err(|error| error.violations[0].subject.clone());
        for shown in [S::Final, S::Amended, S::Corrected] {
            assert_eq!((rule(shown, S::Partial), rule(shown, S::Preliminary)), (Ok(true), Ok(true)));
            assert_eq!((rule(shown, S::Corrected), rule(shown, S::EnteredInError)), (Ok(false), Ok(false)));
            for next in [S::Final, S::Cancelled] {
                assert_eq!(rule(shown, next), Err("final-already".into()));
            }
        }
        assert_eq!((rule(S::Partial, S::Partial), rule(S::Partial, S::Final)), (Ok(false), Ok(false)));
        assert_eq!((rule(S::Partial, S::Cancelled), rule(S::Preliminary, S::Cancelled)), (Ok(false), Ok(false)));
        assert_eq!(rule(S::Preliminary, S::Corrected), Err("not-final-yet".into()));
        for ended in [S::Cancelled, S::EnteredInError] {
            assert_eq!(rule(ended, S::Partial), Err("report-ended".into()));
        }
    }
}
