//! One person from the refusals to the report: what is not admitted, how a site is found that one reaches by train, and who sees what.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_proto::{
    convention::v1::Coding,
    network::v1::stop,
    referral::v1::{CheckAdmissionRequest, CheckAdmissionResponse, Needs, Referral, referral},
    results::v1::{GetOrderRequest, Report},
    scheduling::v1::{
        Appointment, Criterion, SearchSlotsResponse,
        appointment::State,
        criterion::{Condition, Reachable, Strength},
    },
};
use tonic::Code;

use super::{
    Stage,
    chain::year_from,
    ensure,
    office::{self, Partnership},
    scene,
    steps::{Person, Seen, begins, is, until},
    tell,
};
use crate::{
    in_language,
    partnership::{LOINC, PANEL},
    story::{asked, steps},
};

/// Minutes on foot that somebody without a car may be asked to walk.
const WALK: i32 = 10;

/// From the first question to the second X-ray.
pub(super) async fn follow(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let before = is_sent_before(stage, story).await?;
    stage.go_on_until(office::morning(story.first_day)).await?;
    let person = story.person(stage).await?;
    is_judged(stage, story, &person).await?;
    let sent = is_sent(stage, story, &person).await?;
    let site = is_found(stage, story, &sent).await?;
    let seen = is_seen(stage, story, (sent, site), &before).await?;
    is_read(stage, story, &seen).await?;
    story.report_all(stage, &[before.0]).await?;
    is_exposed_again(stage, story, &person).await
}

/// Sent in the last days of the mandate before, seen after its end: what was admitted may still be done, and counts there.
async fn is_sent_before(stage: &Stage<'_>, story: &Partnership) -> Result<(Seen, Appointment)> {
    scene("The last days of the mandate before");
    let person = story.person(stage).await?;
    let sent = story.send(stage, story.ask(&person.record, story.first_day - Days::new(5))).await?;
    ensure(sent.convention == story.before, "another convention admitted it")?;
    story.desk.tells(format!("sends {}, admitted by the convention that is in force", person.name));
    stage.settle().await?;
    let pending = story.book(stage, (&sent, &story.colmar), story.first_day + Days::new(1)).await?;
    let booked = story.judged_again(stage, &pending, State::Booked).await?;
    let at = begins(booked.start_time)?;
    story.desk.tells(format!("books {at}, after its end: judged again, and confirmed, for it runs off for 30 days"));
    Ok((Seen { sent, site: story.colmar.clone(), at }, booked))
}

/// All rules that fail at once, in the language of whoever asks, with what would pass.
async fn is_judged(stage: &Stage<'_>, story: &Partnership, person: &Person) -> Result<()> {
    scene("The convention judges");
    let day = year_from(story.first_day, 4);
    let wrong = Referral {
        service: Some(Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() }),
        site: story.strasbourg.clone(),
        documents: Vec::new(),
        ..story.ask(&person.record, day)
    };
    story.desk.tells(format!("asks whether analyses at Strasbourg on {day}, without a summons, would be taken:"));
    let (french, english) = (judged(stage, story, &wrong, "fr").await?, judged(stage, story, &wrong, "en").await?);
    let mut codes: Vec<_> = english.failed_rules.iter().map(|rule| rule.code.as_str()).collect();
    codes.sort_unstable();
    let expected = ["convention-not-in-force", "missing-document", "service-not-covered", "site-not-in-scope"];
    ensure(codes == expected, &format!("{codes:?} are the rules that fail"))?;
    for (french, english) in french.failed_rules.iter().zip(&english.failed_rules) {
        ensure(french.language_code == "fr" && french.sentence != english.sentence, "the French are told in English")?;
        tell("", format!("{} ({}): {}", english.code, english.term, english.sentence));
        tell("", format!("    {}", french.sentence));
        if !english.passes.is_empty() {
            tell("", format!("    what would pass: {}", english.passes.join(", ")));
        }
    }
    let not_yet = english.failed_rules.iter().find(|rule| rule.code == expected[0]).context("no rule")?;
    ensure(!not_yet.passes.is_empty(), "the days on which it is in force are not told")?;
    let right = judged(stage, story, &story.ask(&person.record, stage.today() + Days::new(3)), "fr").await?;
    ensure(right.admitted, "a good referral is refused")?;
    story.desk.tells("asks the same for a chest X-ray in three days: yes");
    Ok(())
}

