//! What the convention says of the day and the site of an appointment.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::SiteId;

use super::Referral;
use crate::domain::convention::{Bookable, Failure};

/// An answer for an appointment that waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it may be booked on its day, at its site.
    pub admitted: bool,
    /// The first rule that fails, as a code; empty when admitted.
    pub reason: String,
    /// On which days appointments may be booked from now on without asking; none: every day.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// At which sites; none: every site.
    pub sites: Option<Vec<SiteId>>,
}

impl Judgement {
    /// What was found; refused, appointments may be booked when and where they could be before.
    pub fn of(verdict: Result<Bookable, Vec<Failure>>, judged: &Referral) -> Self {
        match verdict {
            Ok(may) => Self { admitted: true, reason: String::new(), days: Some(may.days), sites: may.sites },
            Err(failures) => {
                let rule = failures.first().map(|failure| failure.rule.as_str()).unwrap_or_default();
                let (days, sites) = (judged.booking_days, judged.booking_sites.clone());
                Self { admitted: false, reason: rule.into(), days, sites }
            }
        }
    }
}

impl Referral {
    /// The referral after a judgement, in its next version: it stands where it stood, and whose turn it is until when stays.
    #[must_use]
    pub fn judged(self, judgement: &Judgement, now: DateTime<Utc>) -> Self {
        let (booking_days, booking_sites) = (judgement.days, judgement.sites.clone());
        Self { version: self.version + 1, booking_days, booking_sites, update_time: now, ..self }
    }
}
