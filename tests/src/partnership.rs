//! The partners of a story or a test, entered through the public APIs.

pub mod laboratory;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{
        Coding, Convention, CreateConventionRequest, Line, Party, Service, SignConventionRequest, Terms, line, party,
        service,
    },
    network::v1::{
        CreateOrganisationRequest, CreatePractitionerRequest, CreateSiteRequest, CreateUnitRequest, Identifier,
        Organisation, Practitioner, Site, Unit, unit,
    },
    referral::v1::{CreatePatientRequest, Patient, PatientIdentity, Referral, SubmitReferralRequest},
};

use crate::{Identity, Session, Suite, date, request_id};

/// The code system of laboratories.
pub const LOINC: &str = "http://loinc.org";
/// Comprehensive metabolic panel, serum or plasma.
pub const PANEL: &str = "24323-8";
/// Chest X-ray, two views: no laboratory's work.
pub const CHEST_XRAY: &str = "36643-5";

/// Enters an organisation.
///
/// # Errors
/// When the service refuses.
pub async fn organisation(operator: &Session, name: &str) -> Result<String> {
    organisation_in(operator, name, "LU").await
}

pub(crate) async fn organisation_in(operator: &Session, name: &str, country: &str) -> Result<String> {
    let (display_name, country_code) = (name.into(), country.into());
    let organisation = Organisation { display_name, country_code, ..Organisation::default() };
    let request = CreateOrganisationRequest { organisation: Some(organisation), request_id: request_id() };
    let answer = operator.network().create_organisation(request).await?.into_inner();
    Ok(answer.organisation.context("no organisation")?.name)
}

/// Enters a care centre of an organisation.
///
/// # Errors
/// When the service refuses.
pub async fn care_centre(operator: &Session, parent: &str) -> Result<String> {
    let (display_name, kind) = ("Care centre Esch-sur-Alzette".into(), unit::Kind::CareCentre.into());
    let unit = Unit { display_name, kind, ..Unit::default() };
    let request = CreateUnitRequest { parent: parent.into(), unit: Some(unit), request_id: request_id() };
    let answer = operator.network().create_unit(request).await?.into_inner();
    Ok(answer.unit.context("no unit")?.name)
}

/// Enters a site of an organisation.
///
/// # Errors
/// When the service refuses.
pub async fn site(operator: &Session, parent: &str, name: &str) -> Result<String> {
    site_in(operator, parent, name, "Europe/Luxembourg").await
}

/// As [`site`], in another time zone.
///
/// # Errors
/// When the service refuses.
pub async fn site_in(operator: &Session, parent: &str, name: &str, time_zone: &str) -> Result<String> {
    let site = Site { display_name: name.into(), time_zone: time_zone.into(), ..Site::default() };
    let request = CreateSiteRequest { parent: parent.into(), site: Some(site), request_id: request_id() };
    let answer = operator.network().create_site(request).await?.into_inner();
    Ok(answer.site.context("no site")?.name)
}

/// Enters a doctor of an organisation.
///
/// # Errors
/// When the service refuses.
pub async fn practitioner(operator: &Session, parent: &str) -> Result<String> {
    let registration = Identifier { system: "urn:relais:lu:college-medical".into(), value: "M-4711".into() };
    let (display_name, registration) = ("Dr Claire Weber".into(), Some(registration));
    let practitioner = Practitioner { display_name, registration, ..Practitioner::default() };
    let (parent, practitioner) = (parent.into(), Some(practitioner));
    let request = CreatePractitionerRequest { parent, practitioner, request_id: request_id() };
    let answer = operator.network().create_practitioner(request).await?.into_inner();
    Ok(answer.practitioner.context("no practitioner")?.name)
}

/// The terms under which `referrer` sends patients to `provider` for a panel, from 200 days before `today` to 900 after.
pub fn terms(referrer: &str, provider: &str, today: NaiveDate) -> Terms {
    let party = |organisation: &str, role: party::Role| Party { organisation: organisation.into(), role: role.into() };
    let code = Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() };
    Terms {
        parties: vec![party(referrer, party::Role::Referrer), party(provider, party::Role::Provider)],
        services: vec![Service { code: Some(code), bearer: service::Bearer::ProviderInKind.into() }],
        lines: vec![Line {
            line_id: "analyses".into(),
            measure: line::Measure::Acts.into(),
            kind: line::Kind::Counted.into(),
            ..Line::default()
        }],
        start_date: Some(date(today - Days::new(200))),
        end_date: Some(date(today + Days::new(900))),
        ..Terms::default()
    }
}

/// Enters a draft.
///
/// # Errors
/// When the service refuses.
pub async fn draft(coordinator: &Session, terms: Terms) -> Result<Convention> {
    let display_name = "Free analyses for people without cover".into();
    let convention = Some(Convention { display_name, terms: Some(terms), ..Convention::default() });
    let request = CreateConventionRequest { convention, request_id: request_id() };
    let answer = coordinator.conventions().create_convention(request).await?.into_inner();
    answer.convention.context("no convention")
}