/// What the convention says of a referral, in a language.
pub(super) async fn judged(
    stage: &Stage<'_>,
    story: &Partnership,
    ask: &Referral,
    language: &'static str,
) -> Result<CheckAdmissionResponse> {
    let request = in_language(CheckAdmissionRequest { referral: Some(ask.clone()) }, language);
    asked("CheckAdmission", stage.at(&story.desk)?.referral.referrals().check_admission(request)).await
}

async fn is_sent(stage: &Stage<'_>, story: &Partnership, person: &Person) -> Result<Referral> {
    scene("A referral is sent");
    let needs = Some(Needs { interpreter_language: "ar".into(), wheelchair: false });
    let ask = Referral { needs, ..story.ask(&person.record, stage.today() + Days::new(3)) };
    let sent = story.send(stage, ask).await?;
    ensure(sent.convention == story.convention, "another convention admitted it")?;
    let step = sent.procedure.as_ref().map(|procedure| procedure.code.clone()).context("no procedure")?;
    story.desk.tells(format!("sends {} for the step of a procedure ({step}), referral {}", person.name, sent.number));
    story.desk.tells("sees it accepted at once, as agreed; OFII pays, the patient does not");
    stage.settle().await?;
    story.stands(stage, (10, 1, 0, 9)).await?;
    Ok(sent)
}

fn by_train(strength: Strength, walking_minutes: i32) -> Criterion {
    let train = Reachable { kind: stop::Kind::Train.into(), walking_minutes };
    Criterion { condition: Some(Condition::Reachable(train)), strength: strength.into(), weight: 0 }
}

/// A train is a wish, then a must, then a must that no site meets; the site that comes first.
async fn is_found(stage: &Stage<'_>, story: &Partnership, sent: &Referral) -> Result<String> {
    scene("A site that one reaches by train");
    let from = stage.today() + Days::new(2);
    let plain = story.search(stage, (sent, ""), from, &[]).await?;
    let asked_for = plain.criteria.iter().any(|criterion| criterion.from_referral);
    ensure(asked_for, "what the patient needs counts for nothing")?;
    let wished = story.search(stage, (sent, ""), from, &[by_train(Strength::Wish, WALK)]).await?;
    story.desk.tells(format!("wishes for a train at most {WALK} minutes on foot, and Arabic for the patient:"));
    story.ranks(&wished);
    let first = wished.sites.first().context("no site")?;
    ensure(first.site == story.colmar && first.rank == 1, "the site by the station does not come first")?;
    ensure(wished.sites.iter().all(|site| site.rank > 0), "a wish leaves a site out")?;
    let must = story.search(stage, (sent, ""), from, &[by_train(Strength::Must, WALK)]).await?;
    story.desk.tells("makes it a must:");
    story.ranks(&must);
    let left: Vec<_> = must.sites.iter().filter(|site| site.rank > 0).map(|site| &site.site).collect();
    ensure(left == [&story.colmar], "another site than the one by the station is left")?;
    let never = story.search(stage, (sent, ""), from, &[by_train(Strength::Must, 2)]).await?;
    let instead = never.alternatives.first().context("no alternative is told")?;
    ensure(never.slots.is_empty() && never.unmet == [0], "a must that no site meets is met")?;
    let why = instead.judgements.first().map(|judgement| judgement.sentence.clone()).unwrap_or_default();
    story.desk.tells(format!(
        "asks for two minutes: no site; the nearest miss is {}, for {why}",
        story.called(&instead.site)
    ));
    Ok(first.site.clone())
}

