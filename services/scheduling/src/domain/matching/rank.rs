//! One order of slots, and of sites by their best slots.
//!
//! The order: every MUST is met; the sum of the weights of the wishes that are met, the highest first; the earliest beginning; the
//! fewest minutes on foot; the site's id and the slot's. So it is total, and it depends on nothing that others do: booking a seat
//! moves no other slot, and a page goes on where the one before ended.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use relais_platform::ids::{Child, SiteId, SlotId};

use super::{Condition, Criterion, Judgement, Place, Verdict, judge};

/// Minutes on foot to where nobody said: after all that somebody said.
const FAR: i32 = 1_000;

/// A place held against all criteria.
#[derive(Debug, Clone)]
pub struct Held {
    /// The place.
    pub place: Place,
    /// One for each criterion; of the time nothing is known yet.
    judgements: Vec<Judgement>,
}

/// A free slot of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The slot.
    pub slot: SlotId,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// On which day, by the site's clocks.
    pub day: NaiveDate,
    /// At which minute of that day.
    pub minute: i16,
}

impl Seen {
    /// A slot of a site in that zone. One that this program does not know is at no minute: no window holds it.
    pub fn new(slot: SlotId, start: DateTime<Utc>, day: NaiveDate, zone: &str) -> Self {
        let minute = Tz::from_str(zone).ok().map(|zone| start.with_timezone(&zone).time());
        let minute = minute.and_then(|time| i16::try_from(time.hour() * 60 + time.minute()).ok()).unwrap_or(-1);
        Self { slot, start, day, minute }
    }
}

/// Where a slot stands: the least comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The sum of the weights of the wishes that it meets.
    pub score: Reverse<i32>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// How far its site is on foot.
    pub walking: i32,
    /// Its site.
    pub site: SiteId,
    /// The slot.
    pub slot: SlotId,
}

impl Held {
    /// Holds a place against criteria.
    pub fn new(criteria: &[Criterion], place: Place) -> Self {
        let judgements = criteria.iter().map(|criterion| judge(&criterion.condition, &place)).collect();
        Self { place, judgements }
    }

    /// Whether it meets each MUST that asks something of a place, but those in `without`.
    pub fn passes(&self, criteria: &[Criterion], without: &[usize]) -> bool {
        let mut musts =
            self.placed(criteria).filter(|(place, criterion, _)| criterion.is_must() && !without.contains(place));
        musts.all(|(_, _, judgement)| judgement.is_met())
    }

    /// The weights of the wishes that it meets whatever the time.
    pub fn score(&self, criteria: &[Criterion]) -> i32 {
        self.placed(criteria).filter(|(.., judgement)| judgement.is_met()).map(|(_, one, _)| one.weight()).sum()
    }

    fn placed<'a>(&'a self, criteria: &'a [Criterion]) -> impl Iterator<Item = (usize, &'a Criterion, &'a Judgement)> {
        let all = criteria.iter().zip(&self.judgements).enumerate();
        all.map(|(place, (criterion, judgement))| (place, criterion, judgement))
            .filter(|(_, criterion, _)| criterion.condition.window().is_none())
    }

    /// How a slot there meets each criterion.
    pub fn judge(&self, criteria: &[Criterion], seen: &Seen) -> Vec<Judgement> {
        let one = |(criterion, judgement): (&Criterion, &Judgement)| match criterion.condition.window() {
            Some(window) => Judgement::of_time(window.holds(seen.day, seen.minute)),
            None => judgement.clone(),
        };
        criteria.iter().zip(&self.judgements).map(one).collect()
    }

    /// Where a slot there stands; none: it fails a MUST that is not in `without`.
    pub fn key(&self, criteria: &[Criterion], seen: &Seen, without: &[usize]) -> Option<Key> {
        let judgements = self.judge(criteria, seen);
        let mut score = 0;
        for (place, (criterion, judgement)) in criteria.iter().zip(&judgements).enumerate() {
            match judgement.is_met() {
                true => score += criterion.weight(),
                false if criterion.is_must() && !without.contains(&place) => return None,
                false => {}
            }
        }
        let (score, walking) = (Reverse(score), walking(criteria, &self.place));
        Some(Key { score, start: seen.start, walking, site: self.place.site.id, slot: seen.slot })
    }
}

/// How far a place is on foot: from a stop of the kinds that are asked for, from any where none is.
pub fn walking(criteria: &[Criterion], place: &Place) -> i32 {
    let kinds = criteria.iter().filter_map(|criterion| match criterion.condition {
        Condition::Reachable(kind, _) => Some(kind),
        _ => None,
    });
    let kinds: Vec<_> = kinds.collect();
    let asked = |kind| kinds.is_empty() || kinds.iter().any(|one| one.is_none_or(|one| one == kind));
    place.access.nearest(|stop| asked(stop.kind)).map_or(FAR, |stop| stop.walking_minutes)
}

