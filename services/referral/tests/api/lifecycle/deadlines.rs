//! Silence becomes an event: what is not done in time is told once, and what nobody took up expires.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::referral::v1::{
    AcceptReferralRequest, ListReferralsRequest, ListTransitionsRequest,
    referral::{Priority, State},
    referral_transition::Cause,
};
use relais_tests::{eventually, rules};

use super::*;

async fn overdue(partners: &Partners) -> Result<Vec<String>> {
    let request = ListReferralsRequest { overdue: true, ..Default::default() };
    let page = partners.lab.referrals().list_referrals(request).await?.into_inner();
    Ok(page.referrals.into_iter().map(|referral| referral.name).collect())
}

#[tokio::test]
async fn silence_is_told_once_and_then_the_referral_expires() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    advance(&mut partners, TimeDelta::hours(119)).await?;
    assert!(overdue(&partners).await?.is_empty(), "an hour is left");
    advance(&mut partners, TimeDelta::hours(2)).await?;
    let late = eventually("it is overdue", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| now.overdue))
    })
    .await?;
    assert_eq!((late.state(), &late.owner, &late.due_time), (State::Submitted, &sent.owner, &sent.due_time));
    assert_eq!(overdue(&partners).await?, [sent.name.as_str()]);
    let (_, event) = (partners.world.tap.next().await?, partners.world.tap.next().await?);
    let Event::ReferralOverdue(told) = event.1 else { panic!("{event:?}") };
    assert_eq!((event.0.version, told.state.as_str(), &told.owner), (2, "submitted", &partners.provider));
    advance(&mut partners, TimeDelta::hours(120)).await?;
    let expired = until(&partners, &sent.name, State::Expired).await?;
    assert_eq!((expired.reason.as_str(), expired.overdue, expired.due_time), ("no-answer", false, None));
    let (_, event) = partners.world.tap.next().await?;
    let Event::ReferralMoved(moved) = event else { panic!("{event:?}") };
    assert_eq!((moved.previous.as_str(), moved.state.as_str()), ("submitted", "expired"));
    assert_eq!(rules(&accept_referral(&partners.lab, &sent.name).await.unwrap_err()), ["referral-not-open"]);
    let request = ListTransitionsRequest { parent: sent.name.clone(), ..Default::default() };
    let steps = partners.desk.referrals().list_transitions(request).await?.into_inner().transitions;
    let causes: Vec<_> = steps.iter().rev().map(|step| (step.cause(), step.actor.as_str())).collect();
    let expected = [(Cause::Overdue, "system"), (Cause::Silence, "system")];
    assert_eq!(causes[1..], expected);
    assert_eq!(partners.world.count("SELECT count(*) FROM timer").await?, 0);
    partners.world.end().await
}

#[tokio::test]
async fn each_step_begins_a_deadline_of_its_own_and_what_is_taken_on_never_expires() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    advance(&mut partners, TimeDelta::hours(121)).await?;
    eventually("it is overdue", || async { Ok((overdue(&partners).await?.len() == 1).then_some(())) }).await?;
    let late = get(&partners.lab, &sent.name).await?;
    let request = AcceptReferralRequest { name: sent.name.clone(), etag: late.etag, request_id: request_id() };
    let accepted = partners.lab.referrals().accept_referral(request).await?.into_inner().referral.unwrap_or_default();
    assert!(!accepted.overdue, "late is better than never");
    assert!(accepted.due_time.map(|due| due.seconds) > late.due_time.map(|due| due.seconds));
    assert!(overdue(&partners).await?.is_empty());
    // That it was overdue is no step: the acceptance is the last, and is taken back.
    advance(&mut partners, TimeDelta::days(400)).await?;
    eventually("it is overdue again", || async { Ok((overdue(&partners).await?.len() == 1).then_some(())) }).await?;
    assert_eq!(get(&partners.lab, &sent.name).await?.state(), State::Accepted);
    assert_eq!(undo_referral(&partners.lab, &sent.name).await?.state(), State::Submitted);
    partners.world.end().await
}

#[tokio::test]
async fn the_more_urgent_is_due_sooner() -> Result<()> {
    let partners = Partners::meet().await?;
    let mut due = Vec::new();
    for priority in [Priority::Stat, Priority::Asap, Priority::Urgent, Priority::Routine] {
        let ask = Referral { priority: priority.into(), ..partners.ask() };
        let sent = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
        let sent = sent.referral.unwrap_or_default();
        let since = sent.create_time.unwrap_or_default().seconds;
        due.push((sent.due_time.unwrap_or_default().seconds - since) / 3_600);
    }
    assert_eq!(due, [4, 24, 48, 120]);
    partners.world.end().await
}
