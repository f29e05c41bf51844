//! Requests of other services.

use relais_platform::{Result, calls::Check};
use relais_proto::referral::v1::{self, resolve_contact_request::Whom as Given};

use super::directory::mailbox;
use crate::app::{
    identity::Vault,
    referral::{ResolveContact, ResolveRecipients, Whom},
};

pub(in crate::grpc) fn resolve_recipients(request: &v1::ResolveRecipientsRequest) -> Result<ResolveRecipients> {
    let mut check = Check::default();
    let referral = check.name("referral", &request.referral);
    check.finish().map(|()| ResolveRecipients(referral))
}

pub(in crate::grpc) fn resolve_contact(request: &v1::ResolveContactRequest, vault: Vault) -> Result<ResolveContact> {
    let mut check = Check::default();
    let referral = check.name("referral", &request.referral);
    let whom = match check.choice("whom", request.whom) {
        Given::Mailbox => Whom::Mailbox(mailbox(&mut check, &request.mailbox)),
        // Unspecified has been refused by the check.
        Given::Patient | Given::Unspecified => Whom::Patient,
    };
    check.finish()?;
    Ok(ResolveContact { referral, whom, vault })
}
