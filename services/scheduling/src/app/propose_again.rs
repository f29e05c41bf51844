//! Proposes an appointment for a referral that waits for one.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::{AppointmentId, ReferralId},
};

use super::tell::tell;
use crate::{
    domain::{Stage, propose},
    store::{self, appointment::NewAppointments},
};

/// Proposes another appointment when the last one was given up, missed, or never was; not for a referral that has ended, and not
/// beside one that is open.
#[derive(Debug, Clone, Copy)]
pub struct ProposeAgain(pub ReferralId);

impl UseCase for ProposeAgain {
    type Outcome = ();
    const NAME: &'static str = "propose_again";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(referral) = store::referral::find(unit, self.0).await? else {
            return Ok(());
        };
        let over = matches!(Stage::of(&referral.state), Stage::Attended | Stage::Closed);
        let is_open = store::appointment::find_open(unit, self.0).await?.is_some();
        if over || is_open || store::appointment::is_fulfilled(unit, self.0).await? {
            return Ok(());
        }
        let parties = store::list_parties(unit, self.0).await?;
        let appointment = propose(AppointmentId::draw(), &referral, parties, unit.now());
        unit.about(&appointment.referral_number);
        tell(unit, &appointment, appointment.state);
        unit.audit(&appointment);
        unit.later::<NewAppointments>().insert(appointment);
        Ok(())
    }
}
