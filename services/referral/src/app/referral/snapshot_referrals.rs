//! Tells the present state of all referrals, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit, ids::PatientId};
use uuid::Uuid;

use super::tell;
use crate::store::{identity, referral};

/// The next referrals by id, each as the events that lead to its present state. An erased record is not named any more.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_referrals(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let next = referral::list_next(unit, after, limit).await?;
    let referrals = referral::list_all(unit, &next).await?;
    let patients: Vec<PatientId> = referrals.iter().map(|referral| referral.patient).collect();
    let erased = identity::list_erased(unit, &patients).await?;
    Ok(referrals.iter().map(|referral| tell::snapshot(referral, erased.contains(&referral.patient))).collect())
}
