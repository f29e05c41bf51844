//! What every step comes to: the next version with its row in the timeline, the places that it holds, one event, and the next
//! deadline.

use relais_platform::{
    Result,
    database::Unit,
    ids::{AppointmentId, OrganisationId},
    parties::Capacity,
    timers::{self, Timer, Urgency},
};

use super::{
    grant::grant_joined,
    tell::{tell, tell_judged, tell_overdue},
    waiting::keep_list,
};
use crate::{
    app::convention::{LINE_USED_UP, conditions_of, refused, reserve, settle_step},
    domain::{
        convention::{Acceptance, Conditions, OnExhausted, Rule, Short},
        referral::{Cause, Judgement, Priority, Referral, Results, State, Step},
    },
    store::referral,
};

/// The kind of the timers of referrals.
pub const STEP_TIMER: &str = "referral-step";

/// Begins a referral, for somebody: it takes its places under its convention. Where that accepts what it admits, both steps are in one
/// transaction. Answers with the lines on which no place is left: then it is to be refused, and with it all that was written here.
pub(super) async fn begin(
    unit: &mut Unit<'_>,
    submitted: Referral,
    by: (OrganisationId, Capacity),
    conditions: &Conditions,
    approver: &str,
) -> Result<Result<Referral, Vec<Short>>> {
    referral::insert(unit, &submitted, by).await?;
    let automatic = conditions.acceptance == Acceptance::Automatic;
    let short = reserve(unit, &submitted, approver, automatic).await?;
    if short.iter().any(|short| short.line.on_exhausted != OnExhausted::Waitlist) {
        return Ok(Err(short));
    }
    tell(unit, &submitted, false);
    let next = match (short.is_empty(), automatic) {
        (false, _) => Some((State::Waitlisted, Step::new(Cause::Automatic, Rule::VolumeExhausted.as_str()))),
        (true, true) => Some((State::Accepted, Step::new(Cause::Automatic, ""))),
        (true, false) => None,
    };
    if let Some((state, step)) = next {
        let moved = submitted.after(state, &step, &conditions.deadlines, unit.now());
        keep_moved(unit, &moved, &step).await?;
        // Few referrals wait: they shall not make the others' futures larger.
        return Box::pin(grant_joined(unit, moved, conditions)).await.map(Ok);
    }
    watch(unit, &submitted).await?;
    unit.audit(&submitted);
    Ok(Ok(submitted))
}

/// Takes a referral to its next state, and keeps all that comes of it.
pub(super) async fn keep(unit: &mut Unit<'_>, referral: Referral, state: State, step: &Step) -> Result<Referral> {
    let conditions = conditions_of(unit, referral.convention, referral.convention_version).await?;
    let moved = referral.after(state, step, &conditions.deadlines, unit.now());
    keep_moved(unit, &moved, step).await?;
    Ok(moved)
}

/// Keeps a referral that was moved already, and brings the places that it holds to where it stands.
pub(super) async fn keep_moved(unit: &mut Unit<'_>, moved: &Referral, step: &Step) -> Result<()> {
    referral::save(unit, moved, step).await?;
    let short = settle_step(unit, moved, step).await?;
    if !short.is_empty() {
        return Err(refused(LINE_USED_UP, short.iter().map(Short::failure).collect(), unit.language()));
    }
    keep_list(unit, moved, step).await?;
    watch(unit, moved).await?;
    match step.cause {
        Cause::Overdue => tell_overdue(unit, moved),
        _ => tell(unit, moved, step.cause == Cause::Undo),
    }
    unit.audit(moved);
    Ok(())
}

/// Keeps that the day and the site of an appointment were judged: a version that changes no state, and the answer to the version of the appointment
/// that asked.
pub(super) async fn keep_judged(
    unit: &mut Unit<'_>,
    judged: &Referral,
    asked: (AppointmentId, i64),
    judgement: &Judgement,
) -> Result<()> {
    referral::save(unit, judged, &Step::new(Cause::Judgement, "")).await?;
    referral::set_booking(unit, judged).await?;
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
