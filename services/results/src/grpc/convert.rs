//! Makes answers of the domain's values.

use relais_platform::calls::check::time_to_proto;
use relais_proto::results::v1;

use crate::domain::{Order, State};

pub(super) fn order(value: Order) -> v1::Order {
    let state = match value.state {
        State::Draft => v1::order::State::Draft,
        State::Revoked => v1::order::State::Revoked,
    };
    v1::Order {
        name: value.id.to_string(),
        state: state.into(),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        provider: value.provider.to_string(),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
    }
}
