//! Steps that come again and again, each one public RPC or a few.

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use relais_platform::calls::check::time_to_proto;
use relais_proto::{
    referral::v1::{
        AcceptReferralRequest, GetReferralRequest, PatientIdentity, Referral, SubmitReferralRequest, referral,
    },
    results::v1::{
        AcknowledgeReportRequest, CreateReportRequest, GetReportRequest, ListOrdersRequest, Order, PlaceOrderRequest,
        RecordSamplingRequest, Report, ReviseReportRequest, report,
    },
    scheduling::v1::{
        Appointment, BookAppointmentRequest, HoldSlotRequest, ListAppointmentsRequest, RecordArrivalRequest,
        RecordFulfilmentRequest, SearchSlotsRequest, Slot, appointment,
    },
};

use super::{Stage, agreement::Partnership, ensure};
use crate::{
    date, eventually,
    partnership::{
        self,
        laboratory::{self, content},
    },
    request_id,
    story::{Actor, asked},
};

pub(super) use laboratory::{CREATININE, GLUCOSE, Measured};

impl Partnership {
    /// Opens the record of somebody who has no cover; who it is stands in the vault.
    pub(super) async fn patient(&self, stage: &Stage<'_>, family: &str, given: &str) -> Result<String> {
        let born = stage.today() - Days::new(30 * 365);
        stage.whisper([family, given, &born.to_string()]);
        let identity = PatientIdentity {
            language: "ar".into(),
            needs_interpreter: true,
            ..partnership::identity(family, given, born)
        };
        Ok(partnership::patient_of(&stage.at(&self.desk)?.referral, identity).await?.name)
    }

    /// What is asked for a patient.
    pub(super) fn ask(&self, patient: &str, day: NaiveDate) -> Referral {
        let sent = partnership::referral(&self.convention, patient, &self.provider, day);
        laboratory::ask(sent, &self.forges, &self.prescriber.identity.practitioner)
    }

    /// Submits a referral.
    pub(super) async fn submit(&self, stage: &Stage<'_>, patient: &str) -> Result<Referral> {
        let ask = self.ask(patient, stage.today() + Days::new(3));
        self.submit_as(stage, &self.prescriber, ask).await
    }

    pub(super) async fn submit_as(&self, stage: &Stage<'_>, actor: &Actor, ask: Referral) -> Result<Referral> {
        let request = SubmitReferralRequest { referral: Some(ask), request_id: request_id() };
        let mut client = stage.at(actor)?.referral.referrals();
        asked("SubmitReferral", client.submit_referral(request)).await?.referral.context("no referral")
    }

    /// Accepts it, and waits until scheduling knows.
    pub(super) async fn accept(&self, stage: &Stage<'_>, sent: &Referral) -> Result<Referral> {
        let request = AcceptReferralRequest { name: sent.name.clone(), request_id: request_id(), ..Default::default() };
        let mut client = stage.at(&self.reception)?.referral.referrals();
        let accepted = asked("AcceptReferral", client.accept_referral(request)).await?;
        stage.settle().await?;
        accepted.referral.context("no referral")
    }

    /// The referral as the care centre sees it.
    pub(super) async fn look(&self, stage: &Stage<'_>, sent: &Referral) -> Result<Referral> {
        let request = GetReferralRequest { name: sent.name.clone() };
        let mut client = stage.at(&self.prescriber)?.referral.referrals();
        asked("GetReferral", client.get_referral(request)).await?.referral.context("no referral")
    }

    /// Waits until the referral stands somewhere.
    pub(super) async fn until(&self, stage: &Stage<'_>, sent: &Referral, state: referral::State) -> Result<Referral> {
        eventually(&format!("the referral is {}", state.as_str_name()), || async {
            Ok(Some(self.look(stage, sent).await?).filter(|now| now.state() == state))
        })
        .await
    }

    /// The open appointment of a referral.
    pub(super) async fn appointment(&self, stage: &Stage<'_>, sent: &Referral) -> Result<Appointment> {
        let closed = [appointment::State::Cancelled, appointment::State::Noshow, appointment::State::EnteredInError];
        eventually("the referral has an appointment", || async {
            let request = ListAppointmentsRequest { referral: sent.name.clone(), ..Default::default() };
            let mut client = stage.at(&self.reception)?.scheduling.scheduling();
            let list = asked("ListAppointments", client.list_appointments(request)).await?;
            Ok(list.appointments.into_iter().find(|found| !closed.contains(&found.state())))
        })
        .await
    }

    /// Free slots for a referral at a site.
    pub(super) async fn slots(&self, stage: &Stage<'_>, sent: &Referral, site: &str) -> Result<Vec<Slot>> {
        let request = SearchSlotsRequest {
            referral: sent.name.clone(),
            site: site.into(),
            start_date: Some(date(stage.today() + Days::new(3))),
            end_date: Some(date(stage.today() + Days::new(17))),
            ..Default::default()
        };
        let mut client = stage.at(&self.desk)?.scheduling.scheduling();
        Ok(asked("SearchSlots", client.search_slots(request)).await?.slots)
    }

    /// Holds the first free slot at a site and books it.
    pub(super) async fn book(&self, stage: &Stage<'_>, sent: &Referral, site: &str) -> Result<Appointment> {
        let slot = self.slots(stage, sent, site).await?.into_iter().next().context("no slot is free")?;
        let name = self.appointment(stage, sent).await?.name;
        let mut client = stage.at(&self.desk)?.scheduling.scheduling();
        let hold =
            HoldSlotRequest { name: name.clone(), slot: slot.name, request_id: request_id(), ..Default::default() };
        asked("HoldSlot", client.hold_slot(hold)).await?;
        let book = BookAppointmentRequest { name, request_id: request_id(), ..Default::default() };
        let booked = asked("BookAppointment", client.book_appointment(book)).await?.appointment;
        let booked = booked.context("no appointment")?;
        ensure(booked.state() == appointment::State::Booked, "the appointment is not booked")?;
        Ok(booked)
    }

