//! Steps that come again and again in every story, each one public RPC or a few, by whoever takes them.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use relais_proto::{
    referral::v1::{GetReferralRequest, Referral, SubmitReferralRequest, referral},
    results::v1::{AcknowledgeReportRequest, GetReportRequest, ListOrdersRequest, Order, PlaceOrderRequest, Report},
    scheduling::v1::{
        Appointment, BookAppointmentRequest, ListAppointmentsRequest, RecordArrivalRequest, RecordFulfilmentRequest,
        appointment,
    },
};
use tonic::Code;

use super::{Actor, Stage, asked};
use crate::{eventually, request_id};

/// Submits a referral.
pub(super) async fn submit(stage: &Stage<'_>, actor: &Actor, ask: Referral) -> Result<Referral> {
    let request = SubmitReferralRequest { referral: Some(ask), request_id: request_id(), ..Default::default() };
    let mut client = stage.at(actor)?.referral.referrals();
    asked("SubmitReferral", client.submit_referral(request)).await?.referral.context("no referral")
}

/// The referral as somebody sees it.
pub(super) async fn look(stage: &Stage<'_>, actor: &Actor, sent: &Referral) -> Result<Referral> {
    let request = GetReferralRequest { name: sent.name.clone() };
    let mut client = stage.at(actor)?.referral.referrals();
    asked("GetReferral", client.get_referral(request)).await?.referral.context("no referral")
}

/// Waits until somebody sees that the referral stands somewhere.
pub(super) async fn until(
    stage: &Stage<'_>,
    actor: &Actor,
    sent: &Referral,
    state: referral::State,
) -> Result<Referral> {
    eventually(&format!("the referral is {}", state.as_str_name()), || async {
        Ok(Some(look(stage, actor, sent).await?).filter(|now| now.state() == state))
    })
    .await
}

/// The open appointment of a referral.
pub(super) async fn appointment(stage: &Stage<'_>, actor: &Actor, sent: &Referral) -> Result<Appointment> {
    let closed = [appointment::State::Cancelled, appointment::State::Noshow, appointment::State::EnteredInError];
    eventually("the referral has an appointment", || async {
        let request = ListAppointmentsRequest { referral: sent.name.clone(), ..Default::default() };
        let mut client = stage.at(actor)?.scheduling.scheduling();
        let list = asked("ListAppointments", client.list_appointments(request)).await?;
        Ok(list.appointments.into_iter().find(|found| !closed.contains(&found.state())))
    })
    .await
}

/// Books a slot for an appointment; without one, the seat that is held.
pub(super) async fn book(stage: &Stage<'_>, actor: &Actor, (name, slot): (&str, &str)) -> Result<Appointment> {
    let (name, slot) = (name.into(), slot.into());
    let request = BookAppointmentRequest { name, slot, request_id: request_id(), ..Default::default() };
    let mut client = stage.at(actor)?.scheduling.scheduling();
    asked("BookAppointment", client.book_appointment(request)).await?.appointment.context("no appointment")
}

/// The patient comes and is seen.
pub(super) async fn attend(stage: &Stage<'_>, reception: &Actor, booked: &Appointment) -> Result<()> {
    let mut client = stage.at(reception)?.scheduling.scheduling();
    let name = booked.name.clone();
    let arrival = RecordArrivalRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    asked("RecordArrival", client.record_arrival(arrival)).await?;
    let done = RecordFulfilmentRequest { name, request_id: request_id(), ..Default::default() };
    asked("RecordFulfilment", client.record_fulfilment(done)).await?;
    Ok(())
}

/// The order of a referral.
pub(super) async fn order(stage: &Stage<'_>, actor: &Actor, sent: &Referral) -> Result<Order> {
    eventually("results has the order", || async {
        let request = ListOrdersRequest { referral: sent.name.clone(), ..Default::default() };
        let mut client = stage.at(actor)?.results.results();
        Ok(asked("ListOrders", client.list_orders(request)).await?.orders.into_iter().next())
    })
    .await
}

/// Somebody says what is to be done for a referral, which is told of a patient.
pub(super) async fn place(stage: &Stage<'_>, actor: &Actor, sent: &Referral, codes: &[&str]) -> Result<Order> {
    let name = order(stage, actor, sent).await?.name;
    let codes = codes.iter().map(|code| (*code).to_string()).collect();
    let request = PlaceOrderRequest { name, codes, request_id: request_id(), ..Default::default() };
    let mut client = stage.at(actor)?.results.results();
    asked("PlaceOrder", client.place_order(request)).await?.order.context("no order")
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

/// Whether a call was refused with this code.
pub(super) fn is(error: &anyhow::Error, code: Code) -> bool {
    error.downcast_ref::<tonic::Status>().is_some_and(|status| status.code() == code)
}

/// A status as the vocabulary writes it.
pub(super) fn spoken(state: referral::State) -> String {
    state.as_str_name().trim_start_matches("STATE_").to_lowercase().replace('_', "-")
}
