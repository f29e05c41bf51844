//! Where reports are tested: a referral between two organisations, its order, and a stand-in for the referral service that says
//! who receives a result, or that it is away.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate, TimeDelta};
use relais_platform::{
    calls::check::time_to_proto,
    clock::machine_now,
    ids::{Child, OrganisationId, PractitionerId, SiteId},
};
use relais_proto::{
    events::v1::SiteRegistered,
    operations::v1::{AdvanceClockRequest, GetBacklogRequest, GetBacklogResponse},
    referral::v1::{
        Recipient, ResolveContactRequest, ResolveContactResponse, ResolveRecipientsRequest, ResolveRecipientsResponse,
        recipient_service_server::{RecipientService, RecipientServiceServer},
    },
    results::v1::{
        CreateReportRequest, GetOrderRequest, GetReportRequest, ListOrdersRequest, ListReportsRequest, Observation,
        Order, PlaceOrderRequest, Quantity, Report, ReportContent, ReviseReportRequest,
        observation::{Interpretation, Value},
        report::{State, Status},
    },
};
use relais_results::Results;
use relais_tests::{Identity, Session, Told, World, date, eventually, request_id};
use tokio::net::TcpListener;
use tonic::{Request, Response, transport::server::TcpIncoming};

/// Glucose.
pub const GLUCOSE: &str = "2345-7";
/// Haemoglobin.
pub const HAEMOGLOBIN: &str = "718-7";

/// Says who receives a result, as the referral service does; none: it is away.
#[derive(Clone, Default)]
pub struct StandIn {
    recipients: Arc<Mutex<Option<Vec<Recipient>>>>,
    /// How long the last question gave it, in gRPC's form.
    given: Arc<Mutex<Option<String>>>,
    /// Whether it takes questions and answers none.
    silent: Arc<AtomicBool>,
}

impl StandIn {
    /// Says so from now on; tells what it said before.
    pub fn says(&self, recipients: Option<Vec<Recipient>>) -> Option<Vec<Recipient>> {
        std::mem::replace(&mut *self.recipients.lock().unwrap_or_else(PoisonError::into_inner), recipients)
    }

    /// How long the last question gave it to answer, in gRPC's form, if it said so.
    pub fn given(&self) -> Option<String> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers no question from now on, or again.
    pub fn falls_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    async fn serve(&self) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tonic::transport::Server::builder().add_service(RecipientServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Ok(format!("http://{address}"))
    }
}

#[tonic::async_trait]
impl RecipientService for StandIn {
    async fn resolve_recipients(
        &self,
        request: Request<ResolveRecipientsRequest>,
    ) -> Result<Response<ResolveRecipientsResponse>, tonic::Status> {
        // It is asked as a service asks, for itself.
        assert!(request.metadata().contains_key("authorization"));
        let given = request.metadata().get("grpc-timeout").and_then(|given| given.to_str().ok()).map(str::to_string);
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = given;
        if self.silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let recipients = self
            .recipients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| tonic::Status::unavailable("away"))?;
        Ok(Response::new(ResolveRecipientsResponse { recipients }))
    }

    async fn resolve_contact(
        &self,
        _: Request<ResolveContactRequest>,
    ) -> Result<Response<ResolveContactResponse>, tonic::Status> {
        Err(tonic::Status::unimplemented("nobody is told anything"))
    }
}

/// A referral with its order, its doctor and its laboratory.
pub struct Stage {
    pub world: World<Results>,
    pub told: Told,
    pub referral: StandIn,
    pub patient: String,
    /// The order's name.
    pub order: String,
    /// The prescriber.
    pub doctor: Identity,
}

impl Stage {
    pub async fn start() -> Result<Self> {
        let referral = StandIn::default();
        let address = referral.serve().await?;
        let world = World::<Results>::start_with(&[("RELAIS__PEERS__REFERRAL", &address)]).await?;
        let told = Told::new("AAAA-BBBB-CCC");
        let (patient, order) = open(&world, &told).await?;
        let doctor = clinician(&told, "doctor");
        Ok(Self { world, told, referral, patient, order, doctor })
    }