/// Signs a draft.
///
/// # Errors
/// When the service refuses.
pub async fn sign(coordinator: &Session, draft: Convention, day: NaiveDate) -> Result<Convention> {
    let (name, etag) = (draft.name, draft.etag);
    let request = SignConventionRequest { name, signature_date: Some(date(day)), etag, request_id: request_id() };
    let answer = coordinator.conventions().sign_convention(request).await?.into_inner();
    answer.convention.context("no convention")
}

/// Opens a patient record in the caller's organisation.
///
/// # Errors
/// When the service refuses.
pub async fn patient(desk: &Session) -> Result<String> {
    let request = CreatePatientRequest { patient: None, request_id: request_id() };
    let answer = desk.patients().create_patient(request).await?.into_inner();
    Ok(answer.patient.context("no patient")?.name)
}

/// Who somebody is: a family name, a given name, a day of birth.
pub fn identity(family_name: &str, given_name: &str, birth: NaiveDate) -> PatientIdentity {
    PatientIdentity {
        family_name: family_name.into(),
        given_names: vec![given_name.into()],
        birth_date: Some(date(birth)),
        ..PatientIdentity::default()
    }
}

/// Opens a patient record of somebody in the caller's organisation.
///
/// # Errors
/// When the service refuses.
pub async fn patient_of(desk: &Session, identity: PatientIdentity) -> Result<Patient> {
    let patient = Some(Patient { identity: Some(identity), ..Patient::default() });
    let request = CreatePatientRequest { patient, request_id: request_id() };
    let answer = desk.patients().create_patient(request).await?.into_inner();
    answer.patient.context("no patient")
}

/// A referral for a panel.
pub fn referral(convention: &str, patient: &str, provider: &str, day: NaiveDate) -> Referral {
    Referral {
        convention: convention.into(),
        service: Some(Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() }),
        patient: patient.into(),
        provider: provider.into(),
        requested_date: Some(date(day)),
        ..Referral::default()
    }
}

/// Two organisations of a suite under a signed convention, and a patient: enough to submit.
pub struct Partners {
    /// Who runs the installation, at the referral service.
    pub operator: Session,
    /// The desk that sends, at the referral service.
    pub desk: Session,
    /// Whom that desk's token names.
    pub sender: Identity,
    provider: String,
    convention: String,
    patient: String,
    today: NaiveDate,
}

impl Partners {
    /// Enters them all.
    ///
    /// # Errors
    /// When the service refuses.
    pub async fn meet(suite: &Suite) -> Result<Self> {
        Self::meet_at(|identity| suite.session("referral", identity)).await
    }

    /// Enters them all at a referral service to which somebody has sessions.
    ///
    /// # Errors
    /// When the service refuses.
    pub async fn meet_at(session: impl Fn(&Identity) -> Result<Session>) -> Result<Self> {
        Self::meet_under(session, |terms| terms).await
    }

    /// As [`Partners::meet_at`], under other terms than the usual.
    ///
    /// # Errors
    /// When the service refuses.
    pub async fn meet_under(
        session: impl Fn(&Identity) -> Result<Session>,
        agreed: impl FnOnce(Terms) -> Terms,
    ) -> Result<Self> {
        let operator = session(&Identity::new("operator", "operator"))?;
        let referrer = organisation(&operator, "A").await?;
        let provider = organisation(&operator, "B").await?;
        let sender = Identity::new("desk", "desk").of(&referrer);
        let desk = session(&sender)?;
        let today = machine_now().date_naive();
        let draft = draft(&operator, agreed(terms(&referrer, &provider, today))).await?;
        let convention = sign(&operator, draft, today).await?.name;
        let patient = patient(&desk).await?;
        Ok(Self { operator, desk, sender, provider, convention, patient, today })
    }

    /// The patient's name.
    pub fn patient(&self) -> &str {
        &self.patient
    }

    /// The organisation asked to see patients.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The convention that they signed.
    pub fn convention(&self) -> &str {
        &self.convention
    }

    /// The day on which they met.
    pub fn today(&self) -> NaiveDate {
        self.today
    }

    /// A request of its own for a referral that is admitted.
    pub fn request(&self) -> SubmitReferralRequest {
        self.request_as(request_id())
    }

    /// The request of that id: the same each time.
    pub fn request_as(&self, request_id: String) -> SubmitReferralRequest {
        let referral = Some(referral(&self.convention, &self.patient, &self.provider, self.today));
        SubmitReferralRequest { referral, request_id, ..Default::default() }
    }

    /// Submits a request.
    ///
    /// # Errors
    /// When the service refuses, or cannot be reached.
    pub async fn submit(&self, request: SubmitReferralRequest) -> Result<Referral> {
        let answer = self.desk.referrals().submit_referral(request).await?.into_inner();
        answer.referral.context("no referral")
    }
}
