//! Médecins du Monde Luxembourg sends people without health cover to the laboratory BioneXt Lab, free of charge.
//!
//! The convention ran since spring and was signed later: it admits from its start on.

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::Coding,
    notification::v1::{WatchMessagesRequest, WatchMessagesResponse, message},
    referral::v1::{
        CancelReferralRequest, GetPatientRequest, GetReferralRequest, ListReferralsRequest, PatientIdentity, Referral,
        SearchPatientsRequest, SubmitReferralRequest, cancel_referral_request::Reason, referral,
    },
    results::v1::{GetOrderRequest, ListOrdersRequest, Order, order},
    scheduling::v1::{Appointment, ListAppointmentsRequest, appointment},
};
use tonic::{Code, Streaming};

use super::{Actor, Cast, ensure, scene, tell};
use crate::{
    Identity, Suite, eventually,
    partnership::{self, CHEST_XRAY, LOINC, PANEL},
    request_id, rules, settled,
};

/// What everybody in the story knows.
struct Partnership {
    care_centre: Actor,
    laboratory: Actor,
    biologist: Actor,
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
    is_known(&partnership, &sent).await?;
    is_cancelled(&partnership, &mut watch).await?;

    scene("In the end");
    settled(&operator.at).await?;
    tell("all services", "settled: outbox, retry and queues are empty");
    Ok(Cast {
        actors: vec![
            operator,
            partnership.care_centre,
            partnership.laboratory,
            partnership.biologist,
            partnership.stranger,
        ],
    })
}

fn actor(suite: &Suite, title: &str, identity: Identity) -> Result<Actor> {
    Ok(Actor { title: title.into(), at: suite.sessions(&identity)?, identity })
}

/// The network enters who takes part; the partners sign.
async fn sign(suite: &Suite, operator: &Actor) -> Result<Partnership> {
    scene("A convention is signed");
    let at = &operator.at.referral;
    let mdm = partnership::organisation(at, "Médecins du Monde Luxembourg").await?;
    let lab = partnership::organisation(at, "BioneXt Lab").await?;
    let other = partnership::organisation(at, "A laboratory that is no party").await?;
    let centre = partnership::care_centre(at, &mdm).await?;
    let site = partnership::site(at, &lab, "Forges du Sud, Dudelange").await?;
    tell("operator", "enters Médecins du Monde and its care centre, BioneXt Lab and its sampling centre Forges du Sud");
    let prescriber = partnership::practitioner(at, &mdm).await?;
    tell("operator", "enters a volunteer doctor with the registration of the Collège médical");

    let today = machine_now().date_naive();
    let coordinator = actor(suite, "coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(&mdm))?;
    let draft = partnership::draft(&coordinator.at.referral, partnership::terms(&mdm, &lab, today)).await?;
    let convention = partnership::sign(&coordinator.at.referral, draft, today - Days::new(7)).await?.name;
    let (signed, began) = (today - Days::new(7), today - Days::new(200));
    tell(&coordinator.title, format!("signs on {signed}; the laboratory gives since {began}"));
    let mdm_desk = Identity::new("mdm-care-centre", "clinician").of(&mdm).at(&centre);
    Ok(Partnership {
        care_centre: actor(suite, "care centre of MdM", mdm_desk)?,
        laboratory: actor(suite, "BioneXt Lab", Identity::new("bionext-desk", "desk").of(&lab))?,
        biologist: actor(suite, "biologist of BioneXt", Identity::new("bionext-biologist", "clinician").of(&lab))?,
        stranger: actor(suite, "another laboratory", Identity::new("stranger", "desk").of(&other))?,
        provider: lab,
        site,
        prescriber,
        convention,
        today,
    })
}

async fn open_inbox(laboratory: &Actor) -> Result<Streaming<WatchMessagesResponse>> {
    let stream = laboratory.at.notification.inbox().watch_messages(WatchMessagesRequest::default()).await?;
    tell(&laboratory.title, "opens its inbox and waits");
    Ok(stream.into_inner())
}

impl Partnership {
    fn ask(&self, patient: &str, day: NaiveDate) -> Referral {
        let (site, prescriber) = (self.site.clone(), self.prescriber.clone());
        Referral { site, prescriber, ..partnership::referral(&self.convention, patient, &self.provider, day) }
    }

    /// Opens the record of somebody who has no cover; who it is stands in the vault.
    async fn patient(&self) -> Result<String> {
        let born = self.today - Days::new(30 * 365);
        let identity = PatientIdentity {
            language: "ar".into(),
            needs_interpreter: true,
            ..partnership::identity("El Haddad", "Noureddine", born)
        };
        Ok(partnership::patient_of(&self.care_centre.at.referral, identity).await?.name)
    }

    /// Submits, and sends the same request again, as a client does who got no answer.
    async fn submit(&self, day: NaiveDate) -> Result<Referral> {
        let referral = Some(self.ask(&self.patient().await?, day));
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
    let mut desk = story.laboratory.at.results.results();
    let refused = desk.get_order(GetOrderRequest { name: order.name }).await;
    ensure(refused.is_err_and(|status| status.code() == Code::PermissionDenied), "a desk reads an order")?;
    tell(&story.laboratory.title, "sees the referral and its service at the desk, and not the order");
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
        let list = story.biologist.at.results.results().list_orders(request).await?.into_inner();
        Ok(list.orders.into_iter().find(|found| found.state() == state))
    })
    .await
}

/// What the convention does not admit is refused with every rule that fails.
async fn is_judged(story: &Partnership) -> Result<()> {
    scene("The convention judges");
    let day = story.today + Days::new(2_000);
    let service = Some(Coding { system: LOINC.into(), code: CHEST_XRAY.into(), ..Coding::default() });
    let referral = Some(Referral { service, ..story.ask(&story.patient().await?, day) });
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

/// Who the patient is stays with the care centre, which finds the record however the name is written.
async fn is_known(story: &Partnership, sent: &Referral) -> Result<()> {
    scene("Who the patient is");
    let query = "Nour al-Din Haddad".to_string();
    let request = SearchPatientsRequest { query, ..SearchPatientsRequest::default() };
    let mut client = story.care_centre.at.referral.patients();
    let found = client.search_patients(request.clone()).await?.into_inner().matches;
    let is_sent = |patient: &str| patient == sent.patient;
    let found = found.iter().filter_map(|found| found.patient.as_ref()).any(|patient| is_sent(&patient.name));
    ensure(found, "the patient is not found by another spelling")?;
    tell(&story.care_centre.title, "looks for Nour al-Din Haddad and finds Noureddine El Haddad");
    let mut client = story.laboratory.at.referral.patients();
    let hidden = client.get_patient(GetPatientRequest { name: sent.patient.clone() }).await;
    ensure(hidden.is_err_and(|status| status.code() == Code::NotFound), "the laboratory reads the record")?;
    let others = client.search_patients(request).await?.into_inner().matches;
    ensure(others.is_empty(), "the laboratory finds the patient")?;
    tell(&story.laboratory.title, "asks for the record, looks for the name: nothing");
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
