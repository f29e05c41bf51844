//! All that is held here on a patient, for whoever holds the record.

use relais_platform::{
    Error, Result,
    audit::{Account, Subject},
    database::Unit,
    ids::PatientId,
};

use super::account::account_of;
use crate::{
    domain::{Attempt, Delivery, Message},
    store,
};

/// What is held on a patient.
#[derive(Debug)]
pub struct Holdings {
    /// The messages about the patient's referrals, in whoever's inbox.
    pub messages: Vec<Message>,
    /// What went out about them, to whomever, with all attempts.
    pub deliveries: Vec<(Delivery, Vec<Attempt>)>,
    /// Whose accesses belong to them.
    pub account: Account,
}

/// All that is held on a patient.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of the referrals.
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Holdings> {
    let sent = store::list_sent_for(unit, patient).await?;
    let account = account_of(patient, &sent)?;
    if sent.iter().any(|(_, seen)| !seen) {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    let messages = store::list_about(unit, &account.referrals).await?;
    messages.iter().for_each(|message| unit.audit(Subject::from(message).patient(patient)));
    let mut deliveries = Vec::new();
    for delivery in store::list_deliveries_about(unit, &account.referrals).await? {
        unit.audit(Subject::from(&delivery).patient(patient));
        let attempts = store::list_attempts(unit, delivery.id).await?;
        deliveries.push((delivery, attempts));
    }
    Ok(Holdings { messages, deliveries, account })
}
