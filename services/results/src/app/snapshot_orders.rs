//! Tells the present state of all orders, for others to rebuild from.

use relais_platform::{Result, consumer::rebuild::Snapshot, database::Unit};
use relais_proto::events::v1;
use uuid::Uuid;

use crate::{
    domain::{Order, State},
    store,
};

/// The next orders by id, each as the events that lead to its present state.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn snapshot_orders(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Snapshot>> {
    let orders = store::list_all(unit, after, limit).await?;
    Ok(orders.iter().map(snapshot).collect())
}

fn snapshot(order: &Order) -> Snapshot {
    let (name, referral) = (order.id.to_string(), order.referral.to_string());
    let opening = v1::OrderDrafted { order: name.clone(), referral: referral.clone() };
    let end = (order.state == State::Revoked).then(|| v1::OrderRevoked { order: name, referral }.into());
    Snapshot { id: order.id.0, version: order.version, events: [opening.into()].into_iter().chain(end).collect() }
}
