//! Signing: the terms that are open, those of a draft or of an amendment, become a version that never changes.

use chrono::NaiveDate;
use relais_platform::error::{Error, Violation};

use super::{Convention, State};

/// The convention, signed. A signature is a fact: `today` is the last day that has begun.
///
/// # Errors
/// INVALID_ARGUMENT when that day is still to come, FAILED_PRECONDITION when nothing is open to be signed.
pub fn sign(open: Convention, signature_date: NaiveDate, today: NaiveDate) -> Result<Convention, Error> {
    if signature_date > today {
        return Err(Error::invalid(vec![Violation::new("signature_date", "must not be in the future")]));
    }
    let (version, signature_date) = (open.version + 1, Some(signature_date));
    match open {
        Convention { state: State::Draft, entered, .. } => {
            Ok(Convention { state: State::Signed, version, terms_version: entered, signature_date, ..open })
        }
        Convention { amendment: Some(amendment), .. } => {
            let last_day = amendment.terms.end_date;
            Ok(Convention {
                version,
                terms_version: amendment.number,
                terms: amendment.terms,
                effective_date: amendment.effective_date,
                signature_date,
                amendment: None,
                last_day,
                ..open
            })
        }
        _ => {
            let rule = Violation::new("convention-not-draft", "only a draft or an amendment can be signed");
            Err(Error::refused("CONVENTION_NOT_DRAFT", vec![rule]))
        }
    }
}
