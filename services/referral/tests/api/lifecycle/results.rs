//! Results that must be read at once, and such as were withdrawn.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::referral::v1::referral::{NextStep, State};
use relais_tests::{Session, eventually, request_id, rules};

use super::*;

/// What the usual terms give for a result.
const RESULT_HOURS: i64 = 14 * 24;

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

/// Acknowledged and completed; then the laboratory corrects it, and it must be read at once.
#[tokio::test]
async fn a_correction_that_must_be_read_at_once_is_owned_and_escalates_after_the_end() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let mut report = Report::of(&sent);
    report.issue(&partners, "final").await?;
    until(&partners, &sent.name, State::ResultsAvailable).await?;
    report.acknowledge(&partners, 1).await?;
    until(&partners, &sent.name, State::Completed).await?;
    report.issue_as(&partners, "corrected", true).await?;
    let again = until(&partners, &sent.name, State::ResultsAvailable).await?;
    assert_eq!((&again.owner, again.next_step(), hours(&again)), (&partners.mdm, NextStep::Acknowledge, 4));
    // Nobody takes note of it: whose turn it is, and who watches, are told.
    advance(&mut partners, TimeDelta::hours(5)).await?;
    let told = loop {
        if let (_, Event::ReferralOverdue(told)) = partners.world.tap.next().await? {
            break told;
        }
    };
    assert_eq!((told.owner, told.state.as_str()), (partners.mdm.clone(), "results-available"));
    report.acknowledge(&partners, 2).await?;
    until(&partners, &sent.name, State::Completed).await?;
    partners.world.end().await
}

/// A provider's desk says that all is done: not while somebody must read at once what nobody has taken note of.
#[tokio::test]
async fn what_must_be_read_at_once_is_not_completed_before_it_is_taken_note_of() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let mut report = Report::of(&sent);
    report.issue_as(&partners, "partial", true).await?;
    let there = until(&partners, &sent.name, State::ResultsAvailable).await?;
    let refused = complete_referral(&partners.lab, &sent.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["critical-result"]);
    assert_eq!(get(&partners.lab, &sent.name).await?, there, "its deadline runs on");
    let timers = "SELECT count(*) FROM timer WHERE kind = 'referral-step'";
    assert_eq!(partners.world.count(timers).await?, 1);
    let request = v1::GetAllowedActionsRequest { name: sent.name.clone() };
    let allowed = partners.lab.referrals().get_allowed_actions(request).await?.into_inner().actions;
    assert!(!allowed.contains(&"CompleteReferral".to_string()), "{allowed:?}");
    report.acknowledge(&partners, 1).await?;
    partners.world.until_count("SELECT count(*) FROM referral_report WHERE acknowledged", 1).await?;
    complete_referral(&partners.lab, &sent.name).await?;
    partners.world.end().await
}

/// It crossed with the cancellation: the patient is ill all the same.
#[tokio::test]
async fn a_critical_result_of_what_was_cancelled_meanwhile_has_an_owner() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    cancel_referral(&partners.desk, &sent.name).await?;
    let (mut ordinary, mut critical) = (Report::of(&sent), Report::of(&sent));
    ordinary.issue(&partners, "final").await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact", 1).await?;
    assert_eq!(get(&partners.lab, &sent.name).await?.state(), State::Cancelled, "it is noted");
    critical.issue_as(&partners, "final", true).await?;
    let open = until(&partners, &sent.name, State::ResultsAvailable).await?;
    assert_eq!((&open.owner, hours(&open), open.reason.as_str()), (&partners.mdm, 4, "work-already-done"));
    partners.world.end().await
}

/// The laboratory is silent after a partial result that was read: that is the laboratory's, and nobody is blamed for reading.
#[tokio::test]
async fn the_laboratorys_silence_after_a_partial_result_is_the_laboratorys() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let mut report = Report::of(&sent);
    report.issue_as(&partners, "partial", true).await?;
    let there = until(&partners, &sent.name, State::ResultsAvailable).await?;
    assert_eq!((&there.owner, hours(&there)), (&partners.mdm, 4));
    report.acknowledge(&partners, 1).await?;
    let read = eventually("it is the laboratory's turn", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| now.next_step() == NextStep::Report))
    })
    .await?;
    // Fourteen days are what these terms give for a result, and no alarm for what was read at once.
    let standing = (read.state(), &read.owner, read.reason.as_str(), hours(&read));
    assert_eq!(standing, (State::ResultsAvailable, &partners.provider, "acknowledged", RESULT_HOURS));
    let owned = v1::ListReferralsRequest { owned: true, ..Default::default() };
    let of = async |session: &Session| {
        anyhow::Ok(session.referrals().list_referrals(owned.clone()).await?.into_inner().referrals.len())
    };
    assert_eq!((of(&partners.desk).await?, of(&partners.lab).await?), (0, 1), "each work list says so");
    advance(&mut partners, TimeDelta::hours(RESULT_HOURS + 1)).await?;
    let told = loop {
        if let (_, Event::ReferralOverdue(told)) = partners.world.tap.next().await? {
            break told;
        }
    };
    assert_eq!((told.owner, told.state.as_str()), (partners.provider.clone(), "results-available"));
    report.issue(&partners, "final").await?;
    let whole = eventually("the rest is the referrer's to read", || async {
        Ok(Some(get(&partners.desk, &sent.name).await?).filter(|now| now.next_step() == NextStep::Acknowledge))
    })
    .await?;
    assert_eq!((&whole.owner, whole.overdue), (&partners.mdm, false));
    partners.world.end().await
}

/// An answer that was given is given again, though it is another's turn by now.
#[tokio::test]
async fn whose_turn_it_was_is_kept_with_the_step() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let mut report = Report::of(&sent);
    report.issue(&partners, "partial").await?;
    partners.world.until_count("SELECT count(*) FROM referral_report", 1).await?;
    let request = v1::AcceptReferralRequest { name: sent.name.clone(), request_id: request_id(), ..Default::default() };
    let mut lab = partners.lab.referrals();
    let first = lab.accept_referral(request.clone()).await?.into_inner();
    let accepted = first.referral.clone().unwrap_or_default();
    assert_eq!((accepted.state(), &accepted.owner), (State::ResultsAvailable, &partners.mdm));
    report.acknowledge(&partners, 1).await?;
    eventually("it is the laboratory's turn", || async {
        Ok((get(&partners.desk, &sent.name).await?.owner == partners.provider).then_some(()))
    })
    .await?;
    assert_eq!(lab.accept_referral(request).await?.into_inner(), first);
    partners.world.end().await
}

/// Completed, and then the only result was withdrawn: there is none, and the provider owes one.
#[tokio::test]
async fn a_result_that_is_withdrawn_after_the_end_is_owed_again() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = attended(&partners).await?;
    let mut report = Report::of(&sent);
    report.issue(&partners, "final").await?;
    until(&partners, &sent.name, State::ResultsAvailable).await?;
    report.acknowledge(&partners, 1).await?;
    until(&partners, &sent.name, State::Completed).await?;
    report.issue(&partners, "entered-in-error").await?;
    let open = until(&partners, &sent.name, State::Attended).await?;
    assert_eq!((&open.owner, open.next_step()), (&partners.provider, NextStep::Report));
    // That somebody takes note of the withdrawal changes nothing.
    report.acknowledge(&partners, 2).await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE kind = 'report'", 4).await?;
    assert_eq!(get(&partners.lab, &sent.name).await?, open);
    let mut second = Report::of(&sent);
    second.issue(&partners, "final").await?;
    until(&partners, &sent.name, State::ResultsAvailable).await?;
    partners.world.end().await
}
