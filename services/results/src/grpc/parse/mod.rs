//! Makes commands of requests, and says all that is wrong with one at once.

mod attachment;
mod content;
mod order;
mod report;

pub(super) use attachment::{download, get_upload, list_attachments, upload};
pub(super) use order::{cancel_order_line, get_order, place_order, record_sampling};
pub(super) use report::{
    acknowledge_report, create_report, discard_quarantined, get_report, release_quarantined, revise_report,
};

use relais_platform::{
    Result,
    calls::Check,
    ids::{ReferralId, ResourceId},
};

/// The referral to list by; none when the field is empty.
pub(super) fn referral(name: &str) -> Result<Option<ReferralId>> {
    if name.is_empty() {
        return Ok(None);
    }
    let mut check = Check::default();
    let id = check.name("referral", name);
    check.finish().map(|()| Some(id))
}

fn name<T: ResourceId>(value: &str) -> Result<T> {
    let mut check = Check::default();
    let id = check.name("name", value);
    check.finish().map(|()| id)
}

/// A version as its etag; none is given when nothing is to be checked.
fn etag(check: &mut Check, value: &str) -> Option<i64> {
    if value.is_empty() {
        return None;
    }
    let version = value.parse().ok().filter(|version| *version > 0);
    if version.is_none() {
        check.fail("etag", "must be an etag of an earlier answer");
    }
    version
}
