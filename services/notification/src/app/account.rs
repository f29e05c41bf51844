//! What belongs to a referral or a patient here, for whoever sent it and may know who saw it.

use relais_platform::{
    Error, Result,
    audit::{Account, Asked},
    database::Unit,
    ids::{PatientId, ReferralId},
};

use crate::store;

/// The messages about a referral, or about all that were sent for a patient.
///
/// # Errors
/// NOT_FOUND.
pub async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
    match asked {
        Asked::Referral(id) if store::is_sender(unit, id).await? => {
            Ok(Account { referrals: vec![id], ..Account::default() })
        }
        Asked::Referral(id) => Err(Error::not_found(id)),
        Asked::Patient(id) => account_of(id, &store::list_sent_for(unit, id).await?),
    }
}

/// Of a patient for whom these referrals were sent.
///
/// # Errors
/// NOT_FOUND when there are none.
pub(super) fn account_of(patient: PatientId, sent: &[(ReferralId, bool)]) -> Result<Account> {
    if sent.is_empty() {
        return Err(Error::not_found(patient));
    }
    let referrals = sent.iter().map(|(referral, _)| *referral).collect();
    Ok(Account { patients: vec![patient], referrals, ..Account::default() })
}
