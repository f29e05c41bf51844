//! What is held on a patient, for `relais.holdings.v1`.

use chrono::{DateTime, Utc};
use relais_platform::{Result, database::Unit, holdings::Held, ids::PatientId};
use relais_proto::holdings::v1::{Holding, holding::Content};

use super::convert;
use crate::{app, domain::Appointment};

/// All that is held here on a patient.
///
/// # Errors
/// As [`app::holdings`].
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let (held, account) = app::holdings(unit, patient).await?;
    let now = unit.now();
    let holdings = held.into_iter().map(|appointment| holding(patient, appointment, now)).collect();
    Ok(Held { patients: vec![patient], holdings, account })
}

fn holding(patient: PatientId, value: Appointment, now: DateTime<Utc>) -> Holding {
    let content = convert::appointment(value, now);
    Holding {
        name: content.name.clone(),
        patient: patient.to_string(),
        referral: content.referral.clone(),
        holder: content.provider.clone(),
        create_time: content.create_time,
        update_time: content.update_time,
        content: Some(Content::Appointment(content)),
    }
}
