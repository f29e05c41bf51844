//! Looks for slots in which a referral's patient can be seen.

mod sites;

use chrono::{DateTime, Days, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, ReferralId, SiteId},
    parties::ensure_acts,
};

pub use sites::Told;

use crate::{
    domain::{
        Referral,
        matching::{Criterion, Held, Key, Seen, Window, faults, scores, walking, with_needs},
        opening::{Found, Wish, facts},
    },
    store::{
        self,
        search::{Span, Stretch},
    },
};

/// How many days are looked at when no last one is named.
const USUAL: Days = Days::new(30);
/// The longest span, in days.
const LONGEST: i64 = 366;

/// Looks for slots with a free seat, in the order of [`crate::domain::matching`]: those that meet each MUST, and what meets more
/// of the wishes first.
#[derive(Debug, Clone)]
pub struct SearchSlots {
    /// For whom.
    pub referral: ReferralId,
    /// Only slots of this site.
    pub site: Option<Child<SiteId>>,
    /// The first day; none: today.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
    /// What is asked of sites and times.
    pub criteria: Vec<Criterion>,
    /// Slots after this one.
    pub after: Option<Key>,
    /// At most so many.
    pub size: i64,
}

/// A slot, and how it meets what is asked.
#[derive(Debug)]
pub struct Shown {
    /// The slot.
    pub slot: Found,
    /// How it meets what the referral wishes for.
    pub facts: Vec<(Wish, bool)>,
    /// Where it stands.
    pub key: Key,
    /// The criteria that it meets, by their places.
    pub met: Vec<usize>,
}

/// A page of slots.
#[derive(Debug)]
pub struct Page {
    /// The slots.
    pub slots: Vec<Shown>,
    /// Where the last one stands, when more follow.
    pub next: Option<Key>,
    /// How the sites meet what is asked; on the first page.
    pub told: Option<Told>,
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
        let span = self.span(unit.now())?;
        let criteria = self.criteria(&referral, span)?;
        let site = self.site.map(|site| site.id);
        let places = store::search::list_places(unit, &referral, site, span).await?;
        let held: Vec<_> = places.into_iter().map(|place| Held::new(&criteria, place)).collect();
        let mut slots = self.read(unit, &referral, &criteria, &held, span).await?;
        unit.audit(self.referral);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = slots.len() > size;
        slots.truncate(size);
        let next = slots.last().filter(|_| more).map(|last| last.key);
        let told = match self.after {
            None => Some(sites::tell(unit, span, criteria, &held).await?),
            Some(_) => None,
        };
        Ok(Page { slots, next, told })
    }
}

impl SearchSlots {
    fn span(&self, now: DateTime<Utc>) -> Result<Span> {
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
        Ok(Span { from, until })
    }

    /// What is asked, and what the referral needs.
    fn criteria(&self, referral: &Referral, span: Span) -> Result<Vec<Criterion>> {
        let violation = |(place, rule)| Violation::new(format!("criteria[{place}]"), rule);
        let wrong: Vec<_> = faults(&self.criteria, span.from).into_iter().map(violation).collect();
        if wrong.is_empty() {
            Ok(with_needs(self.criteria.clone(), &referral.needs))
        } else {
            Err(Error::invalid(wrong))
        }
    }

    /// Reads one slot more than a page, score by score.
    async fn read(
        &self,
        unit: &mut Unit<'_>,
        referral: &Referral,
        criteria: &[Criterion],
        held: &[Held],
        span: Span,
    ) -> Result<Vec<Shown>> {
        let passing: Vec<_> = held.iter().filter(|held| held.passes(criteria, &[])).collect();
        let (musts, wishes) = windows(criteria);
        let mut shown = Vec::new();
        for score in scores(criteria, &passing) {
            let limit = self.size + 1 - i64::try_from(shown.len()).unwrap_or(i64::MAX);
            if limit <= 0 {
                break;
            }
            if self.after.is_some_and(|key| score > key.score.0) {
                continue;
            }
            let rules = passing
                .iter()
                .map(|held| (held.place.rule, score - held.score(criteria), walking(criteria, &held.place)));
            let rules = rules.filter(|(_, needed, _)| *needed >= 0).collect();
            let after = self.after.filter(|key| key.score.0 == score);
            let stretch = Stretch { span, rules, musts: &musts, wishes: &wishes, after, limit };
            let found = store::search::list_slots(unit, referral, stretch).await?;
            shown.extend(found.into_iter().filter_map(|slot| show(referral, criteria, &passing, slot)));
        }
        Ok(shown)
    }
}

/// The windows that hold slots, and those that are wished for.
fn windows(criteria: &[Criterion]) -> (Vec<Window>, Vec<(Window, i32)>) {
    let timed = criteria.iter().filter_map(|criterion| Some((criterion, criterion.condition.window()?)));
    let (musts, wishes): (Vec<_>, Vec<_>) = timed.partition(|(criterion, _)| criterion.is_must());
    let musts = musts.into_iter().map(|(_, window)| window).collect();
    (musts, wishes.into_iter().map(|(criterion, window)| (window, criterion.weight())).collect())
}

/// A slot with how it meets what is asked: the same words as the store's, so that none is left out.
fn show(referral: &Referral, criteria: &[Criterion], passing: &[&Held], slot: Found) -> Option<Shown> {
    let held = passing.iter().find(|held| held.place.rule == slot.rule)?;
    let seen = Seen::new(slot.time.slot, slot.time.start, slot.day, &slot.time.time_zone);
    let key = held.key(criteria, &seen, &[])?;
    let judgements = held.judge(criteria, &seen);
    let met = judgements.iter().enumerate().filter(|(_, one)| one.is_met()).map(|(place, _)| place).collect();
    Some(Shown { facts: facts(referral, &slot), slot, key, met })
}

fn invalid(field: &str, rule: &str) -> Error {
    Error::invalid(vec![Violation::new(field, rule)])
}
