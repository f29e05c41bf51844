//! Tells the present state of all referrals, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit};
use uuid::Uuid;

use super::tell;
use crate::store::referral;

/// The next referrals by id, each as the events that lead to its present state.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_referrals(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let referrals = referral::list_all(unit, after, limit).await?;
    Ok(referrals.iter().map(tell::snapshot).collect())
}
