//! What comes late: dated in a period that was stated before, and counted since. It is a correction on the next statement; as long as it
//! is so little that it would tell of somebody, it waits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Counted, InPeriod, Key, Place, Statement, Subject,
    related::{has_come, would_tell},
};

/// What an earlier statement would say now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The number of the statement that it corrects.
    pub number: i64,
    /// What is corrected.
    #[serde(flatten)]
    pub key: Key,
    /// What is to be added.
    pub difference: i64,
}

/// What came late for earlier statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Late {
    /// What is told of it.
    pub told: Vec<Correction>,
    /// What waits.
    pub waiting: Vec<Correction>,
}

impl Late {
    /// What the corrections that are told come to, of all earlier statements together.
    pub fn of(&self, key: &Key) -> i64 {
        self.told.iter().filter(|told| told.key == *key).map(|told| told.difference).sum()
    }

    /// What waits, of all earlier statements together.
    pub fn waits_for(&self, key: &Key) -> i64 {
        self.waiting.iter().filter(|waits| waits.key == *key).map(|waits| waits.difference).sum()
    }
}

/// Holds what is counted now for earlier periods against what was stated of them. Of what is of people, differences below the threshold
/// wait, and those from which others could be computed.
pub fn find(earlier: &[Statement], now: &[InPeriod], (threshold, of_people): (i64, OfPeople<'_>)) -> Late {
    let found = differences(earlier, now);
    let mut waits: BTreeSet<(i64, Why)> = BTreeSet::new();
    for Correction { number, key, difference } in &found {
        if of_people(key) && difference.abs() < threshold {
            waits.insert((*number, Why::small(key)));
        }
    }
    for statement in earlier {
        waits.extend(told_again(statement, (earlier, &found), (&waits, of_people)));
    }
    let at_a_site = |it: &&Correction| it.key.subject == Subject::Persons && it.key.place != Place::All;
    let people: BTreeSet<i64> =
        found.iter().filter(at_a_site).filter(|it| is_held(&waits, it, of_people)).map(|it| it.number).collect();
    let (waiting, told) = found.into_iter().partition(|it| {
        // People of all sites, less those of the others, are those of a site that waits.
        let in_all = it.key.subject == Subject::Persons && it.key.place == Place::All;
        is_held(&waits, it, of_people) || in_all && people.contains(&it.number)
    });
    Late { told, waiting }
}

/// Whether what a key counts is of people.
pub type OfPeople<'a> = &'a dyn Fn(&Key) -> bool;

/// Why differences wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// It is small itself.
    Small(Key),
    /// At this place, a state of those who came to nothing or one of its reasons has a small one; the reasons add up to the state.
    AddsUp(String, Place),
    /// At this place, a figure of those who came would be another one, which was left out.
    Tells(Place),
}

impl Why {
    fn small(key: &Key) -> Self {
        match (key.subject, key.code.split_once('/')) {
            (Subject::Refusals, Some((state, _))) => Self::AddsUp(state.into(), key.place),
            (Subject::Steps, _) => Self::AddsUp(key.code.clone(), key.place),
            _ => Self::Small(key.clone()),
        }
    }
}

fn is_held(waits: &BTreeSet<(i64, Why)>, it: &Correction, of_people: OfPeople<'_>) -> bool {
    let came = match it.key.subject {
        Subject::Steps => has_come(&it.key.code),
        Subject::Quantity | Subject::Persons => of_people(&it.key),
        Subject::Refusals | Subject::ToDate | Subject::Month => false,
    };
    waits.contains(&(it.number, Why::small(&it.key))) || came && waits.contains(&(it.number, Why::Tells(it.key.place)))
}

/// Where a statement, with all that is told of it, would show a figure that is another one which it leaves out.
fn told_again(
    statement: &Statement,
    (earlier, found): (&[Statement], &[Correction]),
    (waits, of_people): (&BTreeSet<(i64, Why)>, OfPeople<'_>),
) -> Vec<(i64, Why)> {
    let before = earlier.iter().flat_map(|later| &later.document.corrections);
    let now = found.iter().filter(|it| !is_held(waits, it, of_people));
    let mut told: BTreeMap<&Key, i64> = BTreeMap::new();
    for it in before.chain(now).filter(|it| it.number == statement.number) {
        *told.entry(&it.key).or_default() += it.difference;
    }
    let places: BTreeSet<Place> =
        found.iter().filter(|it| it.number == statement.number).map(|it| it.key.place).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let corrected = |key: &Key| told.get(key).copied().unwrap_or_default();
    let all: BTreeSet<Place> = told.keys().map(|key| key.place).chain(statement.document.places()).collect();
    let all: Vec<Place> = all.into_iter().filter(|place| *place != Place::All).collect();
    let tells = |place: Place| would_tell(statement, (place, &all), &corrected);
    let in_all = tells(Place::All);
    places.into_iter().filter(|at| in_all || tells(*at)).map(|at| (statement.number, Why::Tells(at))).collect()
}

/// What earlier statements would say now, less what they and their corrections said.
fn differences(earlier: &[Statement], now: &[InPeriod]) -> Vec<Correction> {
    let mut differences: BTreeMap<(i64, Key), i64> = BTreeMap::new();
    let mut add = |number: i64, key: &Key, quantity: i64| {
        if is_corrected(key.subject) {
            *differences.entry((number, key.clone())).or_default() += quantity;
        }
    };
    for statement in earlier {
        for Counted { key, quantity } in &statement.counted {
            add(statement.number, key, -quantity);
        }
        for correction in &statement.document.corrections {
            add(correction.number, &correction.key, -correction.difference);
        }
    }
    for InPeriod { number, counted } in now.iter().filter(|it| earlier.iter().any(|known| known.number == it.number)) {
        add(*number, &counted.key, counted.quantity);
    }
    let found = differences.into_iter().filter(|(_, difference)| *difference != 0);
    found.map(|((number, key), difference)| Correction { number, key, difference }).collect()
}

/// Months are shown as they were stated, and what is stated to date follows from the rest.
fn is_corrected(subject: Subject) -> bool {
    !matches!(subject, Subject::ToDate | Subject::Month)
}
