//! Two years: many referrals of one patient, a doctor struck off, silence; and what was given is counted.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use chrono::{NaiveDate, TimeDelta};
use relais_proto::{
    convention::v1::{GetUsageRequest, RecountUsageRequest},
    network::v1::{EndRegistrationRequest, GetPractitionerRequest, registration},
    referral::v1::{GetTimelineRequest, Referral, referral},
    results::v1::{Order, observation::Interpretation, report},
};
use tonic::Code;

use super::{
    Stage,
    agreement::Partnership,
    ensure, scene,
    steps::{CREATININE, GLUCOSE, Told, acknowledge, begins, is, read, read_when_released},
    tell,
};
use crate::{
    date, request_id,
    story::{Actor, asked},
};

/// Visits in two years, one every so many days.
const VISITS: u64 = 7;
const BETWEEN: u64 = 100;
/// The visit that is made at the other centre.
const AT_CHEM: u64 = 4;

/// Cholesterol, mass concentration in serum or plasma.
const CHOLESTEROL: &str = "2093-3";

/// `began` is the day of the signature: all is counted since.
pub(super) async fn pass(stage: &Stage<'_>, story: &Partnership, began: NaiveDate) -> Result<()> {
    let patient = story.patient(stage, "Ferreira", "Inês").await?;
    scene("Two years pass");
    for visit in 1..=VISITS {
        // Once the hospital's centre is the nearer one.
        let (site, place) = if visit == AT_CHEM { (&story.chem, "CHEM") } else { (&story.forges, "Forges du Sud") };
        visits(stage, story, (&patient, site)).await?;
        let day = stage.today();
        tell("", format!("{day}: visit {visit} of Inês Ferreira at {place}, sampled, reported, acknowledged"));
        stage.go_on_by(BETWEEN).await?;
    }
    is_silent(stage, story, &patient).await?;
    is_struck_off(stage, story, &patient).await?;
    is_one_timeline(stage, story, &patient).await?;
    is_counted(stage, story, began).await
}

/// One referral from its submission to its acknowledgement.
async fn visits(stage: &Stage<'_>, story: &Partnership, (patient, site): (&str, &str)) -> Result<()> {
    let (sent, order) = is_seen(stage, story, (patient, site)).await?;
    let values = &[(GLUCOSE, "88", Interpretation::Normal), (CREATININE, "0.8", Interpretation::Normal)];
    let told = Told { order: &order, sent: &sent, patient, site, status: report::Status::Final, values };
    let report = story.report(stage, told).await?;
    let seen = read_when_released(stage, &story.prescriber, &report).await?;
    acknowledge(stage, &story.prescriber, &seen).await?;
    story.until(stage, &sent, referral::State::Completed).await?;
    Ok(())
}

/// Sent, accepted, booked, come, sampled.
async fn is_seen(stage: &Stage<'_>, story: &Partnership, (patient, site): (&str, &str)) -> Result<(Referral, Order)> {
    let sent = story.submit(stage, patient).await?;
    story.accept(stage, &sent).await?;
    let booked = story.book(stage, &sent, site).await?;
    stage.go_on_until(begins(booked.start_time)? + TimeDelta::minutes(1)).await?;
    story.attend(stage, &booked).await?;
    story.until(stage, &sent, referral::State::Attended).await?;
    let order = story.place(stage, &sent, &[GLUCOSE, CREATININE]).await?;
    story.sample(stage, &order, site).await?;
    Ok((sent, order))
}

/// Nobody answers: that becomes an event, and in the end the referral expires.
async fn is_silent(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("Silence");
    let sent = story.submit(stage, patient).await?;
    stage.go_on_by(4).await?;
    let late = story.look(stage, &sent).await?;
    ensure(late.overdue && late.owner == story.provider, "nobody is told that nobody answered")?;
    tell(
        "referral",
        format!("{} was not answered in 72 hours: overdue, and the laboratory owns the next step", sent.number),
    );
    stage.go_on_by(60).await?;
    story.until(stage, &sent, referral::State::Expired).await?;
    tell("referral", format!("{} expired: it is nobody's secret", sent.number));
    Ok(())
}

