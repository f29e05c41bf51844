//! Requests of staff time.

use chrono::DateTime;
use relais_platform::{Result, calls::Check, ids::StaffTimeId};
use relais_proto::convention::v1;
use uuid::Uuid;

use super::plain_code;
use crate::{
    app::convention::{ConfirmStaffTime, ReleaseStaffTime, ReserveStaffTime},
    domain::convention::{StaffTime, StaffTimeState, USUAL_HOLD_DAYS},
};

/// The longest reference.
const REFERENCE: usize = 100;

pub(in crate::grpc) fn reserve_staff_time(request: &v1::ReserveStaffTimeRequest) -> Result<(Uuid, ReserveStaffTime)> {
    let mut check = Check::default();
    let given = check.required("staff_time", request.staff_time.clone());
    let planned = StaffTime {
        id: StaffTimeId::draw(),
        convention: check.name("staff_time.convention", &given.convention),
        convention_version: 0,
        line_id: plain_code(&mut check, "staff_time.line_id", &given.line_id),
        planned_minutes: given.planned_minutes,
        work_date: check.date("staff_time.work_date", given.work_date),
        site: check.optional_child("staff_time.site", &given.site),
        reference: check.optional_text("staff_time.reference", &given.reference, REFERENCE),
        hold_days: if given.hold_days == 0 { USUAL_HOLD_DAYS } else { given.hold_days },
        version: 1,
        state: StaffTimeState::Reserved,
        worked_minutes: 0,
        create_time: DateTime::default(),
        update_time: DateTime::default(),
    };
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, ReserveStaffTime(planned)))
}

pub(in crate::grpc) fn confirm_staff_time(request: &v1::ConfirmStaffTimeRequest) -> Result<(Uuid, ConfirmStaffTime)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let minutes = (request.worked_minutes != 0).then_some(request.worked_minutes);
    Ok((request_id, ConfirmStaffTime { id, minutes }))
}

pub(in crate::grpc) fn release_staff_time(request: &v1::ReleaseStaffTimeRequest) -> Result<(Uuid, ReleaseStaffTime)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, ReleaseStaffTime(id)))
}
