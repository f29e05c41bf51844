//! Makes commands of requests, and says all that is wrong with one at once.

use relais_platform::{Result, calls::Check, ids::ReferralId};
use relais_proto::results::v1;

use crate::app::GetOrder;

pub(super) fn get_order(request: &v1::GetOrderRequest) -> Result<GetOrder> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.finish().map(|()| GetOrder(id))
}

/// The referral to list by; none when the field is empty.
pub(super) fn referral(name: &str) -> Result<Option<ReferralId>> {
    if name.is_empty() {
        return Ok(None);
    }
    let mut check = Check::default();
    let id = check.name("referral", name);
    check.finish().map(|()| Some(id))
}
