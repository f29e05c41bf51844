//! A prescriber and a laboratory beside the partners: what is asked, found and filed, through the public APIs.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::Days;
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{Prescribers, Terms},
    network::v1::{
        CreatePractitionerRequest, EndRegistrationRequest, GetPractitionerRequest, Identifier, Practitioner,
        SetUnitSubstituteRequest, registration::EndReason,
    },
    referral::v1::{Referral, SubmitReferralRequest},
    results::v1::{
        CreateReportRequest, GetReportRequest, ListOrdersRequest, Observation, Order, PlaceOrderRequest, Quantity,
        Report, ReportContent, ReviseReportRequest, UploadAttachmentRequest, UploadHeader, observation::Value,
        report::Status, upload_attachment_request::Part,
    },
};
use relais_tests::{
    Identity, Session, Suite, date,
    partnership::{self, Partners},
    request_id, settled,
};
use tonic::Status as Refused;

/// Glucose, mass concentration in serum or plasma.
const GLUCOSE: &str = "2345-7";
const COLLEGE: &str = "urn:relais:lu:college-medical";

/// Who asks and who finds.
pub struct Laboratory<'s> {
    suite: &'s Suite,
    /// Prescribes at a care centre.
    pub doctor: Identity,
    /// Stands in there.
    pub substitute: Identity,
    /// The laboratory's biologist.
    pub biologist: Identity,
    /// What they agreed on.
    pub convention: String,
    prescriber: String,
    patient: String,
}

/// A referral with what is asked for it.
pub struct Asked {
    pub referral: Referral,
    pub order: Order,
}

impl<'s> Laboratory<'s> {
    /// Enters them, under a convention that sends results to the prescriber.
    pub async fn open(suite: &'s Suite, partners: &Partners) -> Result<Self> {
        let (operator, sender) = (&partners.operator, &partners.sender.organisation);
        let centre = partnership::care_centre(operator, sender).await?;
        let prescriber = practitioner(operator, sender, "M-1").await?;
        let stands_in = practitioner(operator, sender, "M-2").await?;
        let request =
            SetUnitSubstituteRequest { unit: centre.clone(), substitute: stands_in.clone(), request_id: request_id() };
        let admin = suite.session("referral", &Identity::new("admin", "admin").of(sender))?;
        admin.leaves().set_unit_substitute(request).await?;
        let today = machine_now().date_naive();
        let prescribers = Some(Prescribers { required: false, register: COLLEGE.into() });
        let terms = Terms { prescribers, ..partnership::terms(sender, partners.provider(), today) };
        let convention = partnership::sign(operator, partnership::draft(operator, terms).await?, today).await?.name;
        let clinician =
            |subject: &str, entry: &str| Identity::new(subject, "clinician").of(sender).at(&centre).registered(entry);
        Ok(Self {
            suite,
            doctor: clinician("doctor", &prescriber),
            substitute: clinician("substitute", &stands_in),
            biologist: Identity::new("biologist", "clinician").of(partners.provider()),
            convention,
            prescriber,
            patient: partners.patient().into(),
        })
    }

    /// The doctor refers the partners' patient and says which analysis.
    pub async fn ask(&self, partners: &Partners) -> Result<Asked> {
        self.ask_for(partners, &self.patient).await
    }

    /// The doctor refers a patient and says which analysis.
    pub async fn ask_for(&self, partners: &Partners, patient: &str) -> Result<Asked> {
        let patient = patient.to_string();
        let (at, results) = (self.suite.session("referral", &self.doctor)?, self.at(&self.doctor)?);
        let (convention, prescriber) = (self.convention.clone(), self.prescriber.clone());
        let referral = partners.request().referral.map(|ask| Referral { convention, prescriber, patient, ..ask });
        let request = SubmitReferralRequest { referral, request_id: request_id(), ..Default::default() };
        let referral = at.referrals().submit_referral(request).await?.into_inner().referral.context("a referral")?;
        settled(&self.suite.sessions(&Identity::new("operator", "operator"))?).await?;
        let list = ListOrdersRequest { referral: referral.name.clone(), ..Default::default() };
        let order = results.results().list_orders(list).await?.into_inner().orders.pop().context("an order")?;
        let codes = vec![GLUCOSE.to_string()];
        let place = PlaceOrderRequest { name: order.name, codes, request_id: request_id(), ..Default::default() };
        let order = results.results().place_order(place).await?.into_inner().order.context("an order")?;
        Ok(Asked { referral, order })
    }

