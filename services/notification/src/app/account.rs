//! What belongs to a referral here, for whoever sent it and may know who saw it.

use relais_platform::{
    Error, Result,
    audit::{Account, Asked},
    database::Unit,
};

use crate::store;

/// The messages about a referral. Patients are the referral service's.
///
/// # Errors
/// NOT_FOUND.
pub async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
    match asked {
        Asked::Referral(id) if store::is_sender(unit, id).await? => {
            Ok(Account { referrals: vec![id], ..Account::default() })
        }
        other => Err(Error::not_found(other)),
    }
}
