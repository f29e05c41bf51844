//! Withdrawing an order.

use chrono::{DateTime, Utc};

use super::{Order, State};

/// The order, withdrawn, in its next version; none when it was already.
pub fn revoke(order: Order, now: DateTime<Utc>) -> Option<Order> {
    match order.state {
        State::Draft => {
            let version = order.version + 1;
            Some(Order { state: State::Revoked, version, update_time: now, ..order })
        }
        State::Revoked => None,
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{OrderId, OrganisationId, ReferralId};

    use super::super::{Ask, draft};
    use super::*;

    #[test]
    fn an_order_is_withdrawn_once() {
        let (referral, provider) = (ReferralId::draw(), OrganisationId::draw());
        let ask = Ask { referral, referral_number: "n".into(), patient: None, provider };
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let revoked = revoke(draft(OrderId::draw(), ask, DateTime::UNIX_EPOCH), now).unwrap();
        assert_eq!((revoked.state, revoked.version, revoked.update_time), (State::Revoked, 2, now));
        assert_eq!(revoke(revoked, now), None);
    }
}
