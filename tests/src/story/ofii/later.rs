//! The years after: figures of now and of then, a suspension, the end of the mandate.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_proto::{
    convention::v1::{
        ResumeConventionRequest, SuspendConventionRequest,
        convention::{Reason, Standing},
    },
    scheduling::v1::appointment::State,
};

use super::{
    Stage,
    chain::year_from,
    ensure,
    first::judged,
    meters::written,
    office::{self, Partnership},
    scene, statement,
    steps::{Seen, begins},
    tell,
};
use crate::{
    request_id,
    story::{asked, steps},
};

/// The first year is stated; three reports of it come late.
pub(super) async fn second_year(stage: &Stage<'_>, story: &Partnership, late: Vec<Seen>) -> Result<()> {
    statement::close(stage, story, 0).await?;
    story.report_all(stage, &late).await?;
    story.radiologist.tells(format!("hands in {} reports of the first year, which is stated already", late.len()));
    is_suspended(stage, story).await?;
    scene("Then and now");
    let sent = story.send_some(stage, 4).await?;
    let seen = story.see(stage, sent).await?;
    story.desk.tells(format!("sends {} people of the second year, who are seen", seen.len()));
    story.report_all(stage, &seen).await?;
    let now = story.stands(stage, (12, 0, 5, 7)).await?;
    let (passed, taken) = (now.elapsed_percent, now.used_percent);
    let forecast = written(Some(now.exhaustion_date.context("no forecast")?));
    story.coordinator.tells(format!("reads: {passed} % of the year have passed, {taken} % of the places are taken;"));
    tell("", format!("as it went so far, nothing is left on {forecast}"));
    let then = year_from(story.first_day, 1) - Days::new(1);
    let past = story.meter(stage, Some(then)).await?;
    ensure((past.committed, past.used, past.left) == (12, 11, 1), "the first year is told otherwise now")?;
    story
        .coordinator
        .tells(format!("asks for {then}: {} of {} people seen; month by month:", past.used, past.committed));
    let months: Vec<_> = past.burn_down.iter().map(|point| format!("{} {}", written(point.day), point.taken)).collect();
    months.chunks(6).for_each(|months| tell("", months.join(" · ")));
    by_site(stage, story).await?;
    story.recount(stage).await
}

async fn by_site(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let made = story.xrays(stage, (story.first_day, stage.today())).await?;
    for site in [&story.colmar, &story.selestat] {
        let here: i64 = made.iter().filter(|figure| figure.site == *site).map(|figure| figure.quantity).sum();
        ensure(here > 0, "a site made no X-ray")?;
        tell("", format!("{:<10} {here:>3} X-rays since {}", story.called(site), story.first_day));
    }
    Ok(())
}

/// A machine is out of order: nothing is admitted until it is back.
async fn is_suspended(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    scene("A suspension");
    let mut client = stage.at(&story.head)?.referral.conventions();
    let suspend = SuspendConventionRequest {
        name: story.convention.clone(),
        reason: Reason::Capacity.into(),
        request_id: request_id(),
        ..Default::default()
    };
    asked("SuspendConvention", client.suspend_convention(suspend)).await?;
    story.head.tells("suspends the convention: no capacity, for a machine is out of order");
    let person = story.person(stage).await?;
    let ask = story.ask(&person.record, stage.today() + Days::new(3));
    let refused = judged(stage, story, &ask, "fr").await?;
    let rule = refused.failed_rules.first().context("a suspended convention admits")?;
    ensure(rule.code == "convention-not-in-force", "another rule fails")?;
    story.desk.tells(format!("asks for one more: {}: {}", rule.code, rule.sentence));
    let name = story.convention.clone();
    let resume = ResumeConventionRequest { name, request_id: request_id(), ..Default::default() };
    asked("ResumeConvention", client.resume_convention(resume)).await?;
    ensure(judged(stage, story, &ask, "fr").await?.admitted, "it admits nothing any more")?;
    story.head.tells("resumes it; the desk is admitted again");
    Ok(())
}

/// Four more come in the third year.
pub(super) async fn third_year(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    scene("The third year");
    stage.go_on_until(office::morning(year_from(story.first_day, 2) + Days::new(30))).await?;
    let sent = story.send_some(stage, 4).await?;
    let seen = story.see(stage, sent).await?;
    story.desk.tells(format!("sends {} people of the third year, who are seen", seen.len()));
    story.report_all(stage, &seen).await?;
    story.stands(stage, (12, 0, 4, 8)).await?;
    statement::close(stage, story, 1).await
}

/// The last one cannot be seen after the end; then all is stated.
pub(super) async fn end(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    scene("The end of the mandate");
    let over = year_from(story.first_day, 3);
    stage.go_on_until(office::morning(over - Days::new(20))).await?;
    let sent = story.send_some(stage, 1).await?.pop().context("nobody was sent")?;
    stage.settle().await?;
    let pending = story.book(stage, (&sent, &story.colmar), over + Days::new(1)).await?;
    let refused = story.judged_again(stage, &pending, State::Cancelled).await?;
    let at = begins(pending.start_time)?;
    story.desk.tells(format!("books {at}, past the end: refused, {}; the seat is free again", refused.reason));
    let booked = story.book(stage, (&sent, &story.colmar), stage.today() + Days::new(2)).await?;
    ensure(booked.state() == State::Booked, "a booking before the end is not booked")?;
    let at = begins(booked.start_time)?;
    stage.go_on_until(at + TimeDelta::minutes(45)).await?;
    steps::attend(stage, &story.reception, &booked).await?;
    stage.settle().await?;
    story.report_all(stage, &[Seen { sent, site: story.colmar.clone(), at }]).await?;
    story.desk.tells(format!("books {at} instead; the patient comes"));
    stage.go_on_until(office::morning(over + Days::new(1))).await?;
    let standing = story.standing(stage, &story.convention).await?;
    ensure(standing == Standing::Expired, &format!("the convention is {standing:?}"))?;
    story.head.tells(format!("sees that the convention has ended on {}", over - Days::new(1)));
    statement::close(stage, story, 2).await?;
    statement::render(stage, story).await?;
    story.recount(stage).await
}
