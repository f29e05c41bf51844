//! What else happens to referrals: bounced, cancelled, missed, walked in, mistaken for another's.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use relais_proto::{
    referral::v1::{
        CancelReferralRequest, ConfirmCancellationRequest, GetPatientRequest, GetReferralRequest, ListReferralsRequest,
        LookupReferralRequest, Referral, RejectReferralRequest, SearchPatientsRequest, cancel_referral_request,
        referral,
    },
    results::v1::{ListQuarantinedReportsRequest, observation::Interpretation, report},
    scheduling::v1::{
        RecordFulfilmentRequest, RecordNoShowRequest, RegisterWalkInRequest, UndoLastStepRequest, UndoReason,
        appointment,
    },
};
use tonic::Code;

use super::{
    Stage,
    agreement::Partnership,
    ensure, scene,
    steps::{GLUCOSE, Told, begins, is},
};
use crate::{request_id, story::asked};

pub(super) async fn tell_all(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let patient = story.patient(stage, "Haddad", "Amina").await?;
    is_bounced(stage, story, &patient).await?;
    is_cancelled(stage, story, &patient).await?;
    is_missed(stage, story, &patient).await?;
    walks_in(stage, story, &patient).await?;
    is_mistaken(stage, story, &patient).await?;
    is_private(stage, story, &patient).await
}

