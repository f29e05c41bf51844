//! What belongs to a patient or a referral, for whoever holds the patient's record and may know who saw it.

use relais_platform::{
    Error, Result,
    audit::{Account, Asked},
    calls::Role,
    database::Unit,
};

use super::open_file::numbered;
use crate::store::{
    identity,
    referral::{self, Named},
};

/// The record with those merged into it and their referrals, or one referral that the caller's organisation sent.
///
/// Who saw a person is answered after the erasure, too, to an administrator of whoever held the record: that is when nobody else
/// can say it, and the rows are kept for it.
///
/// # Errors
/// NOT_FOUND.
pub async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
    match asked {
        Asked::Patient(patient) => {
            let organisation = unit.caller()?.acting_organisation()?;
            let erased = unit.caller()?.has_any(&[Role::Admin]);
            let patients = identity::list_merged(unit, organisation, patient, erased).await?;
            if patients.is_empty() {
                return Err(Error::not_found(patient));
            }
            let referrals = referral::list_named(unit, &patients).await?;
            Ok(Account { patients, ..of(referrals) })
        }
        Asked::Referral(id) => {
            let sent = referral::find_sent_by_caller(unit, id).await?;
            Ok(of(vec![sent.ok_or_else(|| Error::not_found(id))?]))
        }
    }
}

/// By number, too: who was refused it by that named nothing else.
fn of(referrals: Vec<Named>) -> Account {
    let resources = referrals.iter().map(|named| numbered(&named.number)).collect();
    let referrals = referrals.into_iter().map(|named| named.id).collect();
    Account { referrals, resources, ..Account::default() }
}
