//! Looks for slots in which a referral's patient can be seen.

use chrono::{DateTime, Days, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, ReferralId, SiteId},
    parties::ensure_acts,
};
use uuid::Uuid;

use crate::{
    domain::opening::{Found, Wish, facts},
    store::{self, slot::Search},
};

/// How many days are looked at when no last one is named.
const USUAL: Days = Days::new(30);
/// The longest span, in days.
const LONGEST: i64 = 366;

/// Looks for slots with a free seat, the earliest first, each with how it meets the referral's wishes.
#[derive(Debug, Clone, Copy)]
pub struct SearchSlots {
    /// For whom.
    pub referral: ReferralId,
    /// Only slots of this site.
    pub site: Option<Child<SiteId>>,
    /// The first day; none: today.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
    /// Slots after this one.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most so many.
    pub size: i64,
}

/// A page of slots.
#[derive(Debug)]
pub struct Page {
    /// The slots, each with how it meets the wishes.
    pub slots: Vec<(Found, Vec<(Wish, bool)>)>,
    /// The last one, when more follow.
    pub next: Option<(DateTime<Utc>, Uuid)>,
}

impl UseCase for SearchSlots {
    type Outcome = Page;
    const NAME: &'static str = "search_slots";

    fn asks(&self) -> Subject {
        self.referral.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page> {
        let (referral, parties) = store::referral::get(unit, self.referral).await?;
        unit.about(&referral.number);
        ensure_acts(unit.call()?, &parties)?;
        if self.site.is_some_and(|site| site.organisation != referral.provider) {
            return Err(invalid("site", "must be a site of the referral's provider"));
        }
        let search = self.search(unit.now())?;
        let mut found = store::slot::search(unit, &referral, search).await?;
        unit.audit(self.referral);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|last| (last.time.start, last.time.slot.0));
        let slots = found.into_iter().map(|slot| (facts(&referral, &slot), slot)).map(|(facts, slot)| (slot, facts));
        Ok(Page { slots: slots.collect(), next })
    }
}

impl SearchSlots {
    fn search(&self, now: DateTime<Utc>) -> Result<Search> {
        let today = now.date_naive();
        // Where clocks are behind, today is still yesterday; what has begun is not shown.
        let from = self.from.unwrap_or_else(|| today.pred_opt().unwrap_or(today));
        let until = self.until.unwrap_or_else(|| from.max(today).checked_add_days(USUAL).unwrap_or(from));
        if until < from {
            return Err(invalid("end_date", "must not be before the first day"));
        }
        if (until - from).num_days() > LONGEST {
            return Err(invalid("end_date", "must be at most 366 days after the first day"));
        }
        let after = self.after.unwrap_or((now, Uuid::nil()));
        Ok(Search { site: self.site.map(|site| site.id), from, until, after, limit: self.size + 1 })
    }
}

fn invalid(field: &str, rule: &str) -> Error {
    Error::invalid(vec![Violation::new(field, rule)])
}
