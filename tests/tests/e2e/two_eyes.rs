//! An office with two eyes, through the whole suite: its desk sends people and sees that the step is done, and when; its medical service,
//! another unit, receives the report; who pays sees figures and nobody.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    convention::v1::{
        CloseStatementRequest, GetStatementRequest, GetUsageRequest, Party, ResultRecipients, Service, Terms,
        party::Role, result_recipients, service::Bearer, terms::Acceptance,
    },
    network::v1::{CreateUnitRequest, Unit, unit},
    operations::v1::AdvanceClockRequest,
    referral::v1::{
        GetReferralRequest, ListReferralsRequest, Procedure, Referral, SubmitReferralRequest, referral::State,
    },
    results::v1::{
        AcknowledgeReportRequest, CreateReportRequest, GetOrderRequest, GetReportRequest, ListAttachmentsRequest,
        ListOrdersRequest, ListReportsRequest, Order, Report, ReportContent, report::Status,
    },
};
use relais_tests::{
    Identity, Options, Session, Sessions, Suite, date,
    partnership::{self, organisation, patient},
    request_id, settled,
};
use tonic::Code;

/// An office with a desk and a medical service, a radiology group, and who pays.
struct Office {
    suite: Suite,
    operator: Sessions,
    desk: Identity,
    doctor: Identity,
    radiologist: Identity,
    payer: Identity,
    convention: String,
    provider: String,
    funder: String,
}

async fn unit_of(operator: &Session, parent: &str, (name, kind): (&str, unit::Kind)) -> Result<String> {
    let unit = Unit { display_name: name.into(), kind: kind.into(), ..Unit::default() };
    let request = CreateUnitRequest { parent: parent.into(), unit: Some(unit), request_id: request_id() };
    Ok(operator.network().create_unit(request).await?.into_inner().unit.context("no unit")?.name)
}

impl Office {
    async fn open() -> Result<Self> {
        let suite = Suite::start(Options::default()).await?;
        let operator = suite.sessions_until(&Identity::new("operator", "operator"), later())?;
        let at = &operator.referral;
        let (office, provider, funder) = (
            organisation(at, "Office").await?,
            organisation(at, "Radiology").await?,
            organisation(at, "Ministry").await?,
        );
        let desk = unit_of(at, &office, ("Desk", unit::Kind::Desk)).await?;
        let medical = unit_of(at, &office, ("Medical service", unit::Kind::MedicalService)).await?;
        let today = machine_now().date_naive();
        let mut terms = partnership::terms(&office, &provider, today);
        terms.parties.push(Party { organisation: funder.clone(), role: Role::Funder.into() });
        let recipients =
            ResultRecipients { kind: result_recipients::Kind::UnitClinicians.into(), unit: medical.clone() };
        let paid = |service| Service { bearer: Bearer::Funder.into(), ..service };
        let terms = Terms {
            services: terms.services.into_iter().map(paid).collect(),
            recipients: Some(recipients),
            acceptance: Acceptance::Automatic.into(),
            ..terms
        };
        let convention = partnership::sign(at, partnership::draft(at, terms).await?, today).await?.name;
        Ok(Self {
            desk: Identity::new("desk", "desk").of(&office).at(&desk),
            doctor: Identity::new("doctor", "clinician").of(&office).at(&medical),
            radiologist: Identity::new("radiologist", "clinician").of(&provider),
            payer: Identity::new("payer", "funder").of(&funder).and("desk"),
            suite,
            operator,
            convention,
            provider,
            funder,
        })
    }

    fn at(&self, service: &str, who: &Identity) -> Result<Session> {
        let sessions = self.suite.sessions_until(who, later())?;
        Ok(if service == "referral" { sessions.referral } else { sessions.results })
    }

    /// The desk sends somebody for a step of a procedure.
    async fn send(&self) -> Result<Referral> {
        let desk = self.at("referral", &self.desk)?;
        let person = patient(&desk).await?;
        let procedure = Procedure {
            code: "residence".into(),
            file_system: "urn:relais:ofii:file".into(),
            file_number: "2026-A-117".into(),
        };
        let ask = partnership::referral(&self.convention, &person, &self.provider, machine_now().date_naive());
        let referral = Some(Referral { procedure: Some(procedure), ..ask });
        let request = SubmitReferralRequest { referral, request_id: request_id(), ..Default::default() };
        let sent = desk.referrals().submit_referral(request).await?.into_inner().referral.context("no referral")?;
        settled(&self.operator).await?;
        Ok(sent)
    }

    async fn get(&self, who: &Identity, name: &str) -> Result<Referral> {
        let request = GetReferralRequest { name: name.into() };
        let answer = self.at("referral", who)?.referrals().get_referral(request).await?.into_inner();
        answer.referral.context("no referral")
    }

    /// The radiologist reports what was found.
    async fn report(&self, sent: &Referral) -> Result<(Order, Report)> {
        let at = self.at("results", &self.radiologist)?;
        let list = ListOrdersRequest { referral: sent.name.clone(), ..Default::default() };
        let order = at.results().list_orders(list).await?.into_inner().orders.pop().context("no order")?;
        let content = ReportContent {
            performed_date: Some(date(machine_now().date_naive())),
            conclusion: "Clear lungs".into(),
            ..ReportContent::default()
        };
        let request = CreateReportRequest {
            order: order.name.clone(),
            referral_number: sent.number.clone(),
            patient: sent.patient.clone(),
            accession_number: request_id(),
            status: Status::Final.into(),
            content: Some(content),
            request_id: request_id(),
        };
        let report = at.reports().create_report(request).await?.into_inner().report.context("no report")?;
        settled(&self.operator).await?;
        Ok((order, report))
    }

