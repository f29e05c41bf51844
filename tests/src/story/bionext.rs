//! Médecins du Monde Luxembourg sends people without health cover to the laboratory BioneXt Lab, free of charge.
//!
//! The convention ran since spring and was signed later: it admits from its start on.

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
    notification::v1::{WatchMessagesRequest, WatchMessagesResponse, message},
    referral::v1::{
        CancelReferralRequest, CreatePatientRequest, GetReferralRequest, ListReferralsRequest, Referral,
        SubmitReferralRequest, cancel_referral_request::Reason, referral,
    },
    results::v1::{ListOrdersRequest, Order, order},
    scheduling::v1::{Appointment, ListAppointmentsRequest, appointment},
};
use tonic::{Code, Streaming};

use super::{Actor, Cast, ensure, scene, tell};
use crate::{Identity, Suite, date, eventually, request_id, rules, settled};

const LOINC: &str = "http://loinc.org";
/// Comprehensive metabolic panel, serum or plasma.
const PANEL: &str = "24323-8";
/// Chest X-ray, two views: no laboratory's work.
const CHEST_XRAY: &str = "36643-5";

/// What everybody in the story knows.
struct Partnership {
    care_centre: Actor,
    laboratory: Actor,
    stranger: Actor,
    provider: String,
    site: String,
    prescriber: String,
    convention: String,
    today: NaiveDate,
}

pub(super) async fn play(suite: &Suite) -> Result<Cast> {
    let operator = actor(suite, "operator", Identity::new("operator", "operator"))?;
    let partnership = sign(suite, &operator).await?;
    let mut watch = open_inbox(&partnership.laboratory).await?;

    let sent = send(&partnership).await?;
    arrives(&partnership, &sent, &mut watch).await?;
    is_judged(&partnership).await?;
    is_private(&partnership, &sent).await?;
    is_cancelled(&partnership, &mut watch).await?;

    scene("In the end");
    settled(&operator.at).await?;
    tell("all services", "settled: outbox, retry and queues are empty");
    Ok(Cast { actors: vec![operator, partnership.care_centre, partnership.laboratory, partnership.stranger] })
}

fn actor(suite: &Suite, title: &str, identity: Identity) -> Result<Actor> {
    Ok(Actor { title: title.into(), at: suite.sessions(&identity)?, identity })
}

