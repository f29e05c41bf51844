//! What every step comes to: the next version with its row in the timeline, one event, and the next deadline.

use relais_platform::{
    Result,
    database::Unit,
    ids::{AppointmentId, OrganisationId},
    parties::Capacity,
    timers::{self, Timer, Urgency},
};

use super::tell::{tell, tell_judged, tell_overdue};
use crate::{
    app::convention::conditions_of,
    domain::{
        convention::{Acceptance, Conditions},
        referral::{Cause, Judgement, Priority, Referral, Results, State, Step},
    },
    store::referral,
};

/// The kind of the timers of referrals.
pub const STEP_TIMER: &str = "referral-step";

/// Begins a referral, for somebody. Where its convention accepts what it admits, both steps are in one transaction.
pub(super) async fn begin(
    unit: &mut Unit<'_>,
    submitted: Referral,
    by: (OrganisationId, Capacity),
    conditions: &Conditions,
) -> Result<Referral> {
    referral::insert(unit, &submitted, by).await?;
    tell(unit, &submitted, false);
    if conditions.acceptance == Acceptance::Automatic {
        let step = Step::new(Cause::Automatic, "");
        let accepted = submitted.after(State::Accepted, &step, &conditions.deadlines, unit.now());
        keep_moved(unit, &accepted, &step).await?;
        return Ok(accepted);
    }
    watch(unit, &submitted).await?;
    unit.audit(&submitted);
    Ok(submitted)
}

/// Takes a referral to its next state, and keeps all that comes of it.
pub(super) async fn keep(unit: &mut Unit<'_>, referral: Referral, state: State, step: &Step) -> Result<Referral> {
    let conditions = conditions_of(unit, referral.convention, referral.convention_version).await?;
    let moved = referral.after(state, step, &conditions.deadlines, unit.now());
    keep_moved(unit, &moved, step).await?;
    Ok(moved)
}

/// Keeps a referral that was moved already.
pub(super) async fn keep_moved(unit: &mut Unit<'_>, moved: &Referral, step: &Step) -> Result<()> {
    referral::save(unit, moved, step).await?;
    watch(unit, moved).await?;
    match step.cause {
        Cause::Overdue => tell_overdue(unit, moved),
        _ => tell(unit, moved, step.cause == Cause::Undo),
    }
    unit.audit(moved);
    Ok(())
}

/// Keeps that the day of an appointment was judged: a version that changes no state, and the answer to the version of the appointment
/// that asked.
pub(super) async fn keep_judged(
    unit: &mut Unit<'_>,
    judged: &Referral,
    asked: (AppointmentId, i64),
    judgement: &Judgement,
) -> Result<()> {
    referral::save(unit, judged, &Step::new(Cause::Judgement, "")).await?;
    referral::set_booking_days(unit, judged.id, judgement.days).await?;
    tell_judged(unit, judged, asked, judgement);
    unit.audit(judged);
    Ok(())
}

/// Sets the timer of the next step, or clears it when there is none.
pub(super) async fn watch(unit: &mut Unit<'_>, referral: &Referral) -> Result<()> {
    match referral.due_time {
        Some(due_at) if !referral.overdue => {
            set(unit, referral, due_at);
            Ok(())
        }
        _ => timers::clear(unit, STEP_TIMER, referral.id.0).await,
    }
}

/// Sets the timer of a referral.
pub(super) fn set(unit: &mut Unit<'_>, referral: &Referral, due_at: chrono::DateTime<chrono::Utc>) {
    let urgency = match referral.priority {
        _ if referral.facts.results == Results::Critical => Urgency::Stat,
        Priority::Routine => Urgency::Routine,
        Priority::Urgent => Urgency::Urgent,
        Priority::Asap => Urgency::Asap,
        Priority::Stat => Urgency::Stat,
    };
    timers::set(unit, &Timer { kind: STEP_TIMER.into(), subject: referral.id.0, due_at, urgency });
}