    /// As [`Stage::start`], with these analyses asked for.
    pub async fn with(codes: &[&str]) -> Result<Self> {
        let stage = Self::start().await?;
        stage.place(codes).await?;
        Ok(stage)
    }

    /// Somebody whose token lasts while the clock is moved.
    pub fn session(&self, identity: &Identity) -> Result<Session> {
        let until = machine_now() + TimeDelta::days(30);
        self.world.session_with(&self.world.issuer().token_until(identity, until.timestamp())?)
    }

    /// The same, for what answers a status.
    pub fn at(&self, identity: &Identity) -> Result<Session, tonic::Status> {
        self.session(identity).map_err(|error| tonic::Status::internal(error.to_string()))
    }

    /// A clinician of the laboratory.
    pub fn lab(&self) -> Identity {
        lab(&self.told)
    }

    /// A site that an organisation has entered, once it is known here.
    pub async fn site(&self, of: OrganisationId) -> Result<String> {
        let site = Child::new(of, SiteId::draw());
        let registered = SiteRegistered { site: site.to_string(), ..SiteRegistered::default() };
        self.world.tap.publish(site.id.0, 1, registered).await?;
        eventually("the site is known", || async {
            let known = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM site WHERE id = $1").bind(site.id.0);
            Ok((known.fetch_one(&self.world.database).await? == 1).then_some(()))
        })
        .await?;
        Ok(site.to_string())
    }

    /// The doctor as whom the convention names.
    pub fn recipient(&self, who: &Identity) -> Recipient {
        let (organisation, unit) = (self.told.referrer.to_string(), who.unit.clone());
        Recipient { organisation, unit, practitioner: who.practitioner.clone(), ..Recipient::default() }
    }

    /// The doctor asks for analyses, as the one who receives the result.
    pub async fn place(&self, codes: &[&str]) -> Result<Order, tonic::Status> {
        let before = self.referral.says(Some(vec![self.recipient(&self.doctor)]));
        let placed = self.place_as(&self.doctor, codes).await;
        self.referral.says(before);
        placed
    }

    /// Somebody asks for analyses, whatever referral says of that.
    pub async fn place_as(&self, who: &Identity, codes: &[&str]) -> Result<Order, tonic::Status> {
        let codes = codes.iter().map(ToString::to_string).collect();
        let (name, request_id) = (self.order.clone(), request_id());
        let request = PlaceOrderRequest { name, codes, request_id, ..Default::default() };
        Ok(self.at(who)?.results().place_order(request).await?.into_inner().order.unwrap_or_default())
    }

    pub async fn order(&self) -> Result<Order> {
        let request = GetOrderRequest { name: self.order.clone() };
        let answer = self.session(&self.lab())?.results().get_order(request).await?.into_inner();
        answer.order.context("no order")
    }

    /// A request that fits.
    pub fn report(&self, accession: &str, status: Status, observations: Vec<Observation>) -> CreateReportRequest {
        CreateReportRequest {
            order: self.order.clone(),
            referral_number: self.told.number.clone(),
            patient: self.patient.clone(),
            accession_number: accession.into(),
            status: status.into(),
            content: Some(content(observations)),
            request_id: request_id(),
        }
    }

    pub async fn create(&self, request: CreateReportRequest) -> Result<Report, tonic::Status> {
        let lab = self.at(&self.lab())?;
        Ok(lab.reports().create_report(request).await?.into_inner().report.unwrap_or_default())
    }

    pub async fn revise(
        &self,
        last: &Report,
        status: Status,
        observations: Vec<Observation>,
    ) -> Result<Report, tonic::Status> {
        let request = ReviseReportRequest {
            name: last.name.clone(),
            etag: last.etag.clone(),
            status: status.into(),
            content: (!observations.is_empty()).then(|| content(observations)),
            request_id: request_id(),
        };
        let lab = self.at(&self.lab())?;
        Ok(lab.reports().revise_report(request).await?.into_inner().report.unwrap_or_default())
    }

