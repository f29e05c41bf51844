//! `relais.scheduling.v1.SchedulingService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::scheduling::v1::{
    BookAppointmentRequest, BookAppointmentResponse, CancelAppointmentRequest, CancelAppointmentResponse,
    ConfirmAppointmentRequest, ConfirmAppointmentResponse, GetAppointmentRequest, GetAppointmentResponse,
    HoldSlotRequest, HoldSlotResponse, ListAppointmentsRequest, ListAppointmentsResponse, RecordArrivalRequest,
    RecordArrivalResponse, RecordFulfilmentRequest, RecordFulfilmentResponse, RecordNoShowRequest,
    RecordNoShowResponse, RegisterWalkInRequest, RegisterWalkInResponse, RescheduleAppointmentRequest,
    RescheduleAppointmentResponse, SearchSlotsRequest, SearchSlotsResponse, UndoLastStepRequest, UndoLastStepResponse,
    scheduling_service_server::SchedulingService,
};
use tonic::Request;

use super::{convert, parse};
use crate::{
    app::{ConfirmAppointment, ListAppointments, RecordArrival, RecordFulfilment, RecordNoShow},
    domain::Appointment,
};

/// Serves appointments.
pub(super) struct Appointments(pub Context);

impl Appointments {
    #[allow(clippy::unnecessary_wraps, reason = "what every answer holds")]
    fn shown(&self, appointment: Appointment) -> Option<relais_proto::scheduling::v1::Appointment> {
        Some(convert::appointment(appointment, self.0.clock.now()))
    }
}

#[tonic::async_trait]
impl SchedulingService for Appointments {
    async fn get_appointment(&self, request: Request<GetAppointmentRequest>) -> Answer<GetAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let found = self.0.read(call, parse::get_appointment(&body)?).await?;
        answer(GetAppointmentResponse { appointment: self.shown(found) })
    }

    async fn list_appointments(&self, request: Request<ListAppointmentsRequest>) -> Answer<ListAppointmentsResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::referral(&body.referral)?;
        let page = self.0.pages.request(&call, &body.referral, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListAppointments { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.referral, found.next);
        let appointments = found.rows.into_iter().filter_map(|row| self.shown(row)).collect();
        answer(ListAppointmentsResponse { appointments, next_page_token })
    }

    async fn search_slots(&self, request: Request<SearchSlotsRequest>) -> Answer<SearchSlotsResponse> {
        let (call, body) = self.0.open(request)?;
        let language = call.language;
        let search = parse::search_slots(&self.0, &call, &body)?;
        let page = self.0.read(call.clone(), search).await?;
        let next_page_token = parse::token(&self.0, &call, &body, page.next);
        answer(convert::found(page, next_page_token, language))
    }

    async fn hold_slot(&self, request: Request<HoldSlotRequest>) -> Answer<HoldSlotResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::hold_slot(&self.0, &body)?;
        let held = self.0.change(call, request_id, &body, command).await?;
        // As it was made, also to a request that comes again later.
        let made = held.appointment.hold.as_ref().map(|hold| hold.until - chrono::TimeDelta::microseconds(1));
        let shown = convert::appointment(held.appointment, made.unwrap_or_else(|| self.0.clock.now()));
        answer(HoldSlotResponse { appointment: Some(shown) })
    }

    async fn book_appointment(&self, request: Request<BookAppointmentRequest>) -> Answer<BookAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::book_appointment(&self.0, &body)?;
        let changed = self.0.change(call, request_id, &body, command).await?;
        answer(BookAppointmentResponse { appointment: self.shown(changed) })
    }

    async fn reschedule_appointment(
        &self,
        request: Request<RescheduleAppointmentRequest>,
    ) -> Answer<RescheduleAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::reschedule_appointment(&self.0, &body)?;
        let changed = self.0.change(call, request_id, &body, command).await?;
        answer(RescheduleAppointmentResponse { appointment: self.shown(changed) })
    }

    async fn cancel_appointment(
        &self,
        request: Request<CancelAppointmentRequest>,
    ) -> Answer<CancelAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::cancel_appointment(&body)?;
        let changed = self.0.change(call, request_id, &body, command).await?;
        answer(CancelAppointmentResponse { appointment: self.shown(changed) })
    }

    async fn confirm_appointment(
        &self,
        request: Request<ConfirmAppointmentRequest>,
    ) -> Answer<ConfirmAppointmentResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, asked) = parse::change(&body.name, &body.etag, &body.request_id)?;
        let changed = self.0.change(call, request_id, &body, ConfirmAppointment(asked)).await?;
        answer(ConfirmAppointmentResponse { appointment: self.shown(changed) })
    }

    async fn register_walk_in(&self, request: Request<RegisterWalkInRequest>) -> Answer<RegisterWalkInResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::register_walk_in(&body)?;
        let changed = self.0.change(call, request_id, &body, command).await?;
        answer(RegisterWalkInResponse { appointment: self.shown(changed) })
    }

    async fn record_arrival(&self, request: Request<RecordArrivalRequest>) -> Answer<RecordArrivalResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, asked) = parse::change(&body.name, &body.etag, &body.request_id)?;
        let changed = self.0.change(call, request_id, &body, RecordArrival(asked)).await?;
        answer(RecordArrivalResponse { appointment: self.shown(changed) })
    }

    async fn record_fulfilment(&self, request: Request<RecordFulfilmentRequest>) -> Answer<RecordFulfilmentResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, asked) = parse::change(&body.name, &body.etag, &body.request_id)?;
        let changed = self.0.change(call, request_id, &body, RecordFulfilment(asked)).await?;
        answer(RecordFulfilmentResponse { appointment: self.shown(changed) })
    }

    async fn record_no_show(&self, request: Request<RecordNoShowRequest>) -> Answer<RecordNoShowResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, asked) = parse::change(&body.name, &body.etag, &body.request_id)?;
        let changed = self.0.change(call, request_id, &body, RecordNoShow(asked)).await?;
        answer(RecordNoShowResponse { appointment: self.shown(changed) })
    }

    async fn undo_last_step(&self, request: Request<UndoLastStepRequest>) -> Answer<UndoLastStepResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::undo_last_step(&body)?;
        let changed = self.0.change(call, request_id, &body, command).await?;
        answer(UndoLastStepResponse { appointment: self.shown(changed) })
    }
}
