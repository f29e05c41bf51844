//! Has a release wait, longer each time.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use crate::store::report::{self, Due};

/// The first delay when nobody may receive it, or referral does not answer; it doubles up to the largest.
const FIRST: TimeDelta = TimeDelta::seconds(1);
/// The largest.
const LARGEST: TimeDelta = TimeDelta::minutes(5);

/// How long a report waits after so many attempts.
pub(super) fn delay(attempt: i32) -> TimeDelta {
    let doubled = 1_i32.checked_shl(attempt.clamp(1, 16).unsigned_abs() - 1).unwrap_or(i32::MAX);
    FIRST.checked_mul(doubled).unwrap_or(LARGEST).min(LARGEST)
}

/// Has a report wait: referral did not say who receives it.
#[derive(Debug, Clone)]
pub struct HoldRelease {
    /// Which report.
    pub due: Due,
    /// Why.
    pub error: String,
}

impl UseCase for HoldRelease {
    type Outcome = ();
    const NAME: &'static str = "hold_release";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let due_at = unit.now() + delay(self.due.attempt);
        report::postpone(unit, self.due.report, due_at, false, &self.error).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end() {
        let seconds: Vec<_> = [1, 2, 3, 9, 10, 40].map(|attempt| delay(attempt).num_seconds()).into();
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }
}
