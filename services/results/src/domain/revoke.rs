//! Withdrawing an order.

use chrono::{DateTime, Utc};

use super::{Order, State};

/// The order, withdrawn, in its next version; none when it was already, or all that it asks for is there.
pub fn revoke(order: Order, now: DateTime<Utc>) -> Option<Order> {
    match order.state {
        State::Draft | State::Active => {
            let version = order.version + 1;
            Some(Order { state: State::Revoked, version, update_time: now, ..order })
        }
        State::Completed | State::Revoked => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::order;
    use super::*;

    #[test]
    fn an_order_is_withdrawn_once() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let revoked = revoke(order(), now).unwrap();
        assert_eq!((revoked.state, revoked.version, revoked.update_time), (State::Revoked, 2, now));
        assert_eq!(revoke(revoked, now), None);
        assert_eq!(revoke(Order { state: State::Completed, ..order() }, now), None);
    }
}
