//! Keeps how a referral stands, and its order with it: one that ended withdraws what is still asked, one that was taken back
//! from its end asks again.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{OrderId, ReferralId},
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::{restore_order::restore_order, revoke_order::withdraw_order};
use crate::{
    domain::{Ask, draft, is_withdrawn},
    store::{self, NewOrders, PartyLists, referral},
};

/// What an event told of a referral's step.
#[derive(Debug, Clone)]
pub struct NoteReferral {
    referral: ReferralId,
    number: String,
    state: String,
    undone: bool,
    parties: Vec<Party>,
}

impl NoteReferral {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralMoved) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", &told.referral);
        let parties = parties::of_event(&mut check, &told.parties);
        let (number, state, undone) = (told.number.clone(), told.state.clone(), told.undone);
        check.finish().map(|()| Self { referral, number, state, undone, parties })
    }

    /// Takes the withdrawal of the order back, of a referral that goes on after its end was taken back: lines, samples and what was
    /// counted are as they were. Where there never was one, it is opened.
    async fn open_again(&self, unit: &mut Unit<'_>) -> Result<()> {
        let provider = self.parties.iter().find(|party| party.capacity == parties::Capacity::Provider);
        let (None, Some(provider)) = (store::find_open(unit, self.referral).await?, provider) else {
            return Ok(());
        };
        if restore_order(unit, self.referral, &self.parties).await? {
            return Ok(());
        }
        let (referral, referral_number) = (self.referral, self.number.clone());
        let patient = store::find_patient(unit, referral).await?;
        let ask = Ask { referral, referral_number, patient, provider: provider.organisation };
        let order = draft(OrderId::draw(), ask, unit.now());
        let told = v1::OrderDrafted { order: order.id.to_string(), referral: order.referral.to_string() };
        unit.emit(order.id, order.version, told);
        unit.audit(&order);
        unit.later::<NewOrders>().insert(order, &self.parties);
        Ok(())
    }
}

impl UseCase for NoteReferral {
    type Outcome = ();
    const NAME: &'static str = "note_referral";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        // What an earlier message of the same batch opened must be there to be found.
        unit.settle().await?;
        referral::save_state(unit, self.referral, &self.state).await?;
        if is_withdrawn(&self.state) {
            withdraw_order(unit, self.referral).await
        } else if self.undone {
            self.open_again(unit).await
        } else {
            Ok(())
        }
    }
}
