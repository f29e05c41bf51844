//! Withdrawing an order, and taking that back.

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

/// An order whose withdrawal is taken back, in its next version: all its lines are as they were, with what was found meanwhile.
pub fn restore(order: Order, now: DateTime<Utc>) -> Order {
    Order { state: State::Draft, ..order }.moved(now)
}

#[cfg(test)]
mod tests {
    use super::super::{
        place,
        tests::{OPEN, order},
    };
    use super::*;

    #[test]
    fn an_order_is_withdrawn_once() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let revoked = revoke(order(), now).unwrap();
        assert_eq!((revoked.state, revoked.version, revoked.update_time), (State::Revoked, 2, now));
        assert_eq!(revoke(revoked, now), None);
        assert_eq!(revoke(Order { state: State::Completed, ..order() }, now), None);
    }

    #[test]
    fn what_was_withdrawn_comes_back_with_its_lines() {
        let now = DateTime::UNIX_EPOCH;
        let placed = place(order(), &["718-7".into()], OPEN, now).unwrap();
        let restored = restore(revoke(placed.clone(), now).unwrap(), now);
        assert_eq!(restored, Order { version: placed.version + 2, ..placed });
        assert_eq!(restore(revoke(order(), now).unwrap(), now).state, State::Draft);
    }
}
