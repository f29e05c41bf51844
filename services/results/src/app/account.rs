//! What belongs to a referral or a patient here, for whoever sent it and may know who saw it.

use relais_platform::{
    Error, Result,
    audit::{Account, Asked},
    database::Unit,
    ids::PatientId,
};
use uuid::Uuid;

use crate::{domain::Order, store};

/// A referral with its orders and reports and their files, or all that were sent for a patient.
///
/// # Errors
/// NOT_FOUND.
pub async fn account(unit: &mut Unit<'_>, asked: Asked) -> Result<Account> {
    match asked {
        Asked::Referral(id) if store::is_sender(unit, id).await? => {
            let orders = store::list_ids_of(unit, id).await?;
            let reports = store::report::list_names_of(unit, &[id.0]).await?;
            let resources = orders.iter().map(ToString::to_string).chain(reports).collect();
            Ok(Account { referrals: vec![id], resources, ..Account::default() })
        }
        Asked::Referral(id) => Err(Error::not_found(id)),
        Asked::Patient(id) => {
            let held = store::list_of_patient(unit, id).await?;
            account_of(unit, id, &held).await
        }
    }
}

/// Of a patient with these orders, and what hangs on them.
///
/// # Errors
/// NOT_FOUND when there are none.
pub(super) async fn account_of(unit: &mut Unit<'_>, patient: PatientId, held: &[Order]) -> Result<Account> {
    if held.is_empty() {
        return Err(Error::not_found(patient));
    }
    let mut referrals: Vec<_> = held.iter().map(|order| order.referral).collect();
    referrals.sort_unstable();
    referrals.dedup();
    let ids: Vec<Uuid> = referrals.iter().map(|referral| referral.0).collect();
    let reports = store::report::list_names_of(unit, &ids).await?;
    let resources = held.iter().map(|order| order.id.to_string()).chain(reports).collect();
    Ok(Account { patients: vec![patient], referrals, resources })
}
