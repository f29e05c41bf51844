//! Makes commands of requests, and says all that is wrong with one at once.

use relais_platform::{Result, calls::Check, ids::ReferralId};
use relais_proto::scheduling::v1;

use crate::app::GetAppointment;

pub(super) fn get_appointment(request: &v1::GetAppointmentRequest) -> Result<GetAppointment> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.finish().map(|()| GetAppointment(id))
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
