//! All that is held here on a patient, for whoever holds the record.

use relais_platform::{
    Error, Result,
    audit::{Account, Subject},
    database::Unit,
    ids::PatientId,
};

use super::account::account_of;
use crate::{domain::Message, store};

/// The messages about a patient's referrals, in whoever's inbox, and whose accesses belong to them.
///
/// # Errors
/// NOT_FOUND; PERMISSION_DENIED when the caller's unit does not see all of the referrals.
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<(Vec<Message>, Account)> {
    let sent = store::list_sent_for(unit, patient).await?;
    let account = account_of(patient, &sent)?;
    if sent.iter().any(|(_, seen)| !seen) {
        return Err(Error::denied("your unit does not see all of this patient's referrals"));
    }
    let messages = store::list_about(unit, &account.referrals).await?;
    messages.iter().for_each(|message| unit.audit(Subject::from(message).patient(patient)));
    Ok((messages, account))
}
