//! Takes a patient who came without a booking.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, SiteId},
};

use super::change::{self, Asked};
use crate::{
    domain::{Appointment, ensure_bookable, register_walk_in},
    store::{self, seat::Claim},
};

/// Gives a patient a seat, for such as come without a booking, of a slot that is now. Seats that can be booked are never taken.
#[derive(Debug, Clone, Copy)]
pub struct RegisterWalkIn {
    /// Which appointment.
    pub asked: Asked,
    /// Where the patient stands.
    pub site: Child<SiteId>,
}

impl UseCase for RegisterWalkIn {
    type Outcome = Appointment;
    const NAME: &'static str = "register_walk_in";

    fn asks(&self) -> Subject {
        self.asked.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Appointment> {
        let open = change::lock(unit, self.asked).await?;
        let referral = change::referral_of(unit, &open).await?;
        ensure_bookable(&open, &referral)?;
        if self.site.organisation != open.provider {
            return Err(Error::invalid(vec![Violation::new("site", "must be a site of the provider")]));
        }
        for offer in store::slot::list_now(unit, self.site.id, &referral).await? {
            let claim = Claim { appointment: open.id, offer: &offer, walk_in: true, held_until: None };
            if store::seat::take(unit, claim).await? {
                let (previous, next) = (open.state, register_walk_in(open, offer.time, unit.now()));
                return change::keep(unit, next, previous).await;
            }
        }
        let sentence = "the site receives nobody without a booking now, or its seats for them are taken";
        Err(Error::refused("APPOINTMENT_RULE", vec![Violation::new("no-walk-in-seat", sentence)]))
    }
}