/// Between the order and the result the prescriber is struck off: the result goes to the substitute, and nothing more is sent.
async fn is_struck_off(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("A doctor is struck off");
    let site = story.forges.as_str();
    let (sent, order) = is_seen(stage, story, (patient, site)).await?;
    strike_off(stage, &story.prescriber).await?;
    stage.operator().tells("ends Dr Weber's registration with the Collège médical");
    let more = story.place(stage, &sent, &[CHOLESTEROL]).await;
    ensure(more.is_err_and(|error| is(&error, Code::FailedPrecondition)), "who was struck off asks for more")?;
    story.prescriber.tells("asks for one more analysis: prescriber-not-entitled");
    let values = &[(GLUCOSE, "91", Interpretation::Normal), (CREATININE, "0.8", Interpretation::Normal)];
    let told = Told { order: &order, sent: &sent, patient, site, status: report::Status::Final, values };
    let report = story.report(stage, told).await?;
    let seen = read_when_released(stage, &story.substitute, &report).await?;
    story.substitute.tells(format!("receives the result of {}, as named at the care centre", sent.number));
    let hidden = read(stage, &story.prescriber, &report).await;
    let nothing = hidden.map_or_else(|error| is(&error, Code::NotFound), |found| found.content.is_none());
    ensure(nothing, "who was struck off reads the result")?;
    story.prescriber.tells("reads nothing of it");
    acknowledge(stage, &story.substitute, &seen).await?;
    story.until(stage, &sent, referral::State::Completed).await?;
    let refused = story.submit(stage, patient).await;
    ensure(refused.is_err_and(|error| is(&error, Code::FailedPrecondition)), "who was struck off sends a referral")?;
    story.prescriber.tells("sends nothing more: prescriber-not-entitled");
    Ok(())
}

async fn strike_off(stage: &Stage<'_>, doctor: &Actor) -> Result<()> {
    let mut client = stage.at(stage.operator())?.referral.network();
    let request = GetPractitionerRequest { name: doctor.identity.practitioner.clone() };
    let entry = asked("GetPractitioner", client.get_practitioner(request)).await?.practitioner;
    let registration = entry.and_then(|entry| entry.registrations.into_iter().next()).context("no registration")?;
    let request = EndRegistrationRequest {
        name: registration.name,
        end_date: Some(date(stage.today())),
        end_reason: registration::EndReason::StruckOff.into(),
        request_id: request_id(),
        ..Default::default()
    };
    asked("EndRegistration", client.end_registration(request)).await?;
    Ok(())
}

/// One patient, many referrals over years, one timeline.
async fn is_one_timeline(stage: &Stage<'_>, story: &Partnership, patient: &str) -> Result<()> {
    scene("One timeline");
    let mut client = stage.at(&story.coordinator)?.referral.referrals();
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = GetTimelineRequest { patient: patient.into(), page_size: 100, page_token };
        let page = asked("GetTimeline", client.get_timeline(request)).await?;
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut referrals: Vec<_> = entries.iter().map(|entry| entry.referral.as_str()).collect();
    referrals.sort_unstable();
    referrals.dedup();
    ensure(referrals.len() as u64 == VISITS + 2, "the timeline does not have every referral")?;
    story.coordinator.tells(format!("sees {} steps of {} referrals in one timeline", entries.len(), referrals.len()));
    Ok(())
}

/// What the laboratory gave, by month and site; and the ledger, counted again, says the same.
async fn is_counted(stage: &Stage<'_>, story: &Partnership, began: NaiveDate) -> Result<()> {
    scene("What was given");
    let mut client = stage.at(&story.coordinator)?.referral.conventions();
    let request = GetUsageRequest {
        name: story.convention.clone(),
        line_id: "analyses".into(),
        first_month: Some(date(began)),
        last_month: Some(date(stage.today())),
        ..Default::default()
    };
    let usage = asked("GetUsage", client.get_usage(request)).await?;
    for figure in &usage.figures {
        let month = figure.month.context("no month")?;
        let site = if figure.site == story.chem { "CHEM" } else { "Forges du Sud" };
        tell("", format!("{}-{:02}  {site:<16} {:>3} analyses", month.year, month.month, figure.quantity));
    }
    let expected = i64::try_from(2 * (VISITS + 1) + 2)?;
    let sites: BTreeSet<_> = usage.figures.iter().map(|figure| &figure.site).collect();
    ensure(sites == BTreeSet::from([&story.forges, &story.chem]), "not both centres are in the figures")?;
    ensure(usage.total == expected, &format!("{} analyses are counted, not {expected}", usage.total))?;
    let recounted = RecountUsageRequest { name: story.convention.clone() };
    let again = asked("RecountUsage", client.recount_usage(recounted)).await?;
    ensure(again.differences.is_empty() && again.total == usage.total, "the ledger says something else")?;
    story
        .coordinator
        .tells(format!("has {} analyses given, free of charge; the ledger, counted again, equals it", usage.total));
    Ok(())
}
