//! The calls of a journey. A request that is sent again has the same body: it is made of nothing that changes meanwhile.

use std::time::Duration;

use relais_platform::calls::check::time_to_proto;
use relais_proto::{
    referral::v1::{AcceptReferralRequest, CreatePatientRequest, SubmitReferralRequest},
    results::v1::{
        AcknowledgeReportRequest, CreateReportRequest, GetReportRequest, ListOrdersRequest, PlaceOrderRequest,
        RecordSamplingRequest, ReportContent, ReviseReportRequest, observation::Interpretation, report::Status,
    },
    scheduling::v1::{
        BookAppointmentRequest, CancelAppointmentRequest, CancelReason, HoldSlotRequest, ListAppointmentsRequest,
        RecordArrivalRequest, RecordFulfilmentRequest, RegisterWalkInRequest, RescheduleAppointmentRequest,
        SearchSlotsRequest,
    },
};

use super::{
    known::{Answered, Known},
    road::{Question, Step},
};
use crate::{
    Session, date,
    faults::{
        call::{Reply, call},
        laboratory::Laboratory,
        record::Deed,
    },
    partnership::{
        self,
        laboratory::{CREATININE, GLUCOSE, ask, content},
    },
};

/// A call that is made: by whom, with which `request_id`, and for how long its answer is waited for.
pub(super) struct Caller<'c> {
    pub session: Session,
    pub lab: &'c Laboratory,
    pub known: &'c Known,
    pub request: String,
    pub patience: Duration,
}

/// Sends a request by the method of a client, and takes the one field of its answer.
macro_rules! send {
    ($caller:ident, $client:ident.$method:ident($body:expr), $answer:ident.$field:ident => $answered:path) => {{
        let mut client = $caller.session.$client();
        let send = |request| async move { client.$method(request).await };
        call($caller.patience, $body, send, |$answer| $answer.$field.map($answered)).await
    }};
    ($caller:ident, $client:ident.$method:ident($body:expr), all $answer:ident.$field:ident => $answered:path) => {{
        let mut client = $caller.session.$client();
        let send = |request| async move { client.$method(request).await };
        call($caller.patience, $body, send, |$answer| Some($answered($answer.$field))).await
    }};
}