    /// Somebody asks for one more analysis.
    pub async fn ask_more(&self, who: &Identity, asked: &Asked, code: &str) -> Result<Order, Refused> {
        let at = self.at(who).map_err(|error| Refused::internal(error.to_string()))?;
        let (name, codes) = (asked.order.name.clone(), vec![code.to_string()]);
        let place = PlaceOrderRequest { name, codes, request_id: request_id(), ..Default::default() };
        Ok(at.results().place_order(place).await?.into_inner().order.unwrap_or_default())
    }

    /// What the biologist hands in first.
    pub fn first(&self, asked: &Asked, status: Status, value: &str) -> CreateReportRequest {
        CreateReportRequest {
            order: asked.order.name.clone(),
            referral_number: asked.referral.number.clone(),
            patient: asked.referral.patient.clone(),
            accession_number: request_id(),
            status: status.into(),
            content: Some(content(value)),
            request_id: request_id(),
        }
    }

    pub async fn report(&self, request: CreateReportRequest) -> Result<Report> {
        let answer = self.at(&self.biologist)?.reports().create_report(request).await?.into_inner();
        answer.report.context("a report")
    }

    pub async fn revise(&self, last: &Report, status: Status, value: &str) -> Result<Report, Refused> {
        let biologist = self.at(&self.biologist).map_err(|error| Refused::internal(error.to_string()))?;
        let request = ReviseReportRequest {
            name: last.name.clone(),
            etag: last.etag.clone(),
            status: status.into(),
            content: Some(content(value)),
            request_id: request_id(),
        };
        Ok(biologist.reports().revise_report(request).await?.into_inner().report.unwrap_or_default())
    }

    /// Files a document with an order, by the doctor, or with a report, by the biologist.
    pub async fn file(&self, who: &Identity, parent: &str) -> Result<String> {
        self.file_bytes(who, parent, b"%PDF-1.7".to_vec()).await
    }

    /// Files a document that says this.
    pub async fn file_bytes(&self, who: &Identity, parent: &str, bytes: Vec<u8>) -> Result<String> {
        let header = UploadHeader {
            parent: parent.into(),
            request_id: request_id(),
            media_type: "application/pdf".into(),
            size_bytes: bytes.len() as i64,
            sha256: digest(&SHA256, &bytes).as_ref().into(),
            offset: 0,
        };
        let parts = [Part::Header(header), Part::Chunk(bytes)].map(|part| UploadAttachmentRequest { part: Some(part) });
        let mut files = self.at(who)?.attachments();
        let answer = files.upload_attachment(tokio_stream::iter(parts)).await?.into_inner();
        Ok(answer.attachment.context("an attachment")?.name)
    }

    /// A version of a report as somebody sees it; 0: the one that is shown.
    pub async fn read(&self, who: &Identity, name: &str, version: i64) -> Result<Report> {
        let request = GetReportRequest { name: name.into(), version };
        let answer = self.at(who)?.reports().get_report(request).await?.into_inner();
        answer.report.context("a report")
    }

    /// The register licenses the prescriber no longer.
    pub async fn strike_off(&self, partners: &Partners) -> Result<()> {
        let mut network = partners.operator.network();
        let request = GetPractitionerRequest { name: self.prescriber.clone() };
        let entry = network.get_practitioner(request).await?.into_inner().practitioner.unwrap_or_default();
        let request = EndRegistrationRequest {
            name: entry.registrations[0].name.clone(),
            end_date: Some(date(machine_now().date_naive())),
            end_reason: EndReason::StruckOff.into(),
            request_id: request_id(),
            ..Default::default()
        };
        network.end_registration(request).await?;
        Ok(())
    }

    /// Somebody at the results service.
    pub fn at(&self, who: &Identity) -> Result<Session> {
        self.suite.session("results", who)
    }
}

async fn practitioner(operator: &Session, parent: &str, number: &str) -> Result<String> {
    let registration = Some(Identifier { system: COLLEGE.into(), value: number.into() });
    let practitioner = Some(Practitioner { display_name: "Dr".into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent: parent.into(), practitioner, request_id: request_id() };
    let answer = operator.network().create_practitioner(request).await?.into_inner();
    Ok(answer.practitioner.context("a practitioner")?.name)
}

/// So much glucose, yesterday.
fn content(value: &str) -> ReportContent {
    let value = Quantity { value: value.into(), unit: "mg/dL".into(), ..Quantity::default() };
    let found = Observation { code: GLUCOSE.into(), value: Some(Value::Quantity(value)), ..Observation::default() };
    let performed_date = Some(date(machine_now().date_naive() - Days::new(1)));
    ReportContent { performed_date, observations: vec![found], ..ReportContent::default() }
}
