//! What this service does when a deadline comes: one arm per kind, each one call of a use case.

use relais_platform::{Error, Result, database::Unit, timers::Timer};

use crate::app::referral::{STEP_TIMER, keep_deadline};

/// Does what a timer is for.
///
/// # Errors
/// The timer is tried again later.
pub async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        STEP_TIMER => keep_deadline(unit, timer.subject.into()).await,
        other => Err(Error::internal(anyhow::anyhow!("nobody sets a timer {other}"))),
    }
}
