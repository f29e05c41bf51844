//! Takes the withdrawal of an order back, when its referral goes on after its end was taken back.

use relais_platform::{Result, database::Unit, ids::ReferralId, parties::Party};

use super::tell::tell_order;
use crate::{domain::restore, store};

/// Takes the withdrawal of a referral's last order back, with all its lines; false when none was withdrawn.
pub(super) async fn restore_order(unit: &mut Unit<'_>, referral: ReferralId, parties: &[Party]) -> Result<bool> {
    let Some(revoked) = store::find_revoked(unit, referral).await? else { return Ok(false) };
    unit.about(&revoked.referral_number);
    let previous = revoked.state;
    let restored = restore(revoked, unit.now());
    store::save(unit, &restored).await?;
    tell_order(unit, &restored, previous, parties);
    unit.audit(&restored);
    Ok(true)
}
