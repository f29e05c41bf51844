//! Gives up the appointment of a referral that has ended.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::ReferralId,
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::change;
use crate::{
    domain::end,
    store::{self, PartyLists, referral::Referrals},
};

/// Gives up a referral's appointment, if it has one that has not begun: the seat is free again.
#[derive(Debug, Clone)]
pub struct EndAppointment {
    pub(super) referral: ReferralId,
    pub(super) state: String,
    pub(super) parties: Vec<Party>,
}

impl EndAppointment {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralCancelled) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { referral, state: "cancelled".into(), parties })
    }
}

impl UseCase for EndAppointment {
    type Outcome = ();
    const NAME: &'static str = "end_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        unit.later::<Referrals>().stand(self.referral, &self.state);
        // What an earlier message of the same batch opened must be there to be found.
        unit.settle().await?;
        let Some(open) = store::appointment::find_open(unit, self.referral).await? else {
            return Ok(());
        };
        let previous = open.state;
        match end(open, unit.now()) {
            Some(ended) => change::give_up(unit, &ended, previous).await,
            None => Ok(()),
        }
    }
}
