//! What is held on a patient, for `relais.holdings.v1`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    calls::check::time_to_proto,
    database::Unit,
    holdings::Held,
    ids::{AppointmentId, PatientId},
};
use relais_proto::holdings::v1::{Holding, holding::Content};

use super::convert;
use crate::{
    app,
    domain::{Appointment, Hold, Version},
};

/// All that is held here on a patient.
///
/// # Errors
/// As [`app::holdings`].
pub async fn holdings(unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let held = app::holdings(unit, patient).await?;
    let now = unit.now();
    let appointments: Vec<_> = held.appointments.into_iter().map(|it| (it.id, of_appointment(it, now))).collect();
    let whose: HashMap<_, _> =
        appointments.iter().map(|(id, it)| (*id, (it.referral.clone(), it.holder.clone()))).collect();
    // What belongs to an appointment is in the same hands.
    let beside = |of: AppointmentId, holding: Holding| {
        let (referral, holder) = whose.get(&of).cloned().unwrap_or_default();
        Holding { name: of.to_string(), referral, holder, ..holding }
    };
    let versions = held.versions.into_iter().map(|version| beside(version.appointment, of_version(version)));
    let holds = held.holds.into_iter().map(|(of, since, hold)| beside(of, of_hold(of, since, hold)));
    let told = appointments.into_iter().map(|(_, holding)| holding).chain(versions).chain(holds);
    let holdings = told.map(|holding| Holding { patient: patient.to_string(), ..holding }).collect();
    Ok(Held { patients: vec![patient], holdings, account: held.account })
}

fn of_appointment(value: Appointment, now: DateTime<Utc>) -> Holding {
    let content = convert::appointment(value, now);
    Holding {
        name: content.name.clone(),
        referral: content.referral.clone(),
        holder: content.provider.clone(),
        create_time: content.create_time,
        update_time: content.update_time,
        content: Some(Content::Appointment(content)),
        ..Holding::default()
    }
}

fn of_version(value: Version) -> Holding {
    let create_time = Some(time_to_proto(value.at));
    let content = Some(Content::AppointmentVersion(convert::version(value)));
    Holding { create_time, content, ..Holding::default() }
}

fn of_hold(of: AppointmentId, since: DateTime<Utc>, value: Hold) -> Holding {
    let content = Some(Content::SlotHold(convert::hold(of, value)));
    Holding { create_time: Some(time_to_proto(since)), content, ..Holding::default() }
}
