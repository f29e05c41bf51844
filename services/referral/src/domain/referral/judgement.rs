//! What the convention says of the day of an appointment.

use chrono::{DateTime, NaiveDate, Utc};

use super::Referral;
use crate::domain::convention::Failure;

/// An answer for an appointment that waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it may be booked on its day.
    pub admitted: bool,
    /// The first rule that fails, as a code; empty when admitted.
    pub reason: String,
    /// On which days appointments may be booked from now on without asking; none: every day.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

impl Judgement {
    /// What was found; refused, appointments may be booked on the same days as before.
    pub fn of(verdict: Result<(NaiveDate, NaiveDate), Vec<Failure>>, before: Option<(NaiveDate, NaiveDate)>) -> Self {
        match verdict {
            Ok(days) => Self { admitted: true, reason: String::new(), days: Some(days) },
            Err(failures) => {
                let rule = failures.first().map(|failure| failure.rule.as_str()).unwrap_or_default();
                Self { admitted: false, reason: rule.into(), days: before }
            }
        }
    }
}

impl Referral {
    /// The referral after a judgement, in its next version: it stands where it stood, and whose turn it is until when stays.
    #[must_use]
    pub fn judged(self, days: Option<(NaiveDate, NaiveDate)>, now: DateTime<Utc>) -> Self {
        Self { version: self.version + 1, booking_days: days, update_time: now, ..self }
    }
}
