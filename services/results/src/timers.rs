//! What this service does when a deadline is due: one arm per kind, each one call of a use case.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    timers::Timer,
};

use crate::app::attachment::{DROP_UPLOAD, DropUpload};

/// Does what a timer is for.
///
/// # Errors
/// Those of the use case; INTERNAL for a kind that nobody here sets.
pub async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        DROP_UPLOAD => DropUpload(timer.subject.into()).run(unit).await,
        other => Err(Error::internal(anyhow::anyhow!("results sets no timer {other}"))),
    }
}
