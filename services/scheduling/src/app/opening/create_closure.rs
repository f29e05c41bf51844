//! Closes a site for some days.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::clear::clear;
use crate::{
    domain::opening::Closure,
    store::{self, seat::Span},
};

/// Closes a site of the caller's organisation, and takes the slots of these days away.
#[derive(Debug, Clone)]
pub struct CreateClosure {
    /// What is entered.
    pub closure: Closure,
    /// Whether appointments on these days are given up.
    pub give_up: bool,
}

impl UseCase for CreateClosure {
    type Outcome = Closure;
    const NAME: &'static str = "create_closure";

    fn asks(&self) -> Subject {
        Subject::of(self.closure.site)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Closure> {
        store::site::get_own(unit, self.closure.site).await?;
        store::site::lock(unit, self.closure.site.id).await?;
        let closure = Closure { create_time: unit.now(), ..self.closure.clone() };
        store::closure::insert(unit, &closure).await?;
        let (from, until) = (closure.start_date, Some(closure.end_date));
        clear(unit, Span { site: closure.site.id, rule: None, from, until }, self.give_up).await?;
        unit.audit(&closure);
        Ok(closure)
    }
}
