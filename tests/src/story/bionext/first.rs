//! One referral from its admission to the corrected result.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_proto::{
    notification::v1::{WatchMessagesRequest, WatchMessagesResponse, message},
    referral::v1::{
        CheckAdmissionRequest, ListTransitionsRequest, ProvideInformationRequest, Referral, RequestInformationRequest,
        referral,
    },
    results::v1::{Order, Report, observation::Interpretation, report},
    scheduling::v1::ConfirmAppointmentRequest,
};
use tonic::{Code, Streaming};

use super::{
    Stage,
    agreement::{Partnership, SOCIAL_WORKER},
    ensure, scene,
    steps::{CREATININE, GLUCOSE, Told, acknowledge, begins, is, read, read_when_released, spoken},
    tell,
};
use crate::{
    date, eventually,
    partnership::{CHEST_XRAY, LOINC, PANEL},
    request_id,
    story::{Actor, asked},
};
use relais_proto::convention::v1::Coding;

/// From the first question to the acknowledged correction.
pub(super) async fn follow(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let patient = story.patient(stage, "El Haddad", "Noureddine").await?;
    is_judged(stage, story, &patient).await?;
    let mut inbox = open_inbox(stage, &story.reception).await?;
    let sent = is_sent(stage, story, &patient, &mut inbox).await?;
    is_asked(stage, story, &sent).await?;
    is_booked(stage, story, &sent).await?;
    let order = is_sampled(stage, story, &sent).await?;
    is_reported(stage, story, (&sent, &patient, &order)).await?;
    is_closed(stage, story, &sent).await
}

/// All rules that fail at once, before anything is sent.
async fn is_judged(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("The convention judges");
    let day = stage.today() + Days::new(2_000);
    let wrong = Referral {
        service: Some(Coding { system: LOINC.into(), code: CHEST_XRAY.into(), ..Coding::default() }),
        requested_date: Some(date(day)),
        prescriber: String::new(),
        ..story.ask(patient, day)
    };
    let mut client = stage.at(&story.prescriber)?.referral.referrals();
    let request = CheckAdmissionRequest { referral: Some(wrong) };
    let judged = asked("CheckAdmission", client.check_admission(request)).await?;
    let codes: Vec<_> = judged.failed_rules.iter().map(|rule| rule.code.as_str()).collect();
    for expected in ["convention-not-in-force", "service-not-covered", "prescriber-not-entitled"] {
        ensure(codes.contains(&expected), "not every rule that fails is named")?;
    }
    story.prescriber.tells(format!("asks whether a chest X-ray on {day} would be taken:"));
    judged.failed_rules.iter().for_each(|rule| tell("", format!("no, {}: {}", rule.code, rule.sentence)));
    let right = CheckAdmissionRequest { referral: Some(story.ask(patient, stage.today() + Days::new(3))) };
    ensure(asked("CheckAdmission", client.check_admission(right)).await?.admitted, "a good referral is refused")?;
    story.prescriber.tells(format!("asks the same for analyses ({PANEL}) in three days: yes"));
    Ok(())
}

async fn open_inbox(stage: &Stage<'_>, actor: &Actor) -> Result<Streaming<WatchMessagesResponse>> {
    let mut client = stage.at(actor)?.notification.inbox();
    let stream = asked("WatchMessages", client.watch_messages(WatchMessagesRequest::default())).await?;
    actor.tells("opens its inbox and waits");
    Ok(stream)
}

async fn is_sent(
    stage: &Stage<'_>,
    story: &Partnership,
    patient: &str,
    inbox: &mut Streaming<WatchMessagesResponse>,
) -> Result<Referral> {
    scene("A referral is sent");
    let sent = story.submit(stage, patient).await?;
    ensure(sent.state() == referral::State::Submitted, "the referral is not submitted")?;
    story.prescriber.tells(format!("submits referral {} for Noureddine El Haddad, who has no cover", sent.number));
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), inbox.message()).await;
    let told = told.context("no message came")??.and_then(|next| next.message).context("the inbox was closed")?;
    let right = told.kind() == message::Kind::ReferralSubmitted && told.referral == sent.name;
    ensure(right, "the laboratory was told something else")?;
    story.reception.tells(format!("reads in its inbox: referral {} was addressed to you", told.referral_number));
    Ok(sent)
}

