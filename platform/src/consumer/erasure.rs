//! What every service does when a patient's record was erased: it forgets whose the things are that it holds.

use relais_proto::events::v1::ErasureMade;

use super::Handler;
use crate::{calls::Check, database::Unit, error::Result};

/// Has a service forget whom the event names ([`Handler::forget`]). What stays names a referral, and nobody.
///
/// # Errors
/// INVALID_ARGUMENT when the event's name is none: the message is parked.
pub async fn forget<H: Handler>(unit: &mut Unit<'_>, told: &ErasureMade) -> Result<()> {
    let mut check = Check::default();
    let patient = check.name("patient", &told.patient);
    check.finish()?;
    // What an earlier message of the same batch made must be there to be found.
    unit.settle().await?;
    H::forget(unit, patient).await?;
    unit.audit(patient);
    Ok(())
}
