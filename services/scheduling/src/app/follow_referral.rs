//! Follows a referral that went a step on.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::ReferralId,
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::{EndAppointment, ProposeAgain};
use crate::{
    domain::Stage,
    store::{PartyLists, referral::Referrals},
};

/// Takes over where a referral stands: whether it may be booked for. One that has ended gives its appointment up; one that came
/// back to where an appointment is wanted has one proposed.
#[derive(Debug, Clone)]
pub struct FollowReferral {
    referral: ReferralId,
    state: String,
    parties: Vec<Party>,
    /// Whether it may be without an appointment since its last step.
    wants: bool,
}

impl FollowReferral {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralMoved) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let state = check.text("state", &told.state, 50);
        let parties = parties::of_event(&mut check, &told.parties);
        let wants = told.undone || Stage::of(&told.state) == Stage::Bookable;
        check.finish().map(|()| Self { referral, state, parties, wants })
    }
}

impl UseCase for FollowReferral {
    type Outcome = ();
    const NAME: &'static str = "follow_referral";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        if Stage::of(&self.state) == Stage::Closed {
            let (referral, state, parties) = (self.referral, self.state.clone(), self.parties.clone());
            return EndAppointment { referral, state, parties }.run(unit).await;
        }
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        unit.later::<Referrals>().stand(self.referral, &self.state);
        if self.wants {
            unit.settle().await?;
            ProposeAgain(self.referral).run(unit).await?;
        }
        Ok(())
    }
}
