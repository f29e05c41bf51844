//! Makes answers of the domain's values.

use relais_platform::calls::check::time_to_proto;
use relais_proto::notification::v1;

use crate::domain::{Kind, Message};

pub(super) fn message(value: Message) -> v1::Message {
    let kind = match value.kind {
        Kind::ReferralSubmitted => v1::message::Kind::ReferralSubmitted,
        Kind::ReferralCancelled => v1::message::Kind::ReferralCancelled,
        Kind::GlassBroken => v1::message::Kind::GlassBroken,
    };
    v1::Message {
        name: value.id.to_string(),
        kind: kind.into(),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        create_time: Some(time_to_proto(value.create_time)),
    }
}
