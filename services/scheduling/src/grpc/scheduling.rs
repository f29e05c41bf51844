//! `relais.scheduling.v1`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::scheduling::v1::{
    GetAppointmentRequest, GetAppointmentResponse, ListAppointmentsRequest, ListAppointmentsResponse,
    scheduling_service_server::SchedulingService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::ListAppointments;

/// Serves appointments.
pub(super) struct Appointments(pub Context);

#[tonic::async_trait]
impl SchedulingService for Appointments {
    async fn get_appointment(&self, request: Request<GetAppointmentRequest>) -> Answer<GetAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let appointment = self.0.read(call, parse::get_appointment(&body)?).await?;
        answer(GetAppointmentResponse { appointment: Some(convert::appointment(appointment)) })
    }

    async fn list_appointments(&self, request: Request<ListAppointmentsRequest>) -> Answer<ListAppointmentsResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::referral(&body.referral)?;
        let page = self.0.pages.request(&call, &body.referral, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListAppointments { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.referral, found.next);
        let appointments = found.rows.into_iter().map(convert::appointment).collect();
        answer(ListAppointmentsResponse { appointments, next_page_token })
    }
}
