//! Results that must be read at once, and such as were withdrawn.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::referral::v1::referral::{NextStep, State};
use relais_tests::eventually;

use super::*;

/// A referral whose patient was seen.
async fn attended(partners: &Partners) -> Result<Referral> {
    let sent = partners.submit().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let mut appointment = Appointment::of(&sent);
    appointment.tell(partners, "fulfilled").await?;
    until(partners, &sent.name, State::Attended).await
}

/// How many hours somebody has for the next step.
fn hours(referral: &Referral) -> i64 {
    let seconds = |time: Option<prost_types::Timestamp>| time.map_or(0, |time| time.seconds);
    (seconds(referral.due_time) - seconds(referral.update_time) + 1_800) / 3_600
}

/// The trap: a critical result with no owner, no read-back and no escalation.
#[tokio::test]
async fn a_critical_result_has_an_owner_and_escalates_until_it_is_taken_note_of() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let (mut critical, mut other) = (Report::of(&sent), Report::of(&sent));
    critical.issue_as(&partners, "partial", true).await?;
    let there = until(&partners, &sent.name, State::ResultsAvailable).await?;
    assert_eq!((&there.owner, there.next_step(), hours(&there)), (&partners.mdm, NextStep::Acknowledge, 4));
    // Another report, which is not, leaves the one that is as urgent as it was.
    other.issue(&partners, "final").await?;
    let both = eventually("the other one is told", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| now.reason == "final"))
    })
    .await?;
    assert_eq!(hours(&both), 4);
    advance(&mut partners, TimeDelta::hours(5)).await?;
    eventually("it is overdue", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| now.overdue))
    })
    .await?;
    let told = loop {
        if let (_, Event::ReferralOverdue(told)) = partners.world.tap.next().await? {
            break told;
        }
    };
    assert_eq!((told.owner.as_str(), told.state.as_str()), (partners.mdm.as_str(), "results-available"));
    // Its final version is not critical any more: it was the sample.
    critical.issue(&partners, "final").await?;
    let calm = eventually("it is calm again", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| !now.overdue))
    })
    .await?;
    assert_eq!(hours(&calm), 120);
    critical.acknowledge(&partners, 2).await?;
    other.acknowledge(&partners, 1).await?;
    until(&partners, &sent.name, State::Completed).await?;
    partners.world.end().await
}

#[tokio::test]
async fn a_withdrawn_result_leaves_nobody_to_take_note_of_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let (mut first, mut second) = (Report::of(&sent), Report::of(&sent));
    first.issue(&partners, "final").await?;
    until(&partners, &sent.name, State::ResultsAvailable).await?;
    first.issue(&partners, "entered-in-error").await?;
    let back = until(&partners, &sent.name, State::Attended).await?;
    assert_eq!(
        (&back.owner, back.next_step(), back.reason.as_str()),
        (&partners.provider, NextStep::Report, "entered-in-error")
    );
    // One that was read, and one that will never come: all is done.
    first = Report::of(&sent);
    first.issue(&partners, "final").await?;
    second.issue(&partners, "partial").await?;
    first.acknowledge(&partners, 1).await?;
    eventually("all is told", || async {
        Ok((partners.world.count("SELECT count(*) FROM referral_report WHERE acknowledged").await? == 1).then_some(()))
    })
    .await?;
    second.issue(&partners, "cancelled").await?;
    until(&partners, &sent.name, State::Completed).await?;
    partners.world.end().await
}