/// The scores that slots of these places can have, the highest first: each place's own, with any of the wishes for a time.
pub fn scores(criteria: &[Criterion], passing: &[&Held]) -> Vec<i32> {
    let own: BTreeSet<i32> = passing.iter().map(|held| held.score(criteria)).collect();
    let timed = criteria.iter().filter(|criterion| criterion.condition.window().is_some());
    let scores = timed
        .fold(own, |scores, criterion| scores.iter().flat_map(|score| [*score, score + criterion.weight()]).collect());
    scores.into_iter().rev().collect()
}

/// Where a site stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The site.
    pub site: Child<SiteId>,
    /// From 1 on; 0: it has no slot that meets every MUST.
    pub rank: i32,
    /// Where its best slot stands.
    pub best: Option<Key>,
    /// How that slot meets each criterion; without one, how the site does.
    pub judgements: Vec<Judgement>,
}

/// How many sites meet a criterion, and of how many nobody said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Meet it.
    pub meeting: i32,
    /// Nobody said.
    pub unknown: i32,
}

/// Ranks sites by the best of their slots that were seen; those without one follow by id. `offered` says of which place (by its
/// position) which criterion of the time has a free slot.
pub fn rank(
    criteria: &[Criterion],
    places: &[Held],
    seen: &[(usize, Seen)],
    offered: &BTreeSet<(usize, usize)>,
) -> Vec<Ranked> {
    let mut best: BTreeMap<SiteId, (Key, Vec<Judgement>)> = BTreeMap::new();
    for (place, seen) in seen {
        let Some(held) = places.get(*place) else { continue };
        let Some(key) = held.key(criteria, seen, &[]) else { continue };
        let is_better = best.get(&held.place.site.id).is_none_or(|(other, _)| key < *other);
        if is_better {
            best.insert(held.place.site.id, (key, held.judge(criteria, seen)));
        }
    }
    let mut ranked: Vec<_> = by_site(places)
        .into_iter()
        .map(|(site, places)| {
            let (best, judgements) = match best.remove(&site.id) {
                Some((key, judgements)) => (Some(key), judgements),
                None => (None, of_site(criteria, &places, offered)),
            };
            Ranked { site, rank: 0, best, judgements }
        })
        .collect();
    // None is less than any: those without a slot come last, in the order of their ids.
    ranked.sort_by_key(|one| (one.best.is_none(), one.best, one.site.id));
    for (one, rank) in ranked.iter_mut().filter(|one| one.best.is_some()).zip(1..) {
        one.rank = rank;
    }
    ranked
}

/// How many sites meet each criterion.
pub fn tally(criteria: &[Criterion], places: &[Held], offered: &BTreeSet<(usize, usize)>) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); criteria.len()];
    for (_, places) in by_site(places) {
        for (tally, place) in tallies.iter_mut().zip(0..) {
            match best_of(criteria, &places, offered, place).map(|judgement| judgement.verdict) {
                Some(Verdict::Met) => tally.meeting += 1,
                Some(Verdict::Unknown) => tally.unknown += 1,
                Some(Verdict::NotMet) | None => {}
            }
        }
    }
    tallies
}

/// A site with its places, each with its position.
type OfSite<'a> = (Child<SiteId>, Vec<(usize, &'a Held)>);

/// Places by their site.
fn by_site(places: &[Held]) -> Vec<OfSite<'_>> {
    let mut sites: BTreeMap<SiteId, (Child<SiteId>, Vec<_>)> = BTreeMap::new();
    for (place, held) in places.iter().enumerate() {
        let site = held.place.site;
        sites.entry(site.id).or_insert_with(|| (site, Vec::new())).1.push((place, held));
    }
    sites.into_values().collect()
}

/// How a site meets each criterion, by whichever of its places does it best.
fn of_site(criteria: &[Criterion], places: &[(usize, &Held)], offered: &BTreeSet<(usize, usize)>) -> Vec<Judgement> {
    (0..criteria.len()).filter_map(|criterion| best_of(criteria, places, offered, criterion)).collect()
}

fn best_of(
    criteria: &[Criterion],
    places: &[(usize, &Held)],
    offered: &BTreeSet<(usize, usize)>,
    criterion: usize,
) -> Option<Judgement> {
    let timed = criteria.get(criterion)?.condition.window().is_some();
    let one = |(place, held): &(usize, &Held)| match timed {
        true => Some(Judgement::of_time(offered.contains(&(*place, criterion)))),
        false => held.judgements.get(criterion).cloned(),
    };
    // Of those that are as good, the first.
    places.iter().filter_map(one).rev().max_by_key(|judgement| judgement.verdict)
}
