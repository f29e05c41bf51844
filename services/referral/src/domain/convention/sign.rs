//! Signing: a draft's terms become version 1.

use chrono::NaiveDate;
use relais_platform::error::{Error, Violation};

use super::{Convention, State};

/// The convention, signed. A signature is a fact: `today` is the last day that has begun.
///
/// # Errors
/// INVALID_ARGUMENT when that day is still to come, FAILED_PRECONDITION when it is signed already.
pub fn sign(draft: Convention, signature_date: NaiveDate, today: NaiveDate) -> Result<Convention, Error> {
    if signature_date > today {
        return Err(Error::invalid(vec![Violation::new("signature_date", "must not be in the future")]));
    }
    if draft.state != State::Draft {
        let rule = Violation::new("convention-not-draft", "only a draft can be signed");
        return Err(Error::refused("CONVENTION_NOT_DRAFT", vec![rule]));
    }
    let (version, signature_date) = (draft.version + 1, Some(signature_date));
    Ok(Convention { state: State::Signed, version, terms_version: 1, signature_date, ..draft })
}