impl Caller<'_> {
    /// Makes the call of a step.
    pub(super) async fn make(self, step: Step) -> Reply<Answered> {
        match step {
            Step::Ask(question) => self.look_up(question).await,
            Step::Do(deed @ (Deed::Enter | Deed::Submit | Deed::Accept)) => self.refer(deed).await,
            Step::Do(deed @ (Deed::Hold | Deed::Book | Deed::Reschedule | Deed::Cancel)) => self.book(deed).await,
            Step::Do(deed @ (Deed::WalkIn | Deed::Arrive | Deed::Fulfil)) => self.see(deed).await,
            Step::Do(deed @ (Deed::Place | Deed::Sample)) => self.order(deed).await,
            Step::Do(deed @ (Deed::Report(_) | Deed::Revise(_) | Deed::Acknowledge)) => self.report(deed).await,
        }
    }

    async fn look_up(self, question: Question) -> Reply<Answered> {
        let referral = self.known.referral.clone();
        match question {
            Question::Appointment => {
                let body = ListAppointmentsRequest { referral, ..Default::default() };
                send!(self, scheduling.list_appointments(body), all answer.appointments => Answered::Appointments)
            }
            Question::Slot => {
                let day = Some(date(self.lab.today));
                let body =
                    SearchSlotsRequest { referral, start_date: day, end_date: day, page_size: 5, ..Default::default() };
                send!(self, scheduling.search_slots(body), all answer.slots => Answered::Slots)
            }
            Question::Order => {
                let body = ListOrdersRequest { referral, ..Default::default() };
                send!(self, results.list_orders(body), all answer.orders => Answered::Orders)
            }
            Question::Report => {
                let body = GetReportRequest { name: self.known.report.clone(), ..Default::default() };
                send!(self, reports.get_report(body), answer.report => Answered::Report)
            }
        }
    }

    async fn refer(self, deed: Deed) -> Reply<Answered> {
        let (known, request_id) = (self.known, self.request.clone());
        match deed {
            Deed::Enter => {
                let body = CreatePatientRequest { patient: None, request_id };
                send!(self, patients.create_patient(body), answer.patient => Answered::Patient)
            }
            Deed::Submit => {
                let (lab, places) = (self.lab, &self.lab.places);
                let sent = partnership::referral(&lab.convention, &known.patient, &places.lab, lab.today);
                let referral = Some(ask(sent, &places.forges, &lab.prescriber));
                let body = SubmitReferralRequest { referral, request_id, ..Default::default() };
                send!(self, referrals.submit_referral(body), answer.referral => Answered::referral)
            }
            _ => {
                let body = AcceptReferralRequest { name: known.referral.clone(), request_id, ..Default::default() };
                send!(self, referrals.accept_referral(body), answer.referral => Answered::referral)
            }
        }
    }

    async fn book(self, deed: Deed) -> Reply<Answered> {
        let (name, request_id) = (self.known.appointment.clone(), self.request.clone());
        let (slot, etag) = (self.known.slot.clone(), String::new());
        match deed {
            Deed::Hold => {
                let body = HoldSlotRequest { name, slot, etag, request_id };
                send!(self, scheduling.hold_slot(body), answer.appointment => Answered::Appointment)
            }
            Deed::Book => {
                let slot = if self.known.held { String::new() } else { slot };
                let body = BookAppointmentRequest { name, slot, etag, request_id };
                send!(self, scheduling.book_appointment(body), answer.appointment => Answered::Appointment)
            }
            Deed::Reschedule => {
                let body = RescheduleAppointmentRequest { name, slot, etag, request_id };
                send!(self, scheduling.reschedule_appointment(body), answer.appointment => Answered::Appointment)
            }
            _ => {
                let reason = CancelReason::PatientUnavailable.into();
                let body = CancelAppointmentRequest { name, reason, etag, request_id };
                send!(self, scheduling.cancel_appointment(body), answer.appointment => Answered::Appointment)
            }
        }
    }

    async fn see(self, deed: Deed) -> Reply<Answered> {
        let (name, etag, request_id) = (self.known.appointment.clone(), String::new(), self.request.clone());
        match deed {
            Deed::WalkIn => {
                let site = self.lab.places.chem.clone();
                let body = RegisterWalkInRequest { name, site, etag, request_id };
                send!(self, scheduling.register_walk_in(body), answer.appointment => Answered::Appointment)
            }
            Deed::Arrive => {
                let body = RecordArrivalRequest { name, etag, request_id };
                send!(self, scheduling.record_arrival(body), answer.appointment => Answered::Appointment)
            }
            _ => {
                let body = RecordFulfilmentRequest { name, etag, request_id };
                send!(self, scheduling.record_fulfilment(body), answer.appointment => Answered::Appointment)
            }
        }
    }

    async fn order(self, deed: Deed) -> Reply<Answered> {
        let (name, etag, request_id) = (self.known.order.clone(), String::new(), self.request.clone());
        if deed == Deed::Place {
            let codes = [GLUCOSE, CREATININE].map(Into::into).to_vec();
            let body = PlaceOrderRequest { name, codes, etag, request_id };
            return send!(self, results.place_order(body), answer.order => Answered::Order);
        }
        let body = RecordSamplingRequest {
            name,
            lines: Vec::new(),
            sample_time: Some(time_to_proto(self.lab.opened)),
            site: self.lab.places.forges.clone(),
            etag,
            request_id,
        };
        send!(self, results.record_sampling(body), answer.order => Answered::Order)
    }

    async fn report(self, deed: Deed) -> Reply<Answered> {
        let (known, request_id) = (self.known, self.request.clone());
        match deed {
            Deed::Report(status) => {
                let body = CreateReportRequest {
                    order: known.order.clone(),
                    referral_number: known.number.clone(),
                    patient: known.patient.clone(),
                    accession_number: format!("BX-{}", known.number),
                    status: status.into(),
                    content: Some(self.content(status)),
                    request_id,
                };
                send!(self, reports.create_report(body), answer.report => Answered::Report)
            }
            Deed::Revise(status) => {
                let (name, etag, content) = (known.report.clone(), known.version.to_string(), self.content(status));
                let body =
                    ReviseReportRequest { name, etag, status: status.into(), content: Some(content), request_id };
                send!(self, reports.revise_report(body), answer.report => Answered::Report)
            }
            _ => {
                let body = AcknowledgeReportRequest { name: known.report.clone(), version: known.version, request_id };
                let mut client = self.session.reports();
                let send = |request| async move { client.acknowledge_report(request).await };
                call(self.patience, body, send, |answer| Some(Answered::Acknowledged(answer.version))).await
            }
        }
    }

    /// It concludes with the request's id: so it is known whose words are read later.
    fn content(&self, status: Status) -> ReportContent {
        let creatinine = if status == Status::Corrected { "1.9" } else { "0.9" };
        let values = [(GLUCOSE, "94", Interpretation::Normal), (CREATININE, creatinine, Interpretation::Normal)];
        let told = if status == Status::Partial { &values[..1] } else { &values[..] };
        ReportContent { conclusion: self.request.clone(), ..content(self.lab.today, &self.lab.places.forges, told) }
    }
}
