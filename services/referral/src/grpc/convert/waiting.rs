//! Answers of the waiting list.

use relais_platform::calls::check::time_to_proto;
use relais_proto::referral::v1;

use crate::{domain::referral::Referral, store::referral::Listed};

/// One of the list.
pub(in crate::grpc) fn waiting((referral, listed): (Referral, Listed)) -> v1::WaitingReferral {
    let waiting = listed.waiting;
    v1::WaitingReferral {
        referral: Some(super::referral(referral)),
        position: listed.position.and_then(|position| i32::try_from(position).ok()).unwrap_or_default(),
        wait_start_time: Some(time_to_proto(waiting.turn.since)),
        continuing_care: waiting.turn.is_continuing(),
        passed_offers: waiting.turn.passed,
        rest_end_time: waiting.rest_until.map(time_to_proto),
    }
}
