//! Opens an order for a referral that was submitted.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{OrderId, PatientId},
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::restore_order::restore_order;
use crate::{
    domain::{Ask, draft},
    store::{self, NewOrders, PartyLists, referral::Referrals},
};

/// Opens an order without lines yet.
#[derive(Debug, Clone)]
pub struct OpenOrder {
    ask: Ask,
    parties: Vec<Party>,
}

impl OpenOrder {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralSubmitted) -> Result<Self> {
        let mut check = Check::default();
        let ask = Ask {
            referral: check.name("referral", &told.referral),
            referral_number: told.number.clone(),
            patient: patient(&mut check, told),
            provider: check.name("provider", &told.provider),
        };
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { ask, parties })
    }

    /// Takes over whose it is: for what was opened before its patient was kept. What is of a record that was erased since is
    /// forgotten.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn note_patient(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Referrals>().note(self.ask.referral);
        match self.ask.patient {
            Some(patient) => store::note_patient(unit, self.ask.referral, patient).await,
            None => store::forget_patient_of(unit, self.ask.referral).await,
        }
    }

    /// Opens it, unless it is open: the parties are taken over all the same. One that was withdrawn comes back as it was.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn restore(&self, unit: &mut Unit<'_>) -> Result<()> {
        match store::find_open(unit, self.ask.referral).await? {
            Some(open) => {
                unit.later::<PartyLists>().take_over(open.referral, &self.parties);
                Ok(())
            }
            None => {
                unit.later::<PartyLists>().take_over(self.ask.referral, &self.parties);
                let is_back = restore_order(unit, self.ask.referral, &self.parties).await?;
                if is_back { Ok(()) } else { self.run(unit).await }
            }
        }
    }
}

impl UseCase for OpenOrder {
    type Outcome = ();
    const NAME: &'static str = "open_order";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let order = draft(OrderId::draw(), self.ask.clone(), unit.now());
        unit.later::<PartyLists>().take_over(order.referral, &self.parties);
        unit.later::<Referrals>().note(self.ask.referral);
        let (name, referral) = (order.id.to_string(), order.referral.to_string());
        unit.emit(order.id, order.version, v1::OrderDrafted { order: name, referral });
        unit.audit(&order);
        unit.later::<NewOrders>().insert(order, &self.parties);
        Ok(())
    }
}

/// The patient's record; none when it was erased.
fn patient(check: &mut Check, told: &v1::ReferralSubmitted) -> Option<PatientId> {
    (!told.patient.is_empty()).then(|| check.name("patient", &told.patient))
}
