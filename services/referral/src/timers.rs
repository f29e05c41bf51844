//! What this service does when a deadline comes: one arm per kind, each one call of a use case.

use relais_platform::{Error, Result, database::Unit, timers::Timer};

use crate::app::{
    convention::{ENDS_SOONER, STAFF_TIME, lapse_staff_time},
    referral::{
        PERIOD_ENDED, PLACE_FREED, RESTED, STEP_TIMER, begin_period, keep_deadline, offer_again, offer_place,
        shorten_bookings,
    },
};

/// Does what a timer is for.
///
/// # Errors
/// The timer is tried again later.
pub async fn due(unit: &mut Unit<'_>, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        STEP_TIMER => keep_deadline(unit, timer.subject.into()).await,
        PLACE_FREED => offer_place(unit, timer.subject).await,
        PERIOD_ENDED => begin_period(unit, timer.subject).await,
        STAFF_TIME => lapse_staff_time(unit, timer.subject.into()).await,
        RESTED => offer_again(unit, timer.subject.into()).await,
        ENDS_SOONER => shorten_bookings(unit, timer.subject.into()).await,
        other => Err(Error::internal(anyhow::anyhow!("nobody sets a timer {other}"))),
    }
}
