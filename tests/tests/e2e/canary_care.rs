//! People whose names nobody else bears are cared for: asked about, accepted, booked, reminded by a real mail server, analysed and
//! reported on. What is said of them stands where it belongs, in the notes of a referral and in the patient's mail, and nowhere else.

use anyhow::{Context, Result};
use chrono::{DateTime, Days, TimeDelta, Utc};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    operations::v1::AdvanceClockRequest,
    referral::v1::{AcceptReferralRequest, ProvideInformationRequest, Referral, RequestInformationRequest},
    results::v1::{ReportContent, report::Status},
    scheduling::v1::{
        BookAppointmentRequest, HoldSlotRequest, ListAppointmentsRequest, OpeningRule, SearchSlotsRequest, Weekday,
    },
};
use relais_tests::{
    Identity, Session, SmtpServer, Suite, date, eventually,
    partnership::{self, Partners, laboratory as sampling},
    request_id, settled,
};

use super::{
    canary_marks::{Watched, identity},
    laboratory::{Asked, Laboratory},
};

const PEOPLE: usize = 5;

/// Where they are cared for.
struct Care<'s> {
    suite: &'s Suite,
    partners: Partners,
    laboratory: Laboratory<'s>,
    reception: Identity,
}

impl<'s> Care<'s> {
    async fn open(suite: &'s Suite) -> Result<Self> {
        let partners = Partners::meet(suite).await?;
        let laboratory = Laboratory::open(suite, &partners).await?;
        let reception = Identity::new("reception", "desk").of(partners.provider());
        let site = partnership::site(&partners.operator, partners.provider(), "Centre").await?;
        let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let rule = OpeningRule {
            from_time: "07:00".into(),
            until_time: "12:00".into(),
            slot_minutes: 15,
            seats: 2,
            ..sampling::sampling(&site, &weekdays, machine_now().date_naive())
        };
        sampling::open(&suite.session("scheduling", &reception)?, rule).await?;
        Ok(Self { suite, partners, laboratory, reception })
    }

    fn at(&self, service: &str, who: &Identity) -> Result<Session> {
        self.suite.session(service, who)
    }

    /// One person, from the referral to the report; answers with when the appointment begins.
    async fn flow(&self, number: usize) -> Result<DateTime<Utc>> {
        let who = identity(number);
        let patient = partnership::patient_of(&self.partners.desk, who.clone()).await?.name;
        let asked = self.laboratory.ask_for(&self.partners, &patient).await?;
        let said = format!("{} fasts since yesterday", who.family_name);
        self.accepted(&asked.referral, &said).await?;
        let begins = self.booked(&asked.referral).await?;
        self.reported(&asked, &said).await?;
        Ok(begins)
    }

    /// More is asked for and told, then it is accepted.
    async fn accepted(&self, sent: &Referral, said: &str) -> Result<()> {
        let (lab, doctor) = (self.at("referral", &self.reception)?, self.at("referral", &self.laboratory.doctor)?);
        let (name, items, note) = (sent.name.clone(), vec!["fasting".to_string()], said.to_string());
        let ask = RequestInformationRequest { name, items, note, request_id: request_id(), ..Default::default() };
        lab.referrals().request_information(ask).await.context("RequestInformation")?;
        let (name, note) = (sent.name.clone(), said.to_string());
        let give = ProvideInformationRequest { name, note, request_id: request_id(), ..Default::default() };
        doctor.referrals().provide_information(give).await.context("ProvideInformation")?;
        let accept = AcceptReferralRequest { name: sent.name.clone(), request_id: request_id(), ..Default::default() };
        lab.referrals().accept_referral(accept).await.context("AcceptReferral")?;
        settled(&self.suite.sessions(&Identity::new("operator", "operator"))?).await
    }

