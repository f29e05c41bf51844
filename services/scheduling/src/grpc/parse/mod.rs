//! Makes commands of requests, and says all that is wrong with one at once.

mod opening;

pub(super) use opening::{create_closure, create_rule, end_rule, get_rule, lift_closure, site};

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    Error, Result,
    calls::{Call, Check, PageRequest},
    context::Context,
    error::Violation,
    ids::{AppointmentId, ReferralId},
};
use relais_proto::scheduling::v1;
use uuid::Uuid;

use crate::{
    app::{
        Asked, BookAppointment, CancelAppointment, GetAppointment, HoldSlot, RegisterWalkIn, RescheduleAppointment,
        SearchSlots, UndoLastStep,
    },
    domain::{CancelReason, UndoReason},
};

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

fn asked(check: &mut Check, name: &str, seen: &str) -> Asked {
    let id: AppointmentId = check.name("name", name);
    Asked { id, seen: etag(check, seen) }
}

/// What most changes of an appointment ask: which, in what version, and once per request.
pub(super) fn change(name: &str, seen: &str, request_id: &str) -> Result<(Uuid, Asked)> {
    let mut check = Check::default();
    let asked = asked(&mut check, name, seen);
    let request_id = check.request_id(request_id);
    check.finish().map(|()| (request_id, asked))
}

/// So many seconds of the settings.
fn lasting(context: &Context) -> TimeDelta {
    TimeDelta::seconds(context.settings.booking.hold_s.into())
}

/// How long before an appointment its patient is reminded.
fn lead(context: &Context) -> TimeDelta {
    TimeDelta::hours(context.settings.booking.reminder_hours.into())
}

pub(super) fn hold_slot(context: &Context, request: &v1::HoldSlotRequest) -> Result<(Uuid, HoldSlot)> {
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let slot = check.name("slot", &request.slot);
    let request_id = check.request_id(&request.request_id);
    let command = HoldSlot { asked, hold: Uuid::now_v7(), slot, lasts: lasting(context) };
    check.finish().map(|()| (request_id, command))
}

pub(super) fn book_appointment(
    context: &Context,
    request: &v1::BookAppointmentRequest,
) -> Result<(Uuid, BookAppointment)> {
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let slot = (!request.slot.is_empty()).then(|| check.name("slot", &request.slot));
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, BookAppointment { asked, slot, lead: lead(context) }))
}

pub(super) fn reschedule_appointment(
    context: &Context,
    request: &v1::RescheduleAppointmentRequest,
) -> Result<(Uuid, RescheduleAppointment)> {
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let slot = check.name("slot", &request.slot);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, RescheduleAppointment { asked, slot, lead: lead(context) }))
}

pub(super) fn cancel_appointment(request: &v1::CancelAppointmentRequest) -> Result<(Uuid, CancelAppointment)> {
    use v1::CancelReason as Given;
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let reason = match check.choice("reason", request.reason) {
        Given::PatientUnavailable => CancelReason::PatientUnavailable,
        Given::CouldNotContact => CancelReason::CouldNotContact,
        Given::ProviderUnavailable => CancelReason::ProviderUnavailable,
        Given::SiteClosed => CancelReason::SiteClosed,
        Given::BookedInError => CancelReason::BookedInError,
        // Unspecified has been noted by the check.
        Given::PatientDeclined | Given::Unspecified => CancelReason::PatientDeclined,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, CancelAppointment { asked, reason }))
}

pub(super) fn register_walk_in(request: &v1::RegisterWalkInRequest) -> Result<(Uuid, RegisterWalkIn)> {
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let site = check.child("site", &request.site);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, RegisterWalkIn { asked, site }))
}

pub(super) fn undo_last_step(request: &v1::UndoLastStepRequest) -> Result<(Uuid, UndoLastStep)> {
    use v1::UndoReason as Given;
    let mut check = Check::default();
    let asked = asked(&mut check, &request.name, &request.etag);
    let reason = match check.choice("reason", request.reason) {
        Given::WrongPatient => UndoReason::WrongPatient,
        Given::PatientCame => UndoReason::PatientCame,
        // Unspecified has been noted by the check.
        Given::RecordedInError | Given::Unspecified => UndoReason::RecordedInError,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, UndoLastStep { asked, reason }))
}

/// All else that a page token of a search goes with.
pub(super) fn filter(request: &v1::SearchSlotsRequest) -> String {
    let day = |date: Option<relais_proto::google::r#type::Date>| date.map(|d| (d.year, d.month, d.day));
    format!("{}|{}|{:?}|{:?}", request.referral, request.site, day(request.start_date), day(request.end_date))
}

pub(super) fn search_slots(context: &Context, call: &Call, request: &v1::SearchSlotsRequest) -> Result<SearchSlots> {
    let mut check = Check::default();
    let referral = check.name("referral", &request.referral);
    let site = check.optional_child("site", &request.site);
    let from = request.start_date.map(|day| check.date("start_date", Some(day)));
    let until = request.end_date.map(|day| check.date("end_date", Some(day)));
    check.finish()?;
    // Sizes are as everywhere; places are of our own, for slots run from the earliest to the latest.
    let PageRequest { size, .. } = context.pages.request(call, "", request.page_size, "")?;
    let after = if request.page_token.is_empty() {
        None
    } else {
        let place = context.pages.open(call, &filter(request), &request.page_token).and_then(|bytes| place(&bytes));
        let wrong = || Error::invalid(vec![Violation::new("page_token", "was not given for this call")]);
        Some(place.ok_or_else(wrong)?)
    };
    Ok(SearchSlots { referral, site, from, until, after, size })
}

/// The place of a page token: beginning and id of the last slot.
fn place(bytes: &[u8]) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = bytes.split_first_chunk::<8>()?;
    Some((DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?, Uuid::from_slice(id).ok()?))
}

/// The page token of a place.
pub(super) fn token(
    context: &Context,
    call: &Call,
    request: &v1::SearchSlotsRequest,
    next: Option<(DateTime<Utc>, Uuid)>,
) -> String {
    let bytes =
        |(start, id): (DateTime<Utc>, Uuid)| [&start.timestamp_micros().to_be_bytes()[..], id.as_bytes()].concat();
    next.map(|next| context.pages.seal(call, &filter(request), &bytes(next))).unwrap_or_default()
}
