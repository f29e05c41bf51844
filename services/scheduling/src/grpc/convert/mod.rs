//! Makes answers of the domain's values.

mod opening;
mod search;

pub(super) use opening::{closure, opening_rule};
pub(super) use search::found;

use chrono::{DateTime, Utc};
use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    ids::AppointmentId,
};
use relais_proto::scheduling::v1;

use crate::domain::{Appointment, Hold, State, Version};

/// An appointment as it stands at `now`: pending, while a seat is held for it, or the convention is asked for its day.
pub(super) fn appointment(value: Appointment, now: DateTime<Utc>) -> v1::Appointment {
    use v1::appointment::State as Shown;
    let hold = value.live_hold(now).cloned();
    let pending_reason = pending_reason(value.state, hold.as_ref());
    let state = match value.state {
        State::Pending => Shown::Pending,
        State::Proposed if hold.is_some() => Shown::Pending,
        State::Proposed => Shown::Proposed,
        State::Booked => Shown::Booked,
        State::Arrived => Shown::Arrived,
        State::Fulfilled => Shown::Fulfilled,
        State::NoShow => Shown::Noshow,
        State::Cancelled => Shown::Cancelled,
        State::EnteredInError => Shown::EnteredInError,
    };
    let hold_expire_time = hold.as_ref().map(|hold| time_to_proto(hold.until));
    let time = hold.map(|hold| hold.time).or(value.time);
    let site = time.as_ref().map(|time| time.site).or(value.site);
    v1::Appointment {
        name: value.id.to_string(),
        state: state.into(),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        provider: value.provider.to_string(),
        site: site.map(|site| site.to_string()).unwrap_or_default(),
        requested_date: Some(date_to_proto(value.requested_date)),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
        slot: time.as_ref().map(|time| time.slot.to_string()).unwrap_or_default(),
        start_time: time.as_ref().map(|time| time_to_proto(time.start)),
        end_time: time.as_ref().map(|time| time_to_proto(time.end)),
        time_zone: time.map(|time| time.time_zone).unwrap_or_default(),
        hold_expire_time,
        confirmed: value.confirmed,
        walk_in: value.walk_in,
        reason: value.reason,
        cancelled_by: value.cancelled_by.map(|by| by.to_string()).unwrap_or_default(),
        needs: Some(v1::Needs {
            interpreter_language: value.needs.interpreter_language,
            wheelchair: value.needs.wheelchair,
        }),
        etag: value.version.to_string(),
        pending_reason: pending_reason.into(),
    }
}

fn pending_reason(state: State, hold: Option<&Hold>) -> v1::appointment::PendingReason {
    match state {
        State::Pending => v1::appointment::PendingReason::Judgement,
        _ if hold.is_some() => v1::appointment::PendingReason::Hold,
        _ => v1::appointment::PendingReason::Unspecified,
    }
}

/// As one of its versions was.
pub(super) fn version(value: Version) -> v1::AppointmentVersion {
    let time = value.time.as_ref();
    v1::AppointmentVersion {
        appointment: value.appointment.to_string(),
        version: value.version,
        state: value.state.as_str().into(),
        slot: time.map(|time| time.slot.to_string()).unwrap_or_default(),
        site: time.map(|time| time.site.to_string()).unwrap_or_default(),
        start_time: time.map(|time| time_to_proto(time.start)),
        end_time: time.map(|time| time_to_proto(time.end)),
        time_zone: value.time.map(|time| time.time_zone).unwrap_or_default(),
        confirmed: value.confirmed,
        walk_in: value.walk_in,
        reason: value.reason,
        cancelled_by: value.cancelled_by.map(|by| by.to_string()).unwrap_or_default(),
        time: Some(time_to_proto(value.at)),
    }
}

/// A seat that was held.
pub(super) fn hold(of: AppointmentId, value: Hold) -> v1::SlotHold {
    let Hold { time, until } = value;
    v1::SlotHold {
        appointment: of.to_string(),
        slot: time.slot.to_string(),
        site: time.site.to_string(),
        start_time: Some(time_to_proto(time.start)),
        end_time: Some(time_to_proto(time.end)),
        time_zone: time.time_zone,
        expire_time: Some(time_to_proto(until)),
    }
}