    /// A slot is found, held and booked.
    async fn booked(&self, sent: &Referral) -> Result<DateTime<Utc>> {
        let mut client = self.at("scheduling", &self.partners.sender)?.scheduling();
        let today = machine_now().date_naive();
        let request = SearchSlotsRequest {
            referral: sent.name.clone(),
            start_date: Some(date(today + Days::new(4))),
            end_date: Some(date(today + Days::new(12))),
            ..Default::default()
        };
        let slot = eventually("a slot is free", || async {
            let mut client = self.at("scheduling", &self.partners.sender)?.scheduling();
            Ok(client.search_slots(request.clone()).await?.into_inner().slots.into_iter().next())
        })
        .await?;
        let list = ListAppointmentsRequest { referral: sent.name.clone(), ..Default::default() };
        let found = client.list_appointments(list).await?.into_inner().appointments.pop().context("no appointment")?;
        let (name, slot) = (found.name, slot.name);
        let hold = HoldSlotRequest { name: name.clone(), slot, request_id: request_id(), ..Default::default() };
        client.hold_slot(hold).await.context("HoldSlot")?;
        let book = BookAppointmentRequest { name, request_id: request_id(), ..Default::default() };
        let booked = client.book_appointment(book).await.context("BookAppointment")?.into_inner().appointment;
        let begins = booked.and_then(|booked| booked.start_time).context("no time")?;
        DateTime::from_timestamp(begins.seconds, 0).context("no time that can be")
    }

    /// A document of the doctor's, and a report that names the patient.
    async fn reported(&self, asked: &Asked, said: &str) -> Result<()> {
        let (laboratory, document) = (&self.laboratory, format!("%PDF-1.7 {said}").into_bytes());
        laboratory.file_bytes(&laboratory.doctor, &asked.order.name, document).await.context("UploadAttachment")?;
        let mut first = laboratory.first(asked, Status::Final, "91");
        let conclusion = said.to_string();
        first.content = first.content.map(|content| ReportContent { conclusion, ..content });
        let report = laboratory.report(first).await.context("CreateReport")?;
        let read = eventually("the doctor reads the report", || async {
            Ok(Some(laboratory.read(&laboratory.doctor, &report.name, 0).await?).filter(|read| read.content.is_some()))
        })
        .await?;
        let content = read.content.context("no content")?;
        assert_eq!(content.conclusion, said, "it is there for whom it is for");
        Ok(())
    }
}

#[tokio::test]
async fn of_those_who_are_cared_for_nothing_is_seen_where_it_does_not_belong() -> Result<()> {
    let smtp = SmtpServer::start().await?;
    let mail = [
        ("RELAIS__MAIL__URL", smtp.url()),
        ("RELAIS__MAIL__FROM", "Relais <relais@relais.test>".to_string()),
        ("RELAIS__MAIL__POLL_MS", "100".to_string()),
        ("RELAIS__MAIL__WAIT_MS", "100".to_string()),
    ];
    let watched = Watched::start(&mail).await?;
    let care = Care::open(&watched.suite).await?;
    let mut first = None;
    for number in 0..PEOPLE {
        let begins = care.flow(number).await?;
        first = first.max(Some(begins));
    }
    // Scheduling alone is so far ahead that all are to be reminded.
    let time = first.context("no appointment")? - TimeDelta::hours(48) + TimeDelta::seconds(1);
    let ahead = AdvanceClockRequest { time: Some(time_to_proto(time)) };
    let operator = Identity::new("operator", "operator");
    watched.suite.session("scheduling", &operator)?.operations().advance_clock(ahead).await?;
    let mails = smtp.until_taken(PEOPLE).await?;
    let mut told: Vec<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    told.sort();
    let addresses = (0..PEOPLE).filter_map(|number| Some(identity(number).contacts?.email));
    assert_eq!(told, addresses.collect::<Vec<_>>(), "each was reminded");
    let until = machine_now() + TimeDelta::days(60);
    settled(&watched.suite.sessions_until(&operator, until.timestamp())?).await?;
    let notes = "SELECT count(*) FROM referral.referral_note WHERE note LIKE '%Qwzcanary%'";
    assert_eq!(watched.suite.count("referral", notes).await?, 2 * PEOPLE as i64);
    let suite = watched.see_none("nothing was refused", &["referral.referral_note"], PEOPLE).await?;
    suite.stop().await
}
