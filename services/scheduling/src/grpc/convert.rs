//! Makes answers of the domain's values.

use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::scheduling::v1;

use crate::domain::{Appointment, State};

pub(super) fn appointment(value: Appointment) -> v1::Appointment {
    let state = match value.state {
        State::Proposed => v1::appointment::State::Proposed,
        State::Cancelled => v1::appointment::State::Cancelled,
    };
    v1::Appointment {
        name: value.id.to_string(),
        state: state.into(),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        provider: value.provider.to_string(),
        site: value.site.map(|site| site.to_string()).unwrap_or_default(),
        requested_date: Some(date_to_proto(value.requested_date)),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
    }
}
