//! Steps that come again and again, each one public RPC or a few.

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate, TimeDelta};
use relais_platform::calls::check::time_to_proto;
use relais_proto::{
    referral::v1::{AcceptReferralRequest, PatientIdentity, Referral, referral},
    results::v1::{CreateReportRequest, Order, RecordSamplingRequest, Report, ReviseReportRequest, report},
    scheduling::v1::{Appointment, HoldSlotRequest, SearchSlotsRequest, Slot, appointment},
};

use super::{Stage, agreement::Partnership, ensure};
use crate::{
    date,
    partnership::{
        self,
        laboratory::{self, content},
    },
    request_id,
    story::{asked, steps},
};

pub(super) use laboratory::{CREATININE, GLUCOSE, Measured};
pub(super) use steps::{acknowledge, begins, is, read, read_when_released, spoken};

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
        steps::submit(stage, &self.prescriber, ask).await
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
        steps::look(stage, &self.prescriber, sent).await
    }

    /// Waits until the referral stands somewhere.
    pub(super) async fn until(&self, stage: &Stage<'_>, sent: &Referral, state: referral::State) -> Result<Referral> {
        steps::until(stage, &self.prescriber, sent, state).await
    }

    /// The open appointment of a referral.
    pub(super) async fn appointment(&self, stage: &Stage<'_>, sent: &Referral) -> Result<Appointment> {
        steps::appointment(stage, &self.reception, sent).await
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
        let booked = steps::book(stage, &self.desk, (&name, "")).await?;
        ensure(booked.state() == appointment::State::Booked, "the appointment is not booked")?;
        Ok(booked)
    }

    /// The patient comes and is sampled.
    pub(super) async fn attend(&self, stage: &Stage<'_>, booked: &Appointment) -> Result<()> {
        steps::attend(stage, &self.reception, booked).await
    }

    /// Dr Weber says which analyses.
    pub(super) async fn place(&self, stage: &Stage<'_>, sent: &Referral, codes: &[&str]) -> Result<Order> {
        stage.whisper(codes.iter().copied());
        steps::place(stage, &self.prescriber, sent, codes).await
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
