//! Gives up the appointment of a referral that was cancelled.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::ReferralId,
    parties::{self, Party},
};
use relais_proto::events::v1;

use crate::{
    domain::cancel,
    store::{self, PartyLists},
};

/// Gives up a referral's appointment, if it has an open one.
#[derive(Debug, Clone)]
pub struct CancelAppointment {
    referral: ReferralId,
    parties: Vec<Party>,
}

impl CancelAppointment {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralCancelled) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { referral, parties })
    }
}

impl UseCase for CancelAppointment {
    type Outcome = ();
    const NAME: &'static str = "cancel_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        // What an earlier message of the same batch opened must be there to be found.
        unit.settle().await?;
        let open = store::find_open(unit, self.referral).await?;
        let Some(cancelled) = open.and_then(|open| cancel(open, unit.now())) else {
            return Ok(());
        };
        store::save(unit, &cancelled).await?;
        let (appointment, referral) = (cancelled.id.to_string(), cancelled.referral.to_string());
        unit.emit(
            cancelled.id,
            cancelled.version,
            v1::AppointmentCancelled { appointment, referral, ..Default::default() },
        );
        unit.audit(&cancelled);
        Ok(())
    }
}