/// More is asked and given, then it is accepted by hand.
async fn is_asked(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<()> {
    let ask = RequestInformationRequest {
        name: sent.name.clone(),
        items: vec!["fasting".into()],
        request_id: request_id(),
        ..Default::default()
    };
    asked("RequestInformation", stage.at(&story.reception)?.referral.referrals().request_information(ask)).await?;
    story.reception.tells("asks: is the patient fasting?");
    let note = "Fasting since the evening before.";
    stage.whisper([note]);
    let give = ProvideInformationRequest {
        name: sent.name.clone(),
        note: note.into(),
        request_id: request_id(),
        ..Default::default()
    };
    asked("ProvideInformation", stage.at(&story.prescriber)?.referral.referrals().provide_information(give)).await?;
    story.prescriber.tells("answers; the referral is submitted again");
    let accepted = story.accept(stage, sent).await?;
    ensure(accepted.state() == referral::State::Accepted, "the referral is not accepted")?;
    let due = begins(accepted.due_time)?.date_naive();
    story.reception.tells(format!("accepts it by hand; the next step is theirs, until {due}"));
    Ok(())
}

/// Searched, held, booked; and the one who looks after a patient without a telephone is reminded.
async fn is_booked(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<()> {
    scene("An appointment is found");
    let slots = story.slots(stage, sent, &story.forges).await?;
    let first = slots.first().context("no slot is free")?;
    story.desk.tells(format!(
        "finds {} free slots at Forges du Sud, the first at {}",
        slots.len(),
        begins(first.start_time)?
    ));
    let booked = story.book(stage, sent, &story.forges).await?;
    let start = begins(booked.start_time)?;
    story.desk.tells(format!("holds a seat and books it: {start}, an interpreter for Arabic asked for"));
    story.until(stage, sent, referral::State::Scheduled).await?;
    let before = stage.mail_to(SOCIAL_WORKER).await?.len();
    stage.go_on_until(start - TimeDelta::hours(40)).await?;
    let arrived = || async { Ok(stage.mail_to(SOCIAL_WORKER).await?.into_iter().nth(before)) };
    let mail = eventually("the reminder came by mail", arrived).await?;
    let said = format!("{} {}", mail.header("Subject"), mail.text());
    ensure(!said.contains("Haddad") && !said.contains(PANEL), "a mail names a patient or what is asked for")?;
    story.desk.tells(format!("is reminded by mail, for the patient has no telephone: {:?}", mail.header("Subject")));
    let request =
        ConfirmAppointmentRequest { name: booked.name.clone(), request_id: request_id(), ..Default::default() };
    let mut client = stage.at(&story.desk)?.scheduling.scheduling();
    asked("ConfirmAppointment", client.confirm_appointment(request)).await?;
    story.desk.tells("says that the patient will come");
    stage.go_on_until(start + TimeDelta::minutes(1)).await?;
    story.attend(stage, &booked).await?;
    story.reception.tells("sees the patient and takes the blood");
    story.until(stage, sent, referral::State::Attended).await?;
    Ok(())
}

async fn is_sampled(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<Order> {
    scene("Results come");
    let order = story.place(stage, sent, &[GLUCOSE, CREATININE]).await?;
    story.prescriber.tells("orders glucose and creatinine (LOINC 2345-7, 2160-0)");
    story.sample(stage, &order, &story.forges).await?;
    story.biologist.tells("has both samples");
    Ok(order)
}

/// Partial, final, corrected; each version is somebody's to take note of, and what is to come is the laboratory's.
async fn is_reported(
    stage: &Stage<'_>,
    story: &Partnership,
    (sent, patient, order): (&Referral, &str, &Order),
) -> Result<()> {
    use Interpretation::{High, Normal};
    let (site, values) = (story.forges.as_str(), &[(GLUCOSE, "94", Normal)]);
    let told = Told { order, sent, patient, site, status: report::Status::Partial, values };
    let partial = story.report(stage, told).await?;
    let seen = read_when_released(stage, &story.prescriber, &partial).await?;
    story.prescriber.tells(format!("reads version {}: partial, glucose 94 mg/dL", seen.version));
    is_hidden(stage, story, &partial).await?;
    acknowledge(stage, &story.prescriber, &seen).await?;
    let waits = || async { Ok(Some(story.look(stage, sent).await?).filter(|now| now.owner == story.provider)) };
    let waits = eventually("the rest is the laboratory's to report", waits).await?;
    ensure(waits.next_step() == referral::NextStep::Report, "nobody owes the rest of the result")?;
    story.prescriber.tells("acknowledges it; the rest is the laboratory's to report");
    let both = [(GLUCOSE, "94", Normal), (CREATININE, "0.9", Normal)];
    let last = story.revise(stage, &partial, report::Status::Final, &both).await?;
    let seen = read_when_released(stage, &story.prescriber, &last).await?;
    story.prescriber.tells(format!("reads version {}: final", seen.version));
    acknowledge(stage, &story.prescriber, &seen).await?;
    story.until(stage, sent, referral::State::Completed).await?;
    let corrected = [(GLUCOSE, "94", Normal), (CREATININE, "1.9", High)];
    let corrected = story.revise(stage, &last, report::Status::Corrected, &corrected).await?;
    let seen = read_when_released(stage, &story.prescriber, &corrected).await?;
    story.prescriber.tells(format!("reads version {}: corrected, creatinine 1.9 mg/dL, high", seen.version));
    story.until(stage, sent, referral::State::ResultsAvailable).await?;
    tell("referral", format!("{} is open again: what was corrected must be taken note of", sent.number));
    acknowledge(stage, &story.prescriber, &seen).await?;
    story.prescriber.tells("acknowledges it: delivered, read and acknowledged are three things");
    Ok(())
}

/// The desks see that there is a report, and nothing of it; a stranger does not even see that.
async fn is_hidden(stage: &Stage<'_>, story: &Partnership, report: &Report) -> Result<()> {
    let seen = read(stage, &story.desk, report).await?;
    ensure(seen.content.is_none(), "a desk reads a result")?;
    story.desk.tells("sees that a result is there, and nothing of what it says");
    let hidden = read(stage, &story.stranger, report).await;
    ensure(hidden.is_err_and(|error| is(&error, Code::NotFound)), "a stranger sees the report")?;
    story.stranger.tells("asks for it: not found");
    Ok(())
}

async fn is_closed(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<()> {
    story.until(stage, sent, referral::State::Completed).await?;
    let request = ListTransitionsRequest { parent: sent.name.clone(), page_size: 50, ..Default::default() };
    let mut client = stage.at(&story.prescriber)?.referral.referrals();
    let steps = asked("ListTransitions", client.list_transitions(request)).await?.transitions;
    let names: Vec<_> = steps.iter().map(|step| spoken(step.state())).collect();
    story.prescriber.tells(format!("sees the loop closed: {}", names.join(", ")));
    Ok(())
}
