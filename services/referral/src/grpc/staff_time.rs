//! `relais.convention.v1.StaffTimeService`.

use relais_platform::{
    Context,
    calls::check::{date_to_proto, time_to_proto},
    grpc::{Answer, answer},
};
use relais_proto::convention::v1::{
    self, ConfirmStaffTimeRequest, ConfirmStaffTimeResponse, ReleaseStaffTimeRequest, ReleaseStaffTimeResponse,
    ReserveStaffTimeRequest, ReserveStaffTimeResponse, staff_time::State, staff_time_service_server::StaffTimeService,
};
use tonic::Request;

use super::parse;
use crate::domain::convention::{StaffTime, StaffTimeState};

/// Serves staff time.
pub(super) struct StaffTimes(pub Context);

#[tonic::async_trait]
impl StaffTimeService for StaffTimes {
    async fn reserve_staff_time(&self, request: Request<ReserveStaffTimeRequest>) -> Answer<ReserveStaffTimeResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::reserve_staff_time(&body)?;
        let reserved = self.0.change(call, request_id, &body, command).await?;
        answer(ReserveStaffTimeResponse { staff_time: Some(staff_time(reserved)) })
    }

    async fn confirm_staff_time(&self, request: Request<ConfirmStaffTimeRequest>) -> Answer<ConfirmStaffTimeResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::confirm_staff_time(&body)?;
        let confirmed = self.0.change(call, request_id, &body, command).await?;
        answer(ConfirmStaffTimeResponse { staff_time: Some(staff_time(confirmed)) })
    }

    async fn release_staff_time(&self, request: Request<ReleaseStaffTimeRequest>) -> Answer<ReleaseStaffTimeResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::release_staff_time(&body)?;
        let released = self.0.change(call, request_id, &body, command).await?;
        answer(ReleaseStaffTimeResponse { staff_time: Some(staff_time(released)) })
    }
}

fn staff_time(value: StaffTime) -> v1::StaffTime {
    let state = match value.state {
        StaffTimeState::Reserved => State::Reserved,
        StaffTimeState::Confirmed => State::Confirmed,
        StaffTimeState::Released => State::Released,
        StaffTimeState::Lapsed => State::Lapsed,
    };
    v1::StaffTime {
        name: value.id.to_string(),
        expire_time: Some(time_to_proto(value.expire_time())),
        convention: value.convention.to_string(),
        line_id: value.line_id,
        planned_minutes: value.planned_minutes,
        work_date: Some(date_to_proto(value.work_date)),
        site: value.site.map(|site| site.to_string()).unwrap_or_default(),
        reference: value.reference,
        hold_days: value.hold_days,
        state: state.into(),
        worked_minutes: value.worked_minutes,
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
    }
}