/// The network enters who takes part; the partners sign.
async fn sign(suite: &Suite, operator: &Actor) -> Result<Partnership> {
    scene("A convention is signed");
    let mdm = organisation(operator, "Médecins du Monde Luxembourg").await?;
    let lab = organisation(operator, "BioneXt Lab").await?;
    let other = organisation(operator, "A laboratory that is no party").await?;
    let centre = care_centre(operator, &mdm).await?;
    let site = site(operator, &lab, "Forges du Sud, Dudelange").await?;
    tell("operator", "enters Médecins du Monde and its care centre, BioneXt Lab and its sampling centre Forges du Sud");
    let prescriber = practitioner(operator, &mdm).await?;
    tell("operator", "enters a volunteer doctor with the registration of the Collège médical");

    let today = machine_now().date_naive();
    let coordinator = actor(suite, "coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(&mdm))?;
    let convention = convention(&coordinator, &mdm, &lab, today).await?;
    let mdm_desk = Identity::new("mdm-care-centre", "clinician").of(&mdm).at(&centre);
    Ok(Partnership {
        care_centre: actor(suite, "care centre of MdM", mdm_desk)?,
        laboratory: actor(suite, "BioneXt Lab", Identity::new("bionext-desk", "desk").of(&lab))?,
        stranger: actor(suite, "another laboratory", Identity::new("stranger", "desk").of(&other))?,
        provider: lab,
        site,
        prescriber,
        convention,
        today,
    })
}

async fn organisation(operator: &Actor, name: &str) -> Result<String> {
    let organisation = Organisation { display_name: name.into(), country_code: "LU".into(), ..Organisation::default() };
    let request = CreateOrganisationRequest { organisation: Some(organisation), request_id: request_id() };
    let answer = operator.at.referral.network().create_organisation(request).await?.into_inner();
    Ok(answer.organisation.context("no organisation")?.name)
}

async fn care_centre(operator: &Actor, parent: &str) -> Result<String> {
    let (display_name, kind) = ("Care centre Esch-sur-Alzette".into(), unit::Kind::CareCentre.into());
    let unit = Unit { display_name, kind, ..Unit::default() };
    let request = CreateUnitRequest { parent: parent.into(), unit: Some(unit), request_id: request_id() };
    let answer = operator.at.referral.network().create_unit(request).await?.into_inner();
    Ok(answer.unit.context("no unit")?.name)
}

async fn site(operator: &Actor, parent: &str, name: &str) -> Result<String> {
    let site = Site { display_name: name.into(), time_zone: "Europe/Luxembourg".into(), ..Site::default() };
    let request = CreateSiteRequest { parent: parent.into(), site: Some(site), request_id: request_id() };
    let answer = operator.at.referral.network().create_site(request).await?.into_inner();
    Ok(answer.site.context("no site")?.name)
}

async fn practitioner(operator: &Actor, parent: &str) -> Result<String> {
    let registration = Identifier { system: "urn:relais:lu:college-medical".into(), value: "M-4711".into() };
    let (display_name, registration) = ("Dr Claire Weber".into(), Some(registration));
    let practitioner = Practitioner { display_name, registration, ..Practitioner::default() };
    let (parent, practitioner) = (parent.into(), Some(practitioner));
    let request = CreatePractitionerRequest { parent, practitioner, request_id: request_id() };
    let answer = operator.at.referral.network().create_practitioner(request).await?.into_inner();
    Ok(answer.practitioner.context("no practitioner")?.name)
}

async fn convention(coordinator: &Actor, mdm: &str, lab: &str, today: NaiveDate) -> Result<String> {
    let party = |organisation: &str, role: party::Role| Party { organisation: organisation.into(), role: role.into() };
    let code = Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() };
    let terms = Terms {
        parties: vec![party(mdm, party::Role::Referrer), party(lab, party::Role::Provider)],
        services: vec![Service { code: Some(code), bearer: service::Bearer::ProviderInKind.into() }],
        lines: vec![Line {
            line_id: "analyses".into(),
            measure: line::Measure::Acts.into(),
            kind: line::Kind::Counted.into(),
        }],
        start_date: Some(date(today - Days::new(200))),
        end_date: Some(date(today + Days::new(900))),
    };
    let display_name = "Free analyses for people without cover".into();
    let convention = Some(Convention { display_name, terms: Some(terms), ..Convention::default() });
    let mut client = coordinator.at.referral.conventions();
    let request = CreateConventionRequest { convention, request_id: request_id() };
    let draft = client.create_convention(request).await?.into_inner().convention.context("no convention")?;
    let signature = today - Days::new(7);
    let request = SignConventionRequest {
        name: draft.name,
        signature_date: Some(date(signature)),
        etag: draft.etag,
        request_id: request_id(),
    };
    let signed = client.sign_convention(request).await?.into_inner().convention.context("no convention")?;
    tell(&coordinator.title, format!("signs on {signature}; the laboratory gives since {}", today - Days::new(200)));
    Ok(signed.name)
}

async fn open_inbox(laboratory: &Actor) -> Result<Streaming<WatchMessagesResponse>> {
    let stream = laboratory.at.notification.inbox().watch_messages(WatchMessagesRequest::default()).await?;
    tell(&laboratory.title, "opens its inbox and waits");
    Ok(stream.into_inner())
}

impl Partnership {
    fn ask(&self, patient: String, code: &str, day: NaiveDate) -> Referral {
        Referral {
            convention: self.convention.clone(),
            service: Some(Coding { system: LOINC.into(), code: code.into(), ..Coding::default() }),
            patient,
            provider: self.provider.clone(),
            site: self.site.clone(),
            prescriber: self.prescriber.clone(),
            requested_date: Some(date(day)),
            ..Referral::default()
        }
    }

    async fn patient(&self) -> Result<String> {
        let request = CreatePatientRequest { patient: None, request_id: request_id() };
        let answer = self.care_centre.at.referral.patients().create_patient(request).await?.into_inner();
        Ok(answer.patient.context("no patient")?.name)
    }

    /// Submits, and sends the same request again, as a client does who got no answer.
    async fn submit(&self, day: NaiveDate) -> Result<Referral> {
        let referral = Some(self.ask(self.patient().await?, PANEL, day));
        let request = SubmitReferralRequest { referral, request_id: request_id() };
        let mut client = self.care_centre.at.referral.referrals();
        let first = client.submit_referral(request.clone()).await?.into_inner().referral.context("no referral")?;
        let again = client.submit_referral(request).await?.into_inner().referral.context("no referral")?;
        ensure(first == again, "the same request again is answered otherwise")?;
        Ok(first)
    }
}

async fn send(story: &Partnership) -> Result<Referral> {
    scene("A referral is sent");
    let sent = story.submit(story.today + Days::new(3)).await?;
    ensure(sent.state() == referral::State::Submitted, "the referral is not submitted")?;
    tell(&story.care_centre.title, format!("submits referral {} for {PANEL} to BioneXt Lab", sent.number));
    tell(&story.care_centre.title, "sends the same request again and gets the same answer");
    Ok(sent)
}

