//! What comes late: dated in a period that was stated before, and counted since. It is a correction on the next statement; as long as it
//! is so little that it would tell of somebody, it waits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Counted, InPeriod, Key, Statement, Subject};

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

/// Holds what is counted now for earlier periods against what was stated of them.
pub fn find(earlier: &[Statement], now: &[InPeriod], is_small: impl Fn(&Key, i64) -> bool) -> Late {
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
    let found = found.map(|((number, key), difference)| Correction { number, key, difference });
    let (waiting, told) = found.partition(|found| is_small(&found.key, found.difference));
    Late { told, waiting }
}

/// Months are shown as they were stated, and what is stated to date follows from the rest.
fn is_corrected(subject: Subject) -> bool {
    !matches!(subject, Subject::ToDate | Subject::Month)
}