impl Partnership {
    /// What a site is called.
    pub(super) fn called(&self, site: &str) -> &'static str {
        let known = [
            (&self.colmar, "Colmar"),
            (&self.selestat, "Sélestat"),
            (&self.guebwiller, "Guebwiller"),
            (&self.strasbourg, "Strasbourg"),
        ];
        known.into_iter().find(|(name, _)| *name == site).map_or("nowhere", |(_, called)| called)
    }

    fn ranks(&self, found: &SearchSlotsResponse) {
        for site in &found.sites {
            let why: Vec<_> = site.judgements.iter().map(|judgement| judgement.sentence.as_str()).collect();
            let rank = if site.rank == 0 { "-".into() } else { site.rank.to_string() };
            tell("", format!("{rank} {:<10} {}", self.called(&site.site), why.join("; ")));
        }
    }
}

/// Booked and seen, and with this one the person of the mandate before.
async fn is_seen(
    stage: &Stage<'_>,
    story: &Partnership,
    (sent, site): (Referral, String),
    (before, theirs): &(Seen, Appointment),
) -> Result<Seen> {
    let booked = story.book(stage, (&sent, &site), stage.today() + Days::new(2)).await?;
    let at = begins(booked.start_time)?;
    story.desk.tells(format!("books {at} at {}", story.called(&site)));
    stage.go_on_until(at.max(before.at) + TimeDelta::minutes(1)).await?;
    for (sent, booked) in [(&before.sent, theirs), (&sent, &booked)] {
        steps::attend(stage, &story.reception, booked).await?;
        until(stage, &story.desk, sent, referral::State::Attended).await?;
    }
    story.reception.tells("sees the patient, and the one of the mandate before");
    Ok(Seen { sent, site, at })
}

/// The medical service reads the report; the desk sees that the step is done, and when.
async fn is_read(stage: &Stage<'_>, story: &Partnership, seen: &Seen) -> Result<()> {
    scene("Two eyes");
    let report = story.report(stage, seen).await?;
    let read = steps::read_when_released(stage, &story.doctor, &report).await?;
    let said = read.content.as_ref().map(|content| content.conclusion.as_str()).unwrap_or_default();
    story.doctor.tells(format!("reads the report: {said:?}"));
    is_hidden(stage, story, &report).await?;
    steps::acknowledge(stage, &story.doctor, &read).await?;
    let done = until(stage, &story.desk, &seen.sent, referral::State::Completed).await?;
    let since = begins(done.step_done_time)?;
    ensure(since.date_naive() == seen.at.date_naive(), "the step was done on another day")?;
    story.desk.tells(format!("sees that the step is done since {since}, and nothing of the report"));
    story.stands(stage, (10, 0, 1, 9)).await?;
    Ok(())
}

async fn is_hidden(stage: &Stage<'_>, story: &Partnership, report: &Report) -> Result<()> {
    let shown = steps::read(stage, &story.desk, report).await?;
    ensure(shown.content.is_none() && shown.release_time.is_some(), "the desk reads the report")?;
    let order = GetOrderRequest { name: report.order.clone() };
    let mut client = stage.at(&story.desk)?.results.results();
    let refused = asked("GetOrder", client.get_order(order)).await;
    ensure(refused.is_err_and(|error| is(&error, Code::PermissionDenied)), "the desk sees what was asked for")
}

/// The first one did not come out: X-rayed again, which is no second patient.
async fn is_exposed_again(stage: &Stage<'_>, story: &Partnership, person: &Person) -> Result<()> {
    scene("A second exposure is not a second patient");
    let again = story.send(stage, story.ask(&person.record, stage.today() + Days::new(3))).await?;
    stage.settle().await?;
    let meter = story.meter(stage, None).await?;
    ensure(meter.left == 9, "the same person takes a second place")?;
    story.desk.tells(format!("sends {} again: the place is shared, {} are left", person.name, meter.left));
    let seen = story.see(stage, vec![again]).await?;
    story.report_all(stage, &seen).await?;
    story.stands(stage, (10, 0, 1, 9)).await?;
    let months = (story.first_day, stage.today());
    let made: i64 = story.xrays(stage, months).await?.iter().map(|figure| figure.quantity).sum();
    ensure(made == 2, &format!("{made} X-rays were made of one person, not two"))?;
    story.radiologist.tells("has made two X-rays of one patient");
    Ok(())
}