    pub async fn get(&self, who: &Identity, name: &str) -> Result<Report, tonic::Status> {
        get_at(&self.at(who)?, name, 0).await
    }

    /// All that somebody sees to be there.
    pub async fn list(&self, who: &Identity) -> Result<Vec<Report>, tonic::Status> {
        let session = self.at(who)?;
        Ok(session.reports().list_reports(ListReportsRequest::default()).await?.into_inner().reports)
    }

    /// Waits until nothing is left to be done now: twice in a row, for what is on the wire in between.
    pub async fn settled(&self) -> Result<GetBacklogResponse> {
        let operator = self.session(&Identity::new("operator", "operator"))?;
        let backlog = async || anyhow::Ok(operator.operations().get_backlog(GetBacklogRequest {}).await?.into_inner());
        eventually("all is settled", || async {
            let settled = backlog().await?.settled;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            Ok(Some(backlog().await?).filter(|after| settled && after.settled))
        })
        .await
    }

    /// Moves the clock so far ahead of the machine's.
    pub async fn advance(&self, minutes: i64) -> Result<()> {
        let operator = self.session(&Identity::new("operator", "operator"))?;
        let time = Some(time_to_proto(machine_now() + TimeDelta::minutes(minutes)));
        operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
        Ok(())
    }

    /// Waits until a version is before somebody.
    pub async fn until_released(&self, name: &str, version: i64) -> Result<Report> {
        eventually("a release", || async {
            let report = self.get(&self.lab(), name).await?;
            Ok((report.version == version && report.release_time.is_some()).then_some(report))
        })
        .await
    }
}

/// Opens the order of a referral; tells the patient and the order.
pub async fn open(world: &World<Results>, told: &Told) -> Result<(String, String)> {
    let submitted = told.submitted();
    let patient = submitted.patient.clone();
    world.tap.publish(told.id.0, 1, submitted).await?;
    let lab = world.session(&lab(told))?;
    let order = eventually("an order", || async {
        let request = ListOrdersRequest { referral: told.id.to_string(), ..Default::default() };
        Ok(lab.results().list_orders(request).await?.into_inner().orders.pop())
    })
    .await?;
    Ok((patient, order.name))
}

pub async fn get_at(session: &Session, name: &str, version: i64) -> Result<Report, tonic::Status> {
    let request = GetReportRequest { name: name.into(), version };
    Ok(session.reports().get_report(request).await?.into_inner().report.unwrap_or_default())
}

/// A clinician of the unit that sent it, with an entry of the register.
pub fn clinician(told: &Told, subject: &str) -> Identity {
    let practitioner = Child::new(told.referrer, PractitionerId::draw()).to_string();
    let unit = Child::new(told.referrer, told.desk).to_string();
    Identity::new(subject, "clinician").of(&told.referrer.to_string()).at(&unit).registered(&practitioner)
}

/// A clinician of the laboratory.
pub fn lab(told: &Told) -> Identity {
    Identity::new("lab", "clinician").of(&told.provider.to_string())
}

pub fn today() -> NaiveDate {
    machine_now().date_naive()
}

pub fn yesterday() -> NaiveDate {
    today() - Days::new(1)
}

pub fn content(observations: Vec<Observation>) -> ReportContent {
    ReportContent { performed_date: Some(date(yesterday())), observations, ..ReportContent::default() }
}

/// A value in g/dL or mg/dL.
pub fn number(code: &str, value: &str, interpretation: Interpretation) -> Observation {
    let unit = if code == GLUCOSE { "mg/dL" } else { "g/dL" };
    let value = Quantity { value: value.into(), unit: unit.into(), ..Quantity::default() };
    let (code, interpretation) = (code.into(), interpretation.into());
    Observation { code, value: Some(Value::Quantity(value)), interpretation, ..Observation::default() }
}

pub fn is_issued(report: &Report) -> bool {
    report.state() == State::Issued
}
