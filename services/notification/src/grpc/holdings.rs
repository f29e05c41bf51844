//! What is held on a patient, for `relais.holdings.v1`.

use relais_platform::{Result, database::Unit, holdings::Held, ids::PatientId};
use relais_proto::holdings::v1::{Holding, holding::Content};

use super::convert;
use crate::{
    app,
    domain::{Attempt, Delivery, Language, Message},
};

/// All that is held here on a patient.
///
/// # Errors
/// As [`app::holdings`].
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let held = app::holdings(unit, patient).await?;
    let messages = held.messages.into_iter().map(|message| of_message(patient, message));
    let deliveries = held.deliveries.into_iter().map(|(delivery, attempts)| of_delivery(patient, delivery, attempts));
    let holdings = messages.chain(deliveries).collect();
    Ok(Held { patients: vec![patient], holdings, account: held.account })
}

fn of_message(patient: PatientId, value: Message) -> Holding {
    let holder = convert::mailbox(value.mailbox);
    let content = convert::message(Language::En, value);
    Holding {
        name: content.name.clone(),
        patient: patient.to_string(),
        referral: content.referral.clone(),
        holder,
        create_time: content.create_time,
        update_time: None,
        content: Some(Content::Message(content)),
    }
}

fn of_delivery(patient: PatientId, value: Delivery, attempts: Vec<Attempt>) -> Holding {
    let content = convert::delivery(value, attempts);
    Holding {
        name: content.name.clone(),
        patient: patient.to_string(),
        referral: content.referral.clone(),
        holder: content.mailbox.clone(),
        create_time: content.create_time,
        update_time: None,
        content: Some(Content::Delivery(content)),
    }
}
