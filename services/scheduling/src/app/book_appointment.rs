//! Books a seat.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::SlotId,
};

use super::{
    change::{self, Asked},
    hold_slot::full,
};
use crate::{
    domain::{Appointment, Referral, Time, book_on, ensure_bookable, ensure_offered},
    store::{self, seat::Claim},
};

/// Books the seat that is held for an appointment, or one of a slot. On a day or at a site for which the convention is to be asked first,
/// it waits in its seat for the answer.
#[derive(Debug, Clone, Copy)]
pub struct BookAppointment {
    /// Which appointment.
    pub asked: Asked,
    /// The slot; none: the one that is held.
    pub slot: Option<SlotId>,
    /// How long before it the patient is reminded.
    pub lead: TimeDelta,
}

impl UseCase for BookAppointment {
    type Outcome = Appointment;
    const NAME: &'static str = "book_appointment";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let open = change::lock(unit, self.asked).await?;
        let referral = change::referral_of(unit, &open).await?;
        ensure_bookable(&open, &referral)?;
        let time = self.seat(unit, &open, &referral).await?;
        let (previous, booked) = (open.state, book_on(&referral.covered, open, time, unit.now()));
        change::follow_up(unit, &booked, self.lead).await?;
        change::keep(unit, booked, previous).await
    }
}

impl BookAppointment {
    /// The seat that is held, if it is the one that is wanted; otherwise a free one.
    async fn seat(&self, unit: &mut Unit<'_>, open: &Appointment, referral: &Referral) -> Result<Time> {
        let held = open.live_hold(unit.now()).filter(|hold| self.slot.is_none_or(|slot| slot == hold.time.slot));
        if let Some(hold) = held {
            if hold.time.start <= unit.now() {
                return Err(refused("slot-past", "the slot has begun"));
            }
            let confirmed = store::seat::confirm(unit, open.id).await?;
            return if confirmed { Ok(hold.time.clone()) } else { Err(expired()) };
        }
        let slot = self.slot.ok_or_else(expired)?;
        let offer = store::slot::get_offer(unit, slot, referral).await?;
        ensure_offered(&offer, unit.now())?;
        take(unit, open, &offer).await?;
        Ok(offer.time)
    }
}

/// Takes a seat that can be booked, in place of any that the appointment has.
pub(super) async fn take(
    unit: &mut Unit<'_>,
    appointment: &Appointment,
    offer: &crate::domain::opening::Offer,
) -> Result<()> {
    let claim = Claim { appointment: appointment.id, offer, walk_in: false, held_until: None };
    if store::seat::take(unit, claim).await? { Ok(()) } else { Err(full()) }
}

fn expired() -> Error {
    refused("hold-expired", "no seat is held any more: name a slot")
}

fn refused(rule: &str, sentence: &str) -> Error {
    Error::refused("APPOINTMENT_RULE", vec![Violation::new(rule, sentence)])
}
