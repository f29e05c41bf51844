//! Requests of partner links.

use chrono::{DateTime, SubsecRound, Utc};
use relais_platform::{
    Result,
    calls::{Check, caller::Purpose},
    ids::{PartnerLinkId, ReferralId},
    random,
};
use relais_proto::referral::v1::{self, partner_link};
use uuid::Uuid;

use super::name;
use crate::{app::referral::RevokePartnerLink, domain::referral::partner_link::Keys};

/// A link to be made.
pub(in crate::grpc) struct Asked {
    pub request_id: Uuid,
    pub referral: ReferralId,
    pub purpose: Purpose,
    pub expires_at: DateTime<Utc>,
    pub keys: Keys,
}

/// A link of a purpose that opens nothing would say more than it does: it is refused until there is something to open.
pub(in crate::grpc) fn create_partner_link(
    request: &v1::CreatePartnerLinkRequest,
    is_offered: impl Fn(Purpose) -> bool,
) -> Result<Asked> {
    let mut check = Check::default();
    let given = check.required("partner_link", request.partner_link.clone());
    let purpose = match check.choice("partner_link.purpose", given.purpose) {
        partner_link::Purpose::Appointment => Purpose::Appointment,
        partner_link::Purpose::Result => Purpose::Result,
        // Unspecified has been refused by the check.
        partner_link::Purpose::FollowUp | partner_link::Purpose::Unspecified => Purpose::FollowUp,
    };
    check.ensure("partner_link.purpose", is_offered(purpose), "opens nothing yet: FOLLOW_UP does");
    let expires_at = given.expire_time.and_then(|told| {
        let nanos = u32::try_from(told.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
        // To the microsecond, which is what PostgreSQL keeps.
        DateTime::from_timestamp(told.seconds, nanos).map(|at| at.trunc_subsecs(6))
    });
    check.ensure("partner_link.expire_time", expires_at.is_some(), "must be an instant");
    let asked = Asked {
        request_id: check.request_id(&request.request_id),
        referral: check.name("partner_link.referral", &given.referral),
        purpose,
        expires_at: expires_at.unwrap_or_default(),
        keys: Keys::new(PartnerLinkId::draw(), [random::bits()?, random::bits()?, random::bits()?]),
    };
    check.finish().map(|()| asked)
}

pub(in crate::grpc) fn list_partner_links(request: &v1::ListPartnerLinksRequest) -> Result<ReferralId> {
    let mut check = Check::default();
    let referral = check.name("referral", &request.referral);
    check.finish().map(|()| referral)
}

pub(in crate::grpc) fn revoke_partner_link(
    request: &v1::RevokePartnerLinkRequest,
) -> Result<(Uuid, RevokePartnerLink)> {
    let id = name(&request.name)?;
    let mut check = Check::default();
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, RevokePartnerLink(id)))
}
