//! What all changes of an appointment have in common: who may, from what the caller saw, and what is told afterwards.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{AppointmentId, ReferralId},
    parties::ensure_acts,
    timers::{self, Timer, Urgency},
};

use super::{seen, tell::tell};
use crate::{
    domain::{Appointment, PATIENCE, Referral, State},
    store,
    timers::{AWAIT, PROPOSE, REMIND},
};

/// Which appointment is to be changed, and what the caller saw of it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Which.
    pub id: AppointmentId,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

/// The appointment, which nobody else changes until the unit ends.
pub(super) async fn lock(unit: &mut Unit<'_>, asked: Asked) -> Result<Appointment> {
    let found = store::appointment::lock(unit, asked.id).await?;
    unit.about(&found.referral_number);
    ensure_acts(unit.call()?, &found.parties)?;
    if asked.seen.is_some_and(|seen| seen != found.version) {
        return Err(Error::stale_etag());
    }
    Ok(found)
}

/// The referral of an appointment.
pub(super) async fn referral_of(unit: &mut Unit<'_>, appointment: &Appointment) -> Result<Referral> {
    let found = store::referral::find(unit, appointment.referral).await?;
    // Opened before referrals were kept here: a rebuild brings it.
    found.ok_or_else(|| Error::not_found(appointment.referral))
}

/// Keeps an appointment's next version and tells of it.
pub(super) async fn keep(unit: &mut Unit<'_>, next: Appointment, previous: State) -> Result<Appointment> {
    write(unit, &next, previous).await?;
    seen(unit, next)
}

/// As [`keep`], for whom no caller sees.
pub(super) async fn write(unit: &mut Unit<'_>, next: &Appointment, previous: State) -> Result<()> {
    store::appointment::save(unit, next).await?;
    tell(unit, next, previous);
    unit.audit(next);
    if previous == State::Pending && next.state != State::Pending {
        timers::clear(unit, AWAIT, next.id.0).await?;
    }
    Ok(())
}

/// What is to be done later for an appointment that has just got a seat: its patient is reminded. While it waits for the convention,
/// nobody is.
pub(super) async fn follow_up(unit: &mut Unit<'_>, of: &Appointment, lead: TimeDelta) -> Result<()> {
    if of.state != State::Pending {
        return set_reminder(unit, of, lead).await;
    }
    timers::clear(unit, REMIND, of.id.0).await?;
    store::appointment::note_lead(unit, of.id, lead).await?;
    await_answer(unit, of);
    Ok(())
}

/// Has the convention asked again, and both sides told, when its answer takes long.
pub(super) fn await_answer(unit: &mut Unit<'_>, of: &Appointment) {
    let due_at = unit.now() + PATIENCE;
    timers::set(unit, &Timer { kind: AWAIT.into(), subject: of.id.0, due_at, urgency: Urgency::Urgent });
}

/// Has the patient reminded so long before the appointment; not at all of one that is nearer than that, for it was just spoken of.
pub(super) async fn set_reminder(unit: &mut Unit<'_>, of: &Appointment, lead: TimeDelta) -> Result<()> {
    let due = of.time.as_ref().map(|time| time.start - lead).filter(|due| *due > unit.now());
    match due {
        Some(due_at) => {
            let timer = Timer { kind: REMIND.into(), subject: of.id.0, due_at, urgency: Urgency::Routine };
            timers::set(unit, &timer);
            Ok(())
        }
        None => timers::clear(unit, REMIND, of.id.0).await,
    }
}

/// Has another appointment proposed for a referral, by a worker: a caller writes into no other party's pages.
pub(super) fn propose_soon(unit: &mut Unit<'_>, referral: ReferralId) {
    let timer = Timer { kind: PROPOSE.into(), subject: referral.0, due_at: unit.now(), urgency: Urgency::Urgent };
    timers::set(unit, &timer);
}

/// Gives up an appointment: its seat is free.
pub(super) async fn give_up(unit: &mut Unit<'_>, cancelled: &Appointment, previous: State) -> Result<()> {
    store::seat::release(unit, cancelled.id).await?;
    timers::clear(unit, REMIND, cancelled.id.0).await?;
    write(unit, cancelled, previous).await
}
