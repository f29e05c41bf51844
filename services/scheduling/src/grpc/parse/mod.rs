//! Makes commands of requests, and says all that is wrong with one at once.

mod opening;
mod search;

pub(super) use opening::{create_closure, create_rule, end_rule, get_rule, lift_closure, site};
pub(super) use search::{search_slots, token};

use chrono::TimeDelta;
use relais_platform::{
    Result,
    calls::Check,
    context::Context,
    ids::{AppointmentId, ReferralId},
};
use relais_proto::scheduling::v1;
use uuid::Uuid;

use crate::{
    app::{
        Asked, BookAppointment, CancelAppointment, GetAppointment, HoldSlot, RegisterWalkIn, RescheduleAppointment,
        UndoLastStep,
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
