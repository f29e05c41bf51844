//! Requests of the steps of referrals.

use relais_platform::{Result, calls::Check, ids::ReferralId, random};
use relais_proto::referral::v1::{self, cancel_referral_request, enter_in_error_request, undo_referral_request};
use uuid::Uuid;

use super::etag;
use crate::{
    app::referral::{RedirectReferral, RejectReferral, TakeStep, UndoReferral},
    domain::referral::{CancelReason, Move, Number, Place, Reason},
};

/// The most items that are asked for at once.
const MOST_ITEMS: usize = 20;
/// The longest of them, in characters.
const LONGEST_ITEM: usize = 63;
/// The longest text beside a step, in characters.
const LONGEST_NOTE: usize = 500;

/// A step of which only the name is asked.
pub(in crate::grpc) fn step(by: Move, name: &str, etag: &str, request_id: &str) -> Result<(Uuid, TakeStep)> {
    take(Check::default(), by, String::new(), (name, etag, request_id))
}

fn take(
    mut check: Check,
    by: Move,
    reason: String,
    (name, seen, request_id): (&str, &str, &str),
) -> Result<(Uuid, TakeStep)> {
    let (id, seen) = (check.name("name", name), etag(&mut check, seen));
    let request_id = check.request_id(request_id);
    check.finish()?;
    Ok((request_id, TakeStep { id, by, reason, items: Vec::new(), note: String::new(), seen }))
}

pub(in crate::grpc) fn cancel_referral(request: &v1::CancelReferralRequest) -> Result<(Uuid, TakeStep)> {
    use cancel_referral_request::Reason as Given;
    let mut check = Check::default();
    let reason = match check.choice("reason", request.reason) {
        Given::Duplicate => CancelReason::Duplicate,
        Given::WrongService => CancelReason::WrongService,
        Given::CouldNotContact => CancelReason::CouldNotContact,
        // Unspecified has been refused by the check.
        Given::PatientDeclined | Given::Unspecified => CancelReason::PatientDeclined,
    };
    let common = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    take(check, Move::Cancel, reason.as_str().into(), common)
}

pub(in crate::grpc) fn request_information(request: &v1::RequestInformationRequest) -> Result<(Uuid, TakeStep)> {
    let mut check = Check::default();
    let few = (1..=MOST_ITEMS).contains(&request.items.len());
    check.ensure("items", few, &format!("must hold 1 to {MOST_ITEMS} codes"));
    let plain = |item: &String| {
        let letters = item.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        letters && (1..=LONGEST_ITEM).contains(&item.len())
    };
    check.ensure("items", request.items.iter().all(plain), "must each have 1 to 63 of a-z, 0-9 and hyphen");
    let note = check.optional_text("note", &request.note, LONGEST_NOTE);
    let common = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let (request_id, command) = take(check, Move::RequestInformation, String::new(), common)?;
    Ok((request_id, TakeStep { items: request.items.clone(), note, ..command }))
}

pub(in crate::grpc) fn provide_information(request: &v1::ProvideInformationRequest) -> Result<(Uuid, TakeStep)> {
    let mut check = Check::default();
    let note = check.optional_text("note", &request.note, LONGEST_NOTE);
    let common = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let (request_id, command) = take(check, Move::ProvideInformation, String::new(), common)?;
    Ok((request_id, TakeStep { note, ..command }))
}

/// A step of which only a provider's reason is asked.
pub(in crate::grpc) fn step_for(
    by: Move,
    reason: i32,
    (name, etag, request_id): (&str, &str, &str),
) -> Result<(Uuid, TakeStep)> {
    let mut check = Check::default();
    let reason = parse_reason(&mut check, reason);
    take(check, by, reason.as_str().into(), (name, etag, request_id))
}

pub(in crate::grpc) fn reject_referral(request: &v1::RejectReferralRequest) -> Result<(Uuid, RejectReferral)> {
    let mut check = Check::default();
    let reason = parse_reason(&mut check, request.reason);
    let alternative = Place::parse(&request.alternative);
    let readable = alternative.is_some() || request.alternative.is_empty();
    check.ensure("alternative", readable, "must be the name of an organisation or a site");
    let (id, seen) = (check.name("name", &request.name), etag(&mut check, &request.etag));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, RejectReferral { id, reason, alternative, seen }))
}

pub(in crate::grpc) fn redirect_referral(request: &v1::RedirectReferralRequest) -> Result<(Uuid, RedirectReferral)> {
    let mut check = Check::default();
    let reason = parse_reason(&mut check, request.reason);
    let provider = check.name("provider", &request.provider);
    let site = check.optional_child("site", &request.site);
    let (id, seen) = (check.name("name", &request.name), etag(&mut check, &request.etag));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let (replacement, number) = (ReferralId::draw(), Number::from_random(random::bits()?));
    Ok((request_id, RedirectReferral { id, reason, provider, site, replacement, number, seen }))
}

pub(in crate::grpc) fn enter_in_error(request: &v1::EnterInErrorRequest) -> Result<(Uuid, TakeStep)> {
    use enter_in_error_request::Reason as Given;
    let mut check = Check::default();
    let reason = match check.choice("reason", request.reason) {
        Given::WrongPatient => "wrong-patient",
        Given::WrongService => "wrong-service",
        Given::Duplicate => "duplicate",
        // Unspecified has been refused by the check.
        Given::NotMeant | Given::Unspecified => "not-meant",
    };
    let common = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    take(check, Move::EnterInError, reason.into(), common)
}

pub(in crate::grpc) fn undo_referral(request: &v1::UndoReferralRequest) -> Result<(Uuid, UndoReferral)> {
    use undo_referral_request::Reason as Given;
    let mut check = Check::default();
    let reason = match check.choice("reason", request.reason) {
        Given::WrongReferral => "wrong-referral",
        Given::WrongStep => "wrong-step",
        // Unspecified has been refused by the check.
        Given::NewInformation | Given::Unspecified => "new-information",
    };
    let (id, seen) = (check.name("name", &request.name), etag(&mut check, &request.etag));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, UndoReferral { id, reason, seen }))
}

fn parse_reason(check: &mut Check, given: i32) -> Reason {
    use v1::referral::Reason as Given;
    match check.choice("reason", given) {
        Given::NotEligible => Reason::NotEligible,
        Given::OutOfArea => Reason::OutOfArea,
        Given::MissingDocument => Reason::MissingDocument,
        Given::Duplicate => Reason::Duplicate,
        Given::WrongService => Reason::WrongService,
        Given::PatientDeclined => Reason::PatientDeclined,
        Given::CouldNotContact => Reason::CouldNotContact,
        Given::VolumeExhausted => Reason::VolumeExhausted,
        Given::BudgetExhausted => Reason::BudgetExhausted,
        Given::ConventionNotInForce => Reason::ConventionNotInForce,
        Given::ServiceNotCovered => Reason::ServiceNotCovered,
        Given::PrescriberNotEntitled => Reason::PrescriberNotEntitled,
        Given::SiteNotInScope => Reason::SiteNotInScope,
        Given::OwnDoctorAvailable => Reason::OwnDoctorAvailable,
        // Unspecified has been refused by the check.
        Given::NoCapacity | Given::Unspecified => Reason::NoCapacity,
    }
}