    async fn read(&self, who: &Identity, report: &Report) -> Result<Report> {
        let request = GetReportRequest { name: report.name.clone(), version: 0 };
        let answer = self.at("results", who)?.reports().get_report(request).await?.into_inner();
        answer.report.context("no report")
    }
}

/// Tokens last while the clock is moved on.
fn later() -> i64 {
    (machine_now() + TimeDelta::days(400)).timestamp()
}

#[tokio::test]
async fn the_medical_service_reads_the_report_and_the_desk_sees_that_the_step_is_done_and_when() -> Result<()> {
    let office = Office::open().await?;
    let sent = office.send().await?;
    let before = office.get(&office.desk, &sent.name).await?;
    assert_eq!((before.state(), before.step_done_time), (State::Accepted, None));
    let (order, report) = office.report(&sent).await?;

    // The medical service, which sent nobody.
    let read = office.read(&office.doctor, &report).await?;
    assert_eq!(read.content.context("what it says")?.conclusion, "Clear lungs");
    let listed = office.at("results", &office.doctor)?.reports().list_reports(ListReportsRequest::default()).await?;
    assert_eq!(listed.into_inner().reports.len(), 1);
    let noted = AcknowledgeReportRequest { name: report.name.clone(), version: 1, request_id: request_id() };
    office.at("results", &office.doctor)?.reports().acknowledge_report(noted.clone()).await?;
    settled(&office.operator).await?;

    // The desk: that it is done, and when, and nothing of the report.
    let done = office.get(&office.desk, &sent.name).await?;
    assert_eq!(done.state(), State::Completed);
    let seconds = |time: Option<prost_types::Timestamp>| time.map(|time| time.seconds);
    assert!(
        seconds(done.step_done_time).is_some() && seconds(done.step_done_time) >= seconds(sent.create_time),
        "{done:?}"
    );
    assert_eq!((done.funder.as_str(), done.bearer()), (office.funder.as_str(), Bearer::Funder));
    assert_eq!(done.procedure.map(|procedure| procedure.code).as_deref(), Some("residence"));
    let seen = office.read(&office.desk, &report).await?;
    assert!(seen.release_time.is_some() && seen.content.is_none(), "{seen:?}");
    let results = office.at("results", &office.desk)?;
    let list = ListAttachmentsRequest { parent: report.name.clone() };
    let refused = [
        results.reports().acknowledge_report(noted).await.unwrap_err().code(),
        results.results().get_order(GetOrderRequest { name: order.name }).await.unwrap_err().code(),
        results.attachments().list_attachments(list).await.unwrap_err().code(),
    ];
    assert_eq!(refused, [Code::PermissionDenied; 3]);
    // A clinician of the desk's unit is none of those for whom it is, and one of another organisation sees none.
    let colleague = Identity { roles: vec!["clinician".into()], ..office.desk.clone() };
    assert!(office.read(&colleague, &report).await?.content.is_none());
    let stranger = Identity::new("stranger", "clinician").of(&office.funder);
    assert!(office.read(&stranger, &report).await.is_err());
    office.suite.stop().await
}

#[tokio::test]
async fn who_pays_sees_figures_and_no_referral() -> Result<()> {
    let office = Office::open().await?;
    let sent = office.send().await?;
    let (_, report) = office.report(&sent).await?;
    let payer = office.at("referral", &office.payer)?;
    let get = GetReferralRequest { name: sent.name.clone() };
    assert_eq!(payer.referrals().get_referral(get).await.unwrap_err().code(), Code::NotFound);
    let listed = payer.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner();
    assert!(listed.referrals.is_empty());
    let read = GetReportRequest { name: report.name, version: 0 };
    let results = office.at("results", &office.payer)?;
    assert_eq!(results.reports().get_report(read).await.unwrap_err().code(), Code::NotFound);

    let today = machine_now().date_naive();
    let months = GetUsageRequest {
        name: office.convention.clone(),
        line_id: "analyses".into(),
        first_month: Some(date(today)),
        last_month: Some(date(today)),
        ..Default::default()
    };
    payer.conventions().get_usage(months).await?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::days(3)));
    for (_, session) in office.operator.all() {
        session.operations().advance_clock(AdvanceClockRequest { time }).await?;
    }
    let close = CloseStatementRequest {
        convention: office.convention.clone(),
        first_day: Some(date(today - Days::new(1))),
        last_day: Some(date(today + Days::new(1))),
        request_id: request_id(),
    };
    let closed = office.operator.referral.statements().close_statement(close).await?.into_inner().statement;
    let name = closed.context("no statement")?.name;
    let statement = payer.statements().get_statement(GetStatementRequest { name }).await?.into_inner().statement;
    let persons = statement.context("no statement")?.persons.context("people")?.all.context("in all")?;
    assert!(persons.suppressed && persons.value.is_none(), "one person is told by no figure");
    office.suite.stop().await
}
