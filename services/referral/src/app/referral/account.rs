//! What belongs to a patient or a referral, for whoever holds the patient's record and may know who saw it.

use relais_platform::{
    Error, Result,
    audit::{Account, Asked},
    database::Unit,
};

use crate::store::{identity, referral};

/// The record with its referrals, or one referral that the caller's organisation sent.
///
/// # Errors
/// NOT_FOUND.
pub async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
    match asked {
        Asked::Patient(patient) => {
            let organisation = unit.caller()?.acting_organisation()?;
            let patient = identity::get(unit, organisation, patient).await?.id;
            let referrals = referral::list_ids_of(unit, patient).await?;
            Ok(Account { patients: vec![patient], referrals, ..Account::default() })
        }
        Asked::Referral(id) if referral::is_sender(unit, id).await? => {
            Ok(Account { referrals: vec![id], ..Account::default() })
        }
        Asked::Referral(id) => Err(Error::not_found(id)),
    }
}
