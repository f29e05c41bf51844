//! What becomes of a broken glass: whoever holds the patient's record says whether it was justified, once and for good.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Violation},
    text_enum,
};

use super::FileAccess;

text_enum! {
    /// What a reviewer found.
    pub enum Verdict {
        /// The file had to be opened.
        Justified = "justified",
        /// It had not.
        NotJustified = "not-justified",
    }
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReview {
    /// What was found.
    pub verdict: Verdict,
    /// In the reviewer's words; empty once the patient's record was erased.
    pub note: String,
    /// Who: issuer and subject.
    pub reviewer: String,
    /// When.
    pub create_time: DateTime<Utc>,
}

/// An access as whoever holds the patient's record sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAccess {
    /// The access.
    pub access: FileAccess,
    /// Its review, once there is one.
    pub review: Option<FileReview>,
}

impl HeldAccess {
    /// The access with its review.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it was reviewed, or the reviewer is who opened the file.
    pub fn reviewed(self, review: FileReview) -> Result<Self, Error> {
        if self.review.is_some() {
            let rule = Violation::new("not-reviewed", "it was reviewed, and that stands");
            return Err(Error::refused("ALREADY_REVIEWED", vec![rule]));
        }
        if self.access.caller == review.reviewer {
            let rule = Violation::new("another-reviewer", "whoever opened a file does not review it");
            return Err(Error::refused("OWN_ACCESS", vec![rule]));
        }
        Ok(Self { review: Some(review), ..self })
    }
}