    /// The patient comes and is sampled.
    pub(super) async fn attend(&self, stage: &Stage<'_>, booked: &Appointment) -> Result<()> {
        let mut client = stage.at(&self.reception)?.scheduling.scheduling();
        let (name, first) = (booked.name.clone(), request_id());
        let arrival = RecordArrivalRequest { name: name.clone(), request_id: first, ..Default::default() };
        asked("RecordArrival", client.record_arrival(arrival)).await?;
        let done = RecordFulfilmentRequest { name, request_id: request_id(), ..Default::default() };
        asked("RecordFulfilment", client.record_fulfilment(done)).await?;
        Ok(())
    }

    /// The order of a referral.
    pub(super) async fn order(&self, stage: &Stage<'_>, sent: &Referral) -> Result<Order> {
        eventually("results has the order", || async {
            let request = ListOrdersRequest { referral: sent.name.clone(), ..Default::default() };
            let mut client = stage.at(&self.prescriber)?.results.results();
            Ok(asked("ListOrders", client.list_orders(request)).await?.orders.into_iter().next())
        })
        .await
    }

    /// Dr Weber says which analyses.
    pub(super) async fn place(&self, stage: &Stage<'_>, sent: &Referral, codes: &[&str]) -> Result<Order> {
        let name = self.order(stage, sent).await?.name;
        stage.whisper(codes.iter().copied());
        let codes = codes.iter().map(|code| (*code).to_string()).collect();
        let request = PlaceOrderRequest { name, codes, request_id: request_id(), ..Default::default() };
        let mut client = stage.at(&self.prescriber)?.results.results();
        asked("PlaceOrder", client.place_order(request)).await?.order.context("no order")
    }

    /// The laboratory has the samples, taken a minute ago.
    pub(super) async fn sample(&self, stage: &Stage<'_>, order: &Order, site: &str) -> Result<()> {
        let at = stage.now() - TimeDelta::minutes(1);
        let request = RecordSamplingRequest {
            name: order.name.clone(),
            sample_time: Some(time_to_proto(at)),
            site: site.into(),
            request_id: request_id(),
            ..Default::default()
        };
        let mut client = stage.at(&self.biologist)?.results.results();
        asked("RecordSampling", client.record_sampling(request)).await?;
        Ok(())
    }

    /// A first report.
    pub(super) async fn report(&self, stage: &Stage<'_>, told: Told<'_>) -> Result<Report> {
        let request = CreateReportRequest {
            order: told.order.name.clone(),
            referral_number: told.sent.number.clone(),
            patient: told.patient.into(),
            accession_number: format!("BX-{}", told.sent.number),
            status: told.status.into(),
            content: Some(content(stage.today(), told.site, told.values)),
            request_id: request_id(),
        };
        let mut client = stage.at(&self.biologist)?.results.reports();
        asked("CreateReport", client.create_report(request)).await?.report.context("no report")
    }

    /// The next version of a report.
    pub(super) async fn revise(
        &self,
        stage: &Stage<'_>,
        last: &Report,
        status: report::Status,
        values: &[Measured<'_>],
    ) -> Result<Report> {
        let request = ReviseReportRequest {
            name: last.name.clone(),
            etag: last.etag.clone(),
            status: status.into(),
            content: Some(content(stage.today(), &self.forges, values)),
            request_id: request_id(),
        };
        let mut client = stage.at(&self.biologist)?.results.reports();
        asked("ReviseReport", client.revise_report(request)).await?.report.context("no report")
    }
}

/// What a first report says, and of whom.
pub(super) struct Told<'a> {
    pub order: &'a Order,
    pub sent: &'a Referral,
    pub patient: &'a str,
    pub site: &'a str,
    pub status: report::Status,
    pub values: &'a [Measured<'a>],
}

/// Reads a report, as somebody may or may not.
pub(super) async fn read(stage: &Stage<'_>, reader: &Actor, report: &Report) -> Result<Report> {
    let request = GetReportRequest { name: report.name.clone(), ..Default::default() };
    let mut client = stage.at(reader)?.results.reports();
    asked("GetReport", client.get_report(request)).await?.report.context("no report")
}

/// Reads a report once it was released to somebody.
pub(super) async fn read_when_released(stage: &Stage<'_>, reader: &Actor, report: &Report) -> Result<Report> {
    let what = format!("{} reads version {} of the report", reader.title, report.version);
    let released = |found: &Report| found.version >= report.version && found.content.is_some();
    eventually(&what, || async { Ok(Some(read(stage, reader, report).await?).filter(released)) }).await
}

/// Takes note of a version.
pub(super) async fn acknowledge(stage: &Stage<'_>, reader: &Actor, read: &Report) -> Result<()> {
    let request = AcknowledgeReportRequest { name: read.name.clone(), version: read.version, request_id: request_id() };
    let mut client = stage.at(reader)?.results.reports();
    asked("AcknowledgeReport", client.acknowledge_report(request)).await?;
    Ok(())
}

/// When an appointment or a slot begins.
pub(super) fn begins(time: Option<prost_types::Timestamp>) -> Result<DateTime<Utc>> {
    let time = time.context("no time")?;
    DateTime::from_timestamp(time.seconds, 0).context("no time that can be")
}