/// What the event does in the other services.
async fn arrives(story: &Partnership, sent: &Referral, watch: &mut Streaming<WatchMessagesResponse>) -> Result<()> {
    scene("It has its effect in the other services");
    let told = next_message(watch, message::Kind::ReferralSubmitted, sent).await?;
    tell(&story.laboratory.title, format!("reads in its inbox: referral {told} was addressed to you"));
    let appointment = appointment_of(story, sent, appointment::State::Proposed).await?;
    tell("scheduling", format!("opened a proposed appointment for {}", appointment.referral_number));
    let order = order_of(story, sent, order::State::Draft).await?;
    tell("results", format!("opened a draft order for {}", order.referral_number));
    eventually("the referral knows its appointment", || async {
        let request = GetReferralRequest { name: sent.name.clone() };
        let now = story.care_centre.at.referral.referrals().get_referral(request).await?.into_inner();
        Ok(now.referral.filter(|now| now.appointment == appointment.name))
    })
    .await?;
    tell(&story.care_centre.title, "sees the appointment on its referral: the loop is closed");
    Ok(())
}

async fn next_message(
    watch: &mut Streaming<WatchMessagesResponse>,
    kind: message::Kind,
    about: &Referral,
) -> Result<String> {
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), watch.message()).await;
    let told = next.context("no message came")??.and_then(|next| next.message).context("the inbox was closed")?;
    ensure(told.kind() == kind && told.referral == about.name, "the laboratory was told something else")?;
    Ok(told.referral_number)
}

async fn appointment_of(story: &Partnership, sent: &Referral, state: appointment::State) -> Result<Appointment> {
    eventually("scheduling has the appointment", || async {
        let request = ListAppointmentsRequest { referral: sent.name.clone(), ..ListAppointmentsRequest::default() };
        let list = story.laboratory.at.scheduling.scheduling().list_appointments(request).await?.into_inner();
        Ok(list.appointments.into_iter().find(|found| found.state() == state))
    })
    .await
}

async fn order_of(story: &Partnership, sent: &Referral, state: order::State) -> Result<Order> {
    eventually("results has the order", || async {
        let request = ListOrdersRequest { referral: sent.name.clone(), ..ListOrdersRequest::default() };
        let list = story.laboratory.at.results.results().list_orders(request).await?.into_inner();
        Ok(list.orders.into_iter().find(|found| found.state() == state))
    })
    .await
}

/// What the convention does not admit is refused with every rule that fails.
async fn is_judged(story: &Partnership) -> Result<()> {
    scene("The convention judges");
    let day = story.today + Days::new(2_000);
    let referral = Some(story.ask(story.patient().await?, CHEST_XRAY, day));
    let request = SubmitReferralRequest { referral, request_id: request_id() };
    let refused = story.care_centre.at.referral.referrals().submit_referral(request).await;
    let refused = refused.err().context("the story went wrong: it was admitted")?;
    let failed = rules(&refused);
    ensure(failed == ["convention-not-in-force", "service-not-covered"], "other rules failed")?;
    tell(&story.care_centre.title, format!("asks for a chest X-ray on {day}: refused, {}", failed.join(" and ")));
    Ok(())
}

async fn is_private(story: &Partnership, sent: &Referral) -> Result<()> {
    let mut client = story.stranger.at.referral.referrals();
    let refused = client.get_referral(GetReferralRequest { name: sent.name.clone() }).await;
    ensure(refused.is_err_and(|status| status.code() == Code::NotFound), "a stranger sees the referral")?;
    let list = client.list_referrals(ListReferralsRequest::default()).await?.into_inner();
    ensure(list.referrals.is_empty(), "a stranger's list is not empty")?;
    tell(&story.stranger.title, "asks for the referral: not found");
    Ok(())
}

async fn is_cancelled(story: &Partnership, watch: &mut Streaming<WatchMessagesResponse>) -> Result<()> {
    scene("Another referral is cancelled");
    let sent = story.submit(story.today + Days::new(4)).await?;
    next_message(watch, message::Kind::ReferralSubmitted, &sent).await?;
    let request = CancelReferralRequest {
        name: sent.name.clone(),
        reason: Reason::PatientDeclined.into(),
        etag: sent.etag.clone(),
        request_id: request_id(),
    };
    story.care_centre.at.referral.referrals().cancel_referral(request).await?;
    tell(&story.care_centre.title, format!("cancels referral {}: the patient does not wish it", sent.number));
    let told = next_message(watch, message::Kind::ReferralCancelled, &sent).await?;
    tell(&story.laboratory.title, format!("reads in its inbox: referral {told} was cancelled"));
    appointment_of(story, &sent, appointment::State::Cancelled).await?;
    order_of(story, &sent, order::State::Revoked).await?;
    tell("scheduling, results", "gave the appointment up and withdrew the order");
    Ok(())
}
