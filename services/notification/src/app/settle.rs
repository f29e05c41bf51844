//! Where a delivery stands after an attempt, and whom that concerns.

use chrono::TimeDelta;
use relais_platform::{Result, database::Unit};

use super::put::put;
use crate::{
    domain::{Delivery, Facts, Happening, Kind, Next, Outcome, Purpose},
    store,
};

/// Saves what follows. Whoever answers for a delivery is told when nothing more does: of each patient who was not reached, and once
/// a day of a mailbox, which finds its messages in the inbox anyway.
pub(super) async fn settle(unit: &mut Unit<'_>, delivery: &Delivery, outcome: Outcome, next: Next) -> Result<()> {
    store::save_delivery(unit, delivery.id, next.state(), outcome.as_str()).await?;
    unit.audit(delivery);
    let kind = match next {
        Next::Accepted | Next::Again(_) => return Ok(()),
        Next::Failed => Kind::DeliveryFailed,
        Next::Parked => Kind::DeliveryParked,
    };
    let since = unit.now() - TimeDelta::days(1);
    if delivery.purpose != Purpose::Reminder && store::is_told_of_trouble(unit, delivery.mailbox, since).await? {
        return Ok(());
    }
    let facts = Facts {
        reason: outcome.as_str().into(),
        start_time: delivery.start_time,
        time_zone: delivery.time_zone.clone(),
        about: delivery.id.to_string(),
        ..Facts::default()
    };
    let happening = Happening {
        kind,
        facts,
        referral: Some(delivery.referral),
        number: delivery.referral_number.clone(),
        parties: Vec::new(),
        patient: None,
        actor: None,
        by_itself: false,
        owner: None,
        addressee: Some(delivery.mailbox),
    };
    put(unit, &happening, delivery.mailbox);
    Ok(())
}
