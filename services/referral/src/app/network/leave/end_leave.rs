//! Ends a leave sooner, or takes it back.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::ensure_decides;
use crate::{
    domain::network::{Leave, LeaveName},
    store::network,
};

/// Ends a leave within the caller's organisation.
#[derive(Debug, Clone)]
pub struct EndLeave {
    /// Which.
    pub name: LeaveName,
    /// The first day back.
    pub end: NaiveDate,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for EndLeave {
    type Outcome = Leave;
    const NAME: &'static str = "end_leave";

    fn asks(&self) -> Subject {
        Subject::of(self.name)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Leave> {
        let absent = || Error::not_found(self.name);
        let leave = network::find_leave(unit, self.name.id, None).await?.ok_or_else(absent)?;
        if leave.name != self.name {
            return Err(absent());
        }
        ensure_decides(unit.caller()?, leave.name.practitioner)?;
        if self.seen.is_some_and(|seen| seen != leave.version) {
            return Err(Error::stale_etag());
        }
        let ended = leave.ended(self.end)?;
        network::save_leave(unit, &ended).await?;
        unit.audit(Subject::of(ended.name));
        Ok(ended)
    }
}
