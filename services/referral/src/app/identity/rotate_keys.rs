//! Wraps organisations' keys under the newest master key.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::Vault;
use crate::store::identity;

/// How many keys in one transaction: readers never wait for it, other writers of keys shortly.
const BATCH: i64 = 50;

/// Wraps some keys anew, and says how many; none are left when it is 0. The same again does no harm, so it needs no
/// request's id.
#[derive(Debug, Clone)]
pub struct RotateKeys(pub Vault);

impl UseCase for RotateKeys {
    type Outcome = i64;
    const NAME: &'static str = "rotate_keys";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<i64> {
        let now = unit.now();
        let stale = identity::list_stale_keys(unit, self.0.newest(), BATCH).await?;
        for old in &stale {
            let wrapped = self.0.rewrap(old.organisation, &old.key).await?;
            identity::save_key(unit, old.organisation, &wrapped, now).await?;
            unit.audit(old.organisation);
        }
        // At most BATCH.
        Ok(stale.len() as i64)
    }
}
