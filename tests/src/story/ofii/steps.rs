//! Steps that come again and again, each one public RPC or a few.

use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use relais_proto::{
    convention::v1::{Coding, service::Bearer},
    referral::v1::{Procedure, Referral, referral},
    results::v1::{CreateReportRequest, Observation, Report, ReportContent, observation::Value, report},
    scheduling::v1::{
        Appointment, Criterion, RecordNoShowRequest, SearchSlotsRequest, SearchSlotsResponse, appointment,
    },
};

use super::{Stage, chain::SUMMONS, ensure, office::Partnership};
use crate::{
    date,
    partnership::{self, CHEST_XRAY, LOINC},
    request_id,
    story::{asked, steps},
};

pub(super) use steps::{appointment, begins, is, look, until};

/// What is seen on an X-ray.
const FOUND: &str = "Heart and lungs as they should be.";
/// What a report concludes.
const CONCLUSION: &str = "Clear lungs, nothing that would need treatment.";

/// Who is sent; nobody of them exists.
const PEOPLE: [(&str, &str); 24] = [
    ("Tesfaye", "Selam"),
    ("Rahimi", "Zahra"),
    ("Diallo", "Mariama"),
    ("Bondarenko", "Olena"),
    ("Okafor", "Chidi"),
    ("Haile", "Dawit"),
    ("Sissoko", "Fatou"),
    ("Hosseini", "Leyla"),
    ("Karimov", "Timur"),
    ("Mbemba", "Gloria"),
    ("Nguyen", "Linh"),
    ("Petrosyan", "Narek"),
    ("Berisha", "Arben"),
    ("Camara", "Ibrahima"),
    ("Ahmadi", "Omid"),
    ("Kovalenko", "Andriy"),
    ("Mensah", "Akosua"),
    ("Yilmaz", "Deniz"),
    ("Abebe", "Hana"),
    ("Traoré", "Moussa"),
    ("Gonzalez", "Lucia"),
    ("Hakimi", "Farid"),
    ("Ndiaye", "Awa"),
    ("Shrestha", "Anil"),
];

/// The steps for which people are sent, in turn.
const PROCEDURES: [&str; 3] = ["residence", "asylum", "naturalisation"];

/// The number of a file at OFII.
fn file_number(number: usize) -> String {
    format!("AGDREF-{number:04}")
}

/// Somebody who has come to France.
pub(super) struct Person {
    /// The record at OFII.
    pub record: String,
    /// The name.
    pub name: String,
}

