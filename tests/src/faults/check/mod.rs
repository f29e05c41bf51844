//! What the clients were told, held against what the databases hold. Pure: two values in, all violations out.

mod acts;
mod effects;
mod meters;
mod reports;
mod seats;
mod standing;
#[cfg(test)]
mod tests;
mod told;
mod versions;

use std::{collections::HashMap, fmt, hash::Hash};

use super::{found::Found, record::Record};

/// What kind of promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Acknowledged or committed, and not there.
    Lost,
    /// There twice.
    Doubled,
    /// There, and nobody asked for it.
    Unasked,
    /// A version or a number is missing between others.
    Gap,
    /// Shown, and not in the audit.
    Unaudited,
    /// A later message stands before an earlier one.
    Inverted,
    /// Two services say different things of the same.
    AtOdds,
    /// More is promised of a firm line than was committed.
    Overrun,
    /// A meter shows what its ledger does not amount to, or what nobody holds.
    Miscounted,
    /// Given up.
    Parked,
    /// Still to be done.
    Left,
    /// A good request was refused.
    Refused,
    /// A request was never answered, however often it was sent.
    Unanswered,
    /// Too late.
    Late,
    /// A process ended that nobody had killed.
    Ended,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Unasked => "unasked",
            Self::Gap => "gap",
            Self::Unaudited => "unaudited",
            Self::Inverted => "inverted",
            Self::AtOdds => "at odds",
            Self::Overrun => "overrun",
            Self::Miscounted => "miscounted",
            Self::Parked => "parked",
            Self::Left => "left undone",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Late => "late",
            Self::Ended => "ended by itself",
        })
    }
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Of which kind.
    pub kind: Kind,
    /// What it is about, for people.
    pub about: String,
}

impl Violation {
    /// A violation.
    pub fn new(kind: Kind, about: impl Into<String>) -> Self {
        Self { kind, about: about.into() }
    }
}

/// Every promise that is broken, not the first alone.
pub fn check(record: &Record, found: &Found) -> Vec<Violation> {
    let mut broken = Vec::new();
    told::check(record, found, &mut broken);
    effects::check(found, &mut broken);
    versions::check(found, &mut broken);
    acts::check(record, found, &mut broken);
    seats::check(record, found, &mut broken);
    reports::check(record, found, &mut broken);
    standing::check(found, &mut broken);
    meters::check(found, &mut broken);
    broken.extend(found.left.iter().map(|left| {
        let kind = if left.place == "parked" { Kind::Parked } else { Kind::Left };
        Violation::new(kind, format!("{}: {}", left.place, left.about))
    }));
    broken.sort();
    broken
}

fn grouped<'t, T, K: Eq + Hash>(rows: &'t [T], key: impl Fn(&'t T) -> K) -> HashMap<K, Vec<&'t T>> {
    let mut groups: HashMap<K, Vec<&'t T>> = HashMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}