/// Never without a reason, and with an alternative where there is one.
async fn is_bounced(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("Bounced, with an alternative");
    let sent = story.submit(stage, patient).await?;
    let request = RejectReferralRequest {
        name: sent.name.clone(),
        reason: referral::Reason::NoCapacity.into(),
        alternative: story.chem.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut client = stage.at(&story.reception)?.referral.referrals();
    asked("RejectReferral", client.reject_referral(request)).await?;
    let seen = story.look(stage, &sent).await?;
    ensure(seen.state() == referral::State::Rejected && seen.alternative == story.chem, "no alternative is named")?;
    story.reception.tells(format!("rejects {}: no capacity at Forges du Sud; the CHEM has seats", sent.number));
    Ok(())
}

/// Before a time was found it is cancelled; afterwards the provider is asked.
async fn is_cancelled(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("Cancelled, before and after a time was found");
    let early = story.submit(stage, patient).await?;
    let cancelled = cancel(stage, story, &early).await?;
    ensure(cancelled.state() == referral::State::Cancelled, "it is not cancelled")?;
    story.prescriber.tells(format!("cancels {} before it was accepted: done", early.number));
    let late = story.submit(stage, patient).await?;
    story.accept(stage, &late).await?;
    story.book(stage, &late, &story.forges).await?;
    story.until(stage, &late, referral::State::Scheduled).await?;
    let asked_for = cancel(stage, story, &late).await?;
    ensure(asked_for.state() == referral::State::CancelRequested, "the provider is not asked")?;
    story.prescriber.tells(format!("cancels {}, which has a time: the laboratory is asked", late.number));
    let request =
        ConfirmCancellationRequest { name: late.name.clone(), request_id: request_id(), ..Default::default() };
    let mut client = stage.at(&story.reception)?.referral.referrals();
    asked("ConfirmCancellation", client.confirm_cancellation(request)).await?;
    story.until(stage, &late, referral::State::Cancelled).await?;
    story.reception.tells("agrees; the seat is free again");
    Ok(())
}

async fn cancel(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<Referral> {
    let request = CancelReferralRequest {
        name: sent.name.clone(),
        reason: cancel_referral_request::Reason::PatientDeclined.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut client = stage.at(&story.prescriber)?.referral.referrals();
    asked("CancelReferral", client.cancel_referral(request)).await?.referral.context("no referral")
}

/// A wrong no-show is taken back.
async fn is_missed(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("A no-show that was none");
    let sent = story.submit(stage, patient).await?;
    story.accept(stage, &sent).await?;
    let booked = story.book(stage, &sent, &story.forges).await?;
    stage.go_on_until(begins(booked.end_time)? + TimeDelta::minutes(5)).await?;
    let mut client = stage.at(&story.reception)?.scheduling.scheduling();
    let missed = RecordNoShowRequest { name: booked.name.clone(), request_id: request_id(), ..Default::default() };
    asked("RecordNoShow", client.record_no_show(missed)).await?;
    story.until(stage, &sent, referral::State::NoShow).await?;
    story.reception.tells(format!("notes that the patient of {} did not come", sent.number));
    let undo = UndoLastStepRequest {
        name: booked.name.clone(),
        reason: UndoReason::PatientCame.into(),
        request_id: request_id(),
        ..Default::default()
    };
    asked("UndoLastStep", client.undo_last_step(undo)).await?;
    story.until(stage, &sent, referral::State::Scheduled).await?;
    story.reception.tells("takes it back: the patient was in the other room");
    story.attend(stage, &booked).await?;
    story.until(stage, &sent, referral::State::Attended).await?;
    Ok(())
}

/// Somebody comes without a booking, and takes nobody's seat.
async fn walks_in(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("A walk-in");
    let sent = story.submit(stage, patient).await?;
    story.accept(stage, &sent).await?;
    let slot = story.slots(stage, &sent, &story.chem).await?.into_iter().next().context("no slot is free")?;
    stage.go_on_until(begins(slot.start_time)? + TimeDelta::minutes(2)).await?;
    let mut client = stage.at(&story.reception)?.scheduling.scheduling();
    let request = RegisterWalkInRequest {
        name: story.appointment(stage, &sent).await?.name,
        site: story.chem.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    let here = asked("RegisterWalkIn", client.register_walk_in(request)).await?.appointment;
    let here = here.context("no appointment")?;
    ensure(here.walk_in && here.state() == appointment::State::Arrived, "the patient who walked in is not there")?;
    let done = RecordFulfilmentRequest { name: here.name, request_id: request_id(), ..Default::default() };
    asked("RecordFulfilment", client.record_fulfilment(done)).await?;
    story.until(stage, &sent, referral::State::Attended).await?;
    story.reception.tells(format!("sees the patient of {} at the CHEM, who walked in", sent.number));
    Ok(())
}

/// A report that names another patient is put aside, and shown to nobody.
async fn is_mistaken(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("A report for the wrong patient");
    let sent = story.submit(stage, patient).await?;
    story.accept(stage, &sent).await?;
    let order = story.place(stage, &sent, &[GLUCOSE]).await?;
    story.sample(stage, &order, &story.forges).await?;
    let other = story.patient(stage, "Hadad", "Amin").await?;
    let values = &[(GLUCOSE, "94", Interpretation::Normal)];
    let (order, sent, site) = (&order, &sent, story.forges.as_str());
    let told = Told { order, sent, patient: &other, site, status: report::Status::Final, values };
    let put_aside = story.report(stage, told).await?;
    ensure(put_aside.state() == report::State::Quarantined, "the report was taken")?;
    let mut client = stage.at(&story.biologist)?.results.reports();
    let list =
        asked("ListQuarantinedReports", client.list_quarantined_reports(ListQuarantinedReportsRequest::default()));
    ensure(list.await?.reports.iter().any(|found| found.name == put_aside.name), "it is not put aside")?;
    story.biologist.tells(format!("reports on {} and names another patient: put aside, shown to nobody", sent.number));
    Ok(())
}

async fn is_private(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("Who sees what");
    let sent = story.submit(stage, patient).await?;
    let mut client = stage.at(&story.stranger)?.referral.referrals();
    let refused = asked("GetReferral", client.get_referral(GetReferralRequest { name: sent.name.clone() })).await;
    ensure(refused.is_err_and(|error| is(&error, Code::NotFound)), "a stranger sees the referral")?;
    let refused = asked("LookupReferral", client.lookup_referral(LookupReferralRequest { number: sent.number })).await;
    ensure(refused.is_err_and(|error| is(&error, Code::NotFound)), "a stranger finds the referral by its number")?;
    let list = asked("ListReferrals", client.list_referrals(ListReferralsRequest::default())).await?;
    ensure(list.referrals.is_empty(), "a stranger's list is not empty")?;
    story.stranger.tells("asks for a referral, by name, by number, for a list: nothing");
    let query = SearchPatientsRequest { query: "Nour al-Din Haddad".into(), ..SearchPatientsRequest::default() };
    let mut own = stage.at(&story.desk)?.referral.patients();
    let found = asked("SearchPatients", own.search_patients(query.clone())).await?.matches;
    ensure(!found.is_empty(), "the patient is not found by another spelling")?;
    story.desk.tells("looks for Nour al-Din Haddad and finds Noureddine El Haddad");
    let mut theirs = stage.at(&story.reception)?.referral.patients();
    let hidden = asked("GetPatient", theirs.get_patient(GetPatientRequest { name: patient.into() })).await;
    ensure(hidden.is_err_and(|error| is(&error, Code::NotFound)), "the laboratory reads the record")?;
    story.reception.tells("asks for the record: nothing");
    Ok(())
}