/// Somebody who was X-rayed.
pub(super) struct Seen {
    /// The referral.
    pub sent: Referral,
    /// The site.
    pub site: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Partnership {
    /// The desk opens the record of the next one.
    pub(super) async fn person(&self, stage: &Stage<'_>) -> Result<Person> {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let (family, given) = *PEOPLE.get(number).context("nobody is left to be sent")?;
        let born = stage.today() - Days::new(25 * 365 + 7 * u64::try_from(number)?);
        stage.whisper([family, given, &born.to_string(), &file_number(number + 1), FOUND, CONCLUSION, CHEST_XRAY]);
        let identity = partnership::identity(family, given, born);
        let record = partnership::patient_of(&stage.at(&self.desk)?.referral, identity).await?.name;
        Ok(Person { record, name: format!("{given} {family}") })
    }

    /// What is asked for somebody: a required step of a procedure.
    pub(super) fn ask(&self, record: &str, day: NaiveDate) -> Referral {
        let number = self.people.load(Ordering::Relaxed);
        let procedure = Procedure {
            code: PROCEDURES[number % PROCEDURES.len()].into(),
            file_system: "urn:relais:fr:ofii:file".into(),
            file_number: file_number(number),
        };
        Referral {
            service: Some(Coding { system: LOINC.into(), code: CHEST_XRAY.into(), ..Coding::default() }),
            documents: vec![SUMMONS.into()],
            procedure: Some(procedure),
            ..partnership::referral(&self.convention, record, &self.group, day)
        }
    }

    /// The desk sends somebody, who is admitted and so accepted, and for whom OFII pays.
    pub(super) async fn send(&self, stage: &Stage<'_>, ask: Referral) -> Result<Referral> {
        let sent = steps::submit(stage, &self.desk, ask).await?;
        ensure(sent.state() == referral::State::Accepted, "what is admitted is not accepted")?;
        ensure(sent.bearer() == Bearer::Funder && sent.funder == self.ofii, "it is not OFII that pays")?;
        Ok(sent)
    }

    /// Some more people are sent, one referral each, for a day soon.
    pub(super) async fn send_some(&self, stage: &Stage<'_>, people: usize) -> Result<Vec<Referral>> {
        let mut sent = Vec::new();
        for _ in 0..people {
            let person = self.person(stage).await?;
            sent.push(self.send(stage, self.ask(&person.record, stage.today() + Days::new(3))).await?);
        }
        Ok(sent)
    }

    /// Slots for a referral in the fortnight from a day on.
    pub(super) async fn search(
        &self,
        stage: &Stage<'_>,
        (sent, site): (&Referral, &str),
        from: NaiveDate,
        criteria: &[Criterion],
    ) -> Result<SearchSlotsResponse> {
        let request = SearchSlotsRequest {
            referral: sent.name.clone(),
            site: site.into(),
            start_date: Some(date(from)),
            end_date: Some(date(from + Days::new(14))),
            criteria: criteria.to_vec(),
            page_size: 1,
            ..Default::default()
        };
        asked("SearchSlots", stage.at(&self.desk)?.scheduling.scheduling().search_slots(request)).await
    }

    /// The desk books the first slot at a site from a day on.
    pub(super) async fn book(
        &self,
        stage: &Stage<'_>,
        (sent, site): (&Referral, &str),
        from: NaiveDate,
    ) -> Result<Appointment> {
        let name = appointment(stage, &self.desk, sent).await?.name;
        let slot = self.search(stage, (sent, site), from, &[]).await?.slots.into_iter().next();
        steps::book(stage, &self.desk, (&name, &slot.context("no slot is free")?.name)).await
    }

    /// All of them are booked, at the two sites near a station in turn, and come.
    pub(super) async fn see(&self, stage: &Stage<'_>, sent: Vec<Referral>) -> Result<Vec<Seen>> {
        let (booked, seen) = self.book_all(stage, sent).await?;
        for booked in &booked {
            steps::attend(stage, &self.reception, booked).await?;
        }
        stage.settle().await?;
        Ok(seen)
    }

    /// They are booked in turn, and the last of them could be there now.
    pub(super) async fn book_all(
        &self,
        stage: &Stage<'_>,
        sent: Vec<Referral>,
    ) -> Result<(Vec<Appointment>, Vec<Seen>)> {
        stage.settle().await?;
        let (mut booked, mut seen) = (Vec::new(), Vec::new());
        for (sent, site) in sent.into_iter().zip([&self.colmar, &self.selestat].into_iter().cycle()) {
            let here = self.book(stage, (&sent, site), stage.today() + Days::new(2)).await?;
            ensure(here.state() == appointment::State::Booked, "the appointment is not booked")?;
            seen.push(Seen { at: begins(here.start_time)?, site: site.clone(), sent });
            booked.push(here);
        }
        let last = seen.iter().map(|seen| seen.at).max().context("nobody is to be seen")?;
        stage.go_on_until(last + TimeDelta::minutes(45)).await?;
        Ok((booked, seen))
    }

    /// Somebody does not come.
    pub(super) async fn miss(&self, stage: &Stage<'_>, booked: &Appointment, sent: &Referral) -> Result<()> {
        let mut client = stage.at(&self.reception)?.scheduling.scheduling();
        let missed = RecordNoShowRequest { name: booked.name.clone(), request_id: request_id(), ..Default::default() };
        asked("RecordNoShow", client.record_no_show(missed)).await?;
        until(stage, &self.desk, sent, referral::State::NoShow).await?;
        Ok(())
    }

    /// The X-ray is asked for and reported, as of the day on which it was made.
    pub(super) async fn report(&self, stage: &Stage<'_>, seen: &Seen) -> Result<Report> {
        let order = steps::place(stage, &self.physician, &seen.sent, &[CHEST_XRAY]).await?;
        let found = Value::Text(FOUND.into());
        let observation = Observation { code: CHEST_XRAY.into(), value: Some(found), ..Observation::default() };
        let content = ReportContent {
            performed_date: Some(date(seen.at.date_naive())),
            site: seen.site.clone(),
            observations: vec![observation],
            conclusion: CONCLUSION.into(),
            ..ReportContent::default()
        };
        let request = CreateReportRequest {
            order: order.name,
            referral_number: seen.sent.number.clone(),
            patient: seen.sent.patient.clone(),
            accession_number: format!("MC3-{}", seen.sent.number),
            status: report::Status::Final.into(),
            content: Some(content),
            request_id: request_id(),
        };
        let mut client = stage.at(&self.radiologist)?.results.reports();
        asked("CreateReport", client.create_report(request)).await?.report.context("no report")
    }

    /// All of them are reported, and the medical service takes note.
    pub(super) async fn report_all(&self, stage: &Stage<'_>, seen: &[Seen]) -> Result<()> {
        for seen in seen {
            let report = self.report(stage, seen).await?;
            let read = steps::read_when_released(stage, &self.doctor, &report).await?;
            steps::acknowledge(stage, &self.doctor, &read).await?;
        }
        stage.settle().await?;
        for seen in seen {
            let done = look(stage, &self.desk, &seen.sent).await?;
            ensure(done.state() == referral::State::Completed, "what is read and noted is not completed")?;
        }
        Ok(())
    }
}
