//! What is held on a patient, for `relais.holdings.v1`.

use relais_platform::{
    Result,
    database::Unit,
    holdings::Held,
    ids::{Child, PatientId},
};
use relais_proto::holdings::v1::{Holding, holding::Content};

use super::convert;
use crate::{
    app,
    domain::{Mailbox, Message},
};

/// All that is held here on a patient.
///
/// # Errors
/// As [`app::holdings`].
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let (held, account) = app::holdings(unit, patient).await?;
    let holdings = held.into_iter().map(|message| holding(patient, message)).collect();
    Ok(Held { patients: vec![patient], holdings, account })
}

fn holding(patient: PatientId, value: Message) -> Holding {
    let Mailbox { organisation, unit } = value.mailbox;
    let inbox = unit.map_or_else(|| organisation.to_string(), |unit| Child::new(organisation, unit).to_string());
    let content = convert::message(value);
    Holding {
        name: content.name.clone(),
        patient: patient.to_string(),
        referral: content.referral.clone(),
        holder: inbox,
        create_time: content.create_time,
        update_time: None,
        content: Some(Content::Message(content)),
    }
}
