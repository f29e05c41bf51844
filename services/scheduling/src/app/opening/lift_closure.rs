//! Lifts a closure.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::ClosureId,
    timers::{self, Timer, Urgency},
};

use crate::{domain::opening::Closure, store, timers::MAKE_SLOTS};

/// Lifts a closure of a site of the caller's organisation, and has the slots of its days made again.
#[derive(Debug, Clone, Copy)]
pub struct LiftClosure(pub ClosureId);

impl UseCase for LiftClosure {
    type Outcome = Closure;
    const NAME: &'static str = "lift_closure";

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Closure> {
        let found = store::closure::get_own(unit, self.0).await?;
        store::site::lock(unit, found.site.id).await?;
        let found = store::closure::get_own(unit, found.id).await?;
        if found.lift_time.is_some() {
            let rule = Violation::new("closure-lifted", "it was lifted already");
            return Err(Error::refused("CLOSURE_LIFTED", vec![rule]));
        }
        let lifted = Closure { lift_time: Some(unit.now()), ..found };
        store::closure::lift(unit, &lifted).await?;
        for rule in store::opening_rule::make_again(unit, lifted.site.id, lifted.start_date).await? {
            let (kind, due_at) = (MAKE_SLOTS.into(), unit.now());
            timers::set(unit, &Timer { kind, subject: rule.0, due_at, urgency: Urgency::Routine });
        }
        unit.audit(&lifted);
        Ok(lifted)
    }
}
