//! Holds a seat for a while.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
    error::Violation,
    ids::SlotId,
    timers::{self, Timer, Urgency},
};
use uuid::Uuid;

use super::{
    change::{self, Asked},
    seen,
};
use crate::{
    domain::{Appointment, Hold, ensure_bookable, ensure_offered},
    store::{self, seat::Claim},
    timers::EXPIRE_HOLD,
};

/// Holds a seat of a slot for an appointment; what was held for it before is given back.
#[derive(Debug, Clone, Copy)]
pub struct HoldSlot {
    /// Which appointment.
    pub asked: Asked,
    /// The hold's own id.
    pub hold: Uuid,
    /// The slot.
    pub slot: SlotId,
    /// For how long.
    pub lasts: TimeDelta,
}

/// A hold that was made, with its appointment. It is no version of the appointment: it ends by itself.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its id.
    pub id: Uuid,
    /// The appointment, pending.
    pub appointment: Appointment,
}

impl Recall for Held {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: self.appointment.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let was = store::appointment::get_held(unit, outcome.id).await?;
        unit.about(&was.referral_number);
        unit.audit(&was);
        Ok(Self { id: outcome.id, appointment: seen(unit, was)? })
    }
}

impl UseCase for HoldSlot {
    type Outcome = Held;
    const NAME: &'static str = "hold_slot";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Held> {
        let open = change::lock(unit, self.asked).await?;
        let referral = change::referral_of(unit, &open).await?;
        ensure_bookable(&open, &referral)?;
        let offer = store::slot::get_offer(unit, self.slot, &referral).await?;
        ensure_offered(&offer, unit.now())?;
        let until = unit.now() + self.lasts;
        let claim = Claim { appointment: open.id, offer: &offer, walk_in: false, held_until: Some(until) };
        if !store::seat::take(unit, claim).await? {
            return Err(full());
        }
        let hold = Hold { time: offer.time, until };
        store::appointment::insert_hold(unit, self.hold, &open, &hold).await?;
        let timer = Timer { kind: EXPIRE_HOLD.into(), subject: open.id.0, due_at: until, urgency: Urgency::Routine };
        timers::set(unit, &timer);
        let pending = Appointment { hold: Some(hold), ..open };
        unit.audit(&pending);
        Ok(Held { id: self.hold, appointment: seen(unit, pending)? })
    }
}

/// Refused for want of a free seat.
pub(super) fn full() -> Error {
    Error::refused("APPOINTMENT_RULE", vec![Violation::new("slot-full", "no seat of the slot is free")])
}
