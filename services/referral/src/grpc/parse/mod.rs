//! Makes commands of requests, and says all that is wrong with one at once.

mod break_glass;
mod convention;
mod directory;
mod expense;
mod leave;
mod lifecycle;
mod member;
mod network;
mod partner_link;
mod patient;
mod person;
mod recipient;
mod referral;
mod site;
mod staff_time;
mod statement;
mod waiting;

pub(super) use break_glass::{open_file, review_file_access};
pub(super) use convention::{
    amend_convention, create_convention, discard_amendment, get_convention, get_usage, list_convention_versions,
    recount_usage, resume_convention, sign_convention, suspend_convention, terminate_convention, update_convention,
};
pub(super) use directory::{add_registration, end_registration, set_contact};
pub(super) use expense::{counter_expense, record_expense};
pub(super) use leave::{create_leave, end_leave, get_acting_practitioner, leaves_of, set_unit_substitute};
pub(super) use lifecycle::{
    cancel_referral, enter_in_error, provide_information, redirect_referral, reject_referral, request_information,
    step, step_for, undo_referral,
};
pub(super) use member::{
    Asked as MemberAsked, accept_invitation, change_member, get_member, invite_administrator, invite_member,
    start_session, update_member,
};
pub(super) use network::{
    create_organisation, create_practitioner, create_unit, get_organisation, get_practitioner, get_site, get_unit,
    parent,
};
pub(super) use partner_link::{Asked, create_partner_link, list_partner_links, revoke_partner_link};
pub(super) use patient::{
    create_patient, dismiss_duplicate, erase_patient, export_patient, get_patient, lift_hold, merge_patients,
    place_hold, question, search_patients, undismiss_duplicate, unmerge_patients, update_patient, whose_duplicates,
};
pub(super) use recipient::{resolve_contact, resolve_recipients};
pub(super) use referral::{
    check_admission, filter, get_allowed_actions, get_referral, lookup_referral, of_patient, of_referral,
    submit_referral,
};
pub(super) use site::{create_site, update_site};
pub(super) use staff_time::{confirm_staff_time, release_staff_time, reserve_staff_time};
pub(super) use statement::{close_statement, get_statement, render_statement, statements_of};
pub(super) use waiting::{after_turn, of_convention, turn_to_bytes};

use relais_platform::{Result, calls::Check, ids::ResourceId};

/// The longest name that people read, in characters.
const DISPLAY_NAME: usize = 200;
/// The longest system or value of an identifier or a code, in characters.
const CODE: usize = 200;

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

/// Codes of this product's own, each 1 to 63 of a-z, 0-9 and hyphen.
fn codes(check: &mut Check, field: &str, given: &[String], most: usize) -> Vec<String> {
    check.ensure(field, given.len() <= most, &format!("must not hold more than {most}"));
    let elements = given.iter().take(most).enumerate();
    elements.map(|(at, code)| plain_code(check, &format!("{field}[{at}]"), code)).collect()
}

/// One such code.
fn plain_code(check: &mut Check, field: &str, given: &str) -> String {
    let plain = given.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    check.ensure(field, plain && (1..=63).contains(&given.len()), "must have 1 to 63 of a-z, 0-9 and hyphen");
    given.into()
}
