//! Steps at once, twice, and taken back.

use anyhow::Result;
use futures::future::join_all;
use relais_platform::events::Event;
use relais_proto::referral::v1::{
    AcceptReferralRequest, ListTransitionsRequest, ReferralTransition, referral::State, referral_transition::Cause,
};
use relais_tests::{Session, request_id, rules};
use tonic::Code;

use super::*;

async fn steps(session: &Session, name: &str) -> Result<Vec<ReferralTransition>> {
    let request = ListTransitionsRequest { parent: name.into(), ..Default::default() };
    Ok(session.referrals().list_transitions(request).await?.into_inner().transitions)
}

#[tokio::test]
async fn of_an_acceptance_and_a_rejection_at_once_one_is_made() -> Result<()> {
    let partners = Partners::meet().await?;
    for _ in 0..6 {
        let name = partners.submit().await?.name;
        let calls =
            (0..6).map(|i| {
                let (lab, name) = (partners.lab.clone(), name.clone());
                async move {
                    if i % 2 == 0 { accept_referral(&lab, &name).await } else { reject_referral(&lab, &name).await }
                }
            });
        let answers = join_all(calls).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        assert!(answers.iter().filter_map(|a| a.as_ref().err()).all(|e| e.code() == Code::FailedPrecondition));
        assert_eq!(steps(&partners.lab, &name).await?.len(), 2);
    }
    partners.world.end().await
}

#[tokio::test]
async fn of_an_acceptance_and_a_cancellation_at_once_the_cancellation_holds() -> Result<()> {
    let partners = Partners::meet().await?;
    for _ in 0..6 {
        let name = partners.submit().await?.name;
        let (accepted, cancelled) =
            tokio::join!(accept_referral(&partners.lab, &name), cancel_referral(&partners.desk, &name));
        assert_eq!(cancelled?.state(), State::Cancelled);
        assert_eq!(get(&partners.lab, &name).await?.state(), State::Cancelled);
        let made = if accepted.is_ok() { 3 } else { 2 };
        assert_eq!(steps(&partners.lab, &name).await?.len(), made, "{accepted:?}");
    }
    partners.world.end().await
}

#[tokio::test]
async fn the_same_request_answers_the_same_and_an_old_etag_changes_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let request =
        |etag: &str| AcceptReferralRequest { name: sent.name.clone(), etag: etag.into(), request_id: request_id() };
    let accept = request(&sent.etag);
    let mut lab = partners.lab.referrals();
    let first = lab.accept_referral(accept.clone()).await?.into_inner();
    waitlist_referral(&partners.lab, &sent.name).await?;
    assert_eq!(lab.accept_referral(accept).await?.into_inner(), first, "as it was then");
    let stale = lab.accept_referral(request(&sent.etag)).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let wrong = lab.accept_referral(request("x")).await.unwrap_err();
    assert_eq!(relais_tests::violations(&wrong), ["etag"]);
    partners.world.end().await
}

#[tokio::test]
async fn a_wrong_step_is_taken_back_once_and_the_timeline_keeps_both() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let name = partners.submit().await?.name;
    let nothing = undo_referral(&partners.desk, &name).await.unwrap_err();
    assert_eq!(rules(&nothing), ["nothing-to-undo"], "what was submitted is cancelled");
    reject_referral(&partners.lab, &name).await?;
    assert_eq!(rules(&undo_referral(&partners.desk, &name).await.unwrap_err()), ["step-of-another"]);
    let undone = undo_referral(&partners.lab, &name).await?;
    assert_eq!(
        (undone.state(), undone.reason.as_str(), undone.etag.as_str()),
        (State::Submitted, "wrong-referral", "3")
    );
    assert!(undone.due_time.is_some(), "its deadline begins anew");
    let again = undo_referral(&partners.lab, &name).await.unwrap_err();
    assert_eq!((again.code(), rules(&again)), (Code::FailedPrecondition, vec!["undone-once".to_string()]));
    accept_referral(&partners.lab, &name).await?;
    assert_eq!(undo_referral(&partners.lab, &name).await?.state(), State::Submitted, "another step, another undoing");

    let causes: Vec<_> = steps(&partners.desk, &name).await?.iter().rev().map(|s| (s.cause(), s.state())).collect();
    let expected = [
        (Cause::Call, State::Submitted),
        (Cause::Call, State::Rejected),
        (Cause::Undo, State::Submitted),
        (Cause::Call, State::Accepted),
        (Cause::Undo, State::Submitted),
    ];
    assert_eq!(causes, expected);
    let mut undone = Vec::new();
    for _ in 0..5 {
        if let (_, Event::ReferralMoved(moved)) = partners.world.tap.next().await? {
            undone.push(moved.undone);
        }
    }
    assert_eq!(undone, [false, true, false, true]);
    partners.world.end().await
}

/// Completed by mistake; scheduling takes back that the patient came, the referrer takes note of a result: nothing of it is forgotten.
#[tokio::test]
async fn what_came_since_a_wrong_step_counts_when_it_is_taken_back() -> Result<()> {
    let partners = Partners::meet().await?;
    let attended = async || {
        let sent = partners.submit().await?;
        accept_referral(&partners.lab, &sent.name).await?;
        let mut appointment = Appointment::of(&sent);
        appointment.tell(&partners, "fulfilled").await?;
        anyhow::Ok((until(&partners, &sent.name, State::Attended).await?, appointment))
    };
    let (first, mut appointment) = attended().await?;
    complete_referral(&partners.lab, &first.name).await?;
    appointment.tell(&partners, "booked").await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE state = 'booked'", 1).await?;
    assert_eq!(undo_referral(&partners.lab, &first.name).await?.state(), State::Scheduled);

    let (second, _) = attended().await?;
    let mut report = Report::of(&second);
    report.issue(&partners, "final").await?;
    until(&partners, &second.name, State::ResultsAvailable).await?;
    complete_referral(&partners.lab, &second.name).await?;
    report.acknowledge(&partners, 1).await?;
    partners.world.until_count("SELECT count(*) FROM referral_report WHERE acknowledged", 1).await?;
    let undone = undo_referral(&partners.lab, &second.name).await?;
    assert_eq!((undone.state(), undone.owner.as_str()), (State::Completed, ""), "nothing is left to take note of");
    let taken: Vec<_> =
        steps(&partners.lab, &second.name).await?.iter().map(|step| (step.cause(), step.state())).collect();
    let expected =
        [(Cause::Fact, State::Completed), (Cause::Undo, State::ResultsAvailable), (Cause::Call, State::Completed)];
    assert_eq!(taken[..3], expected);

    // What moved it since is a fact, and there is no step to take back any more.
    let (third, _) = attended().await?;
    complete_referral(&partners.lab, &third.name).await?;
    Report::of(&third).issue(&partners, "final").await?;
    let open = until(&partners, &third.name, State::ResultsAvailable).await?;
    assert_eq!(open.owner, partners.mdm);
    assert_eq!(rules(&undo_referral(&partners.lab, &third.name).await.unwrap_err()), ["fact-of-another-service"]);
    partners.world.end().await
}

#[tokio::test]
async fn of_many_undoings_at_once_one_is_made() -> Result<()> {
    let partners = Partners::meet().await?;
    let name = partners.submit().await?.name;
    accept_referral(&partners.lab, &name).await?;
    let calls = (0..10).map(|_| undo_referral(&partners.lab, &name));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(get(&partners.lab, &name).await?.state(), State::Submitted);
    partners.world.end().await
}
