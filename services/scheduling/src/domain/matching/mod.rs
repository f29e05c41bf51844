//! Which slots suit a patient: what is asked of sites and times, how they meet it, in which order they are shown, and why.
//!
//! `criteria` says what can be asked, and what cannot be asked together. [`judge()`] holds a place against one criterion: met,
//! not met, or nobody said. `rank` makes one order of slots, and of sites by their best slots. `explain` says why, in words;
//! [`alternative()`] what would pass where nothing does.
//! Stores read slots in the same order, by what `rank` tells them.

mod access;
mod alternative;
mod criteria;
mod explain;
mod judge;
mod rank;

#[cfg(test)]
mod alsace;
#[cfg(test)]
mod properties;

pub use access::{Access, Point, Stop, StopKind, Wheelchair};
pub use alternative::{Alternative, alternative, relaxations};
pub use criteria::{Condition, Criterion, Strength, Window, faults, with_needs};
pub use explain::sentence;
pub use judge::{Judgement, Place, Reason, Verdict, judge};
pub use rank::{Held, Key, Ranked, Seen, Tally, rank, scores, tally, walking};
