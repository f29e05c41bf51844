//! Tells the present state of all orders, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit, events::Event, parties::Party};
use relais_proto::events::v1;
use uuid::Uuid;

use super::tell::{order_moved, order_revoked};
use crate::{
    domain::{Order, State},
    store::{self, referral},
};

/// The next orders by id, each as the events that lead to its present state.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_orders(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let orders = store::list_all(unit, after, limit).await?;
    let referrals: Vec<Uuid> = orders.iter().map(|order| order.referral.0).collect();
    let parties = referral::list_parties(unit, &referrals).await?;
    let of = |order: &Order| parties.get(&order.referral.0).map(Vec::as_slice).unwrap_or_default();
    Ok(orders.iter().map(|order| snapshot(order, of(order))).collect())
}

fn snapshot(order: &Order, parties: &[Party]) -> Snapshot {
    let (name, referral) = (order.id.to_string(), order.referral.to_string());
    let opening = v1::OrderDrafted { order: name, referral };
    let present: Option<Event> = match order.state {
        State::Draft => None,
        State::Active | State::Completed => Some(order_moved(order, State::Draft, parties).into()),
        State::Revoked => Some(order_revoked(order).into()),
    };
    let events = [opening.into()].into_iter().chain(present).collect();
    Snapshot { id: order.id.0, version: order.version, events }
}
