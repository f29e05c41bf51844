//! Suspended and terminated.

use anyhow::Result;
use relais_proto::{
    convention::v1::{
        ResumeConventionRequest, SuspendConventionRequest, Terms,
        convention::{Reason, Standing, State},
    },
    referral::v1::AcceptReferralRequest,
};
use relais_tests::{Session, request_id, rules, violations};
use tonic::{Code, Status};

use super::*;

async fn resume(by: &Session, name: &str) -> Result<Convention, Status> {
    let request = ResumeConventionRequest { name: name.into(), request_id: request_id(), ..Default::default() };
    Ok(by.conventions().resume_convention(request).await?.into_inner().convention.unwrap_or_default())
}

#[tokio::test]
async fn what_is_suspended_admits_nothing_until_it_is_resumed() -> Result<()> {
    let partners = Partners::meet().await?;
    let (by, name) = (&partners.coordinator, &partners.convention);
    let sent = submit(&partners, name, 0).await?;
    let suspended = suspend(&partner(&partners)?, name).await?;
    let shown = (suspended.state(), suspended.standing(), suspended.reason());
    assert_eq!(shown, (State::Suspended, Standing::Suspended, Reason::Safety));
    for day in [-200, 0, 900] {
        assert_eq!(rules(&submit(&partners, name, day).await.unwrap_err()), ["convention-not-in-force"], "{day}");
    }
    assert_eq!(why(&partners, name, 0).await?, [("the convention is suspended".to_string(), vec![])]);
    // What was admitted goes on.
    let request = AcceptReferralRequest { name: sent.name, request_id: request_id(), ..Default::default() };
    partners.lab.referrals().accept_referral(request).await?;
    assert_eq!(rules(&suspend(by, name).await.unwrap_err()), ["convention-not-signed"]);
    let resumed = resume(by, name).await?;
    let shown = (resumed.state(), resumed.standing(), resumed.reason());
    assert_eq!(shown, (State::Signed, Standing::InForce, Reason::Unspecified));
    submit(&partners, name, 0).await?;
    assert_eq!(rules(&resume(by, name).await.unwrap_err()), ["convention-not-suspended"]);
    partners.world.end().await
}

/// What another instance did, of which this one has heard nothing: its memory must not admit.
#[tokio::test]
async fn what_another_instance_suspended_admits_nothing_here() -> Result<()> {
    let partners = Partners::meet().await?;
    let name = &partners.convention;
    submit(&partners, name, 0).await?;
    sqlx::query("UPDATE convention SET state = 'suspended', version = version + 1")
        .execute(&partners.world.database)
        .await?;
    assert_eq!(rules(&submit(&partners, name, 0).await.unwrap_err()), ["convention-not-in-force"]);
    let ended = "UPDATE convention SET state = 'terminated', last_day = current_date - 1, version = version + 1";
    sqlx::query(ended).execute(&partners.world.database).await?;
    assert_eq!(rules(&submit(&partners, name, 1).await.unwrap_err()), ["convention-not-in-force"]);
    partners.world.end().await
}

#[tokio::test]
async fn only_what_is_signed_is_suspended_or_terminated() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let entered = draft(by, "", terms(&partners, 0, 100)).await?;
    assert_eq!(rules(&suspend(by, &entered.name).await.unwrap_err()), ["convention-not-signed"]);
    let refused = terminate(by, &entered.name, told(&partners, 1)).await.unwrap_err();
    assert_eq!(rules(&refused), ["convention-not-signed"]);
    let stale = SuspendConventionRequest {
        name: partners.convention.clone(),
        reason: Reason::Breach.into(),
        etag: "1".into(),
        request_id: request_id(),
    };
    let mut client = by.conventions();
    assert_eq!(client.suspend_convention(stale.clone()).await.unwrap_err().code(), Code::Aborted);
    let silent = SuspendConventionRequest { reason: 0, etag: String::new(), ..stale };
    assert_eq!(violations(&client.suspend_convention(silent).await.unwrap_err()), ["reason"]);
    assert_eq!(suspend(&partners.desk, &partners.convention).await.unwrap_err().code(), Code::PermissionDenied);
    partners.world.end().await
}

#[tokio::test]
async fn a_termination_cuts_the_days_that_are_to_come() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let terms_of = |from, to| Terms { run_off_days: 30, ..terms(&partners, from, to) };
    let first = signed(by, &partners, "", terms_of(-100, 100)).await?;
    let before = submit(&partners, &first.name, 80).await?;
    for day in [-1, 101] {
        let refused = terminate(by, &first.name, told(&partners, day)).await.unwrap_err();
        assert_eq!(
            (refused.code(), violations(&refused)),
            (Code::InvalidArgument, vec!["last_day".to_string()]),
            "{day}"
        );
    }
    let amended = amend(by, amendment(&first, terms_of(-100, 200), told(&partners, 1))).await?;
    assert!(amended.amendment.is_some());
    let ended = terminate(by, &first.name, told(&partners, 50)).await?;
    assert_eq!(
        (ended.state(), ended.standing(), ended.reason()),
        (State::Terminated, Standing::InForce, Reason::Funding)
    );
    assert_eq!((ended.last_day, ended.run_off_until), (told(&partners, 50), told(&partners, 80)));
    assert_eq!(ended.amendment, None, "what was open of it is gone");
    assert_eq!(submit(&partners, &first.name, 50).await?.convention, first.name);
    let told_why = format!("the convention was terminated: {} was its last day", on(&partners, 50));
    let passes = vec![format!("{}/{}", on(&partners, -100), on(&partners, 50))];
    assert_eq!(why(&partners, &first.name, 51).await?, [(told_why, passes)]);
    // What was admitted goes on.
    let request = AcceptReferralRequest { name: before.name, request_id: request_id(), ..Default::default() };
    partners.lab.referrals().accept_referral(request).await?;
    // No later, but sooner.
    assert_eq!(rules(&terminate(by, &first.name, told(&partners, 50)).await.unwrap_err()), ["convention-terminated"]);
    let sooner = terminate(by, &first.name, told(&partners, 40)).await?;
    assert_eq!(sooner.last_day, told(&partners, 40));
    assert_eq!(rules(&submit(&partners, &first.name, 50).await.unwrap_err()), ["convention-not-in-force"]);
    assert_eq!(rules(&suspend(by, &first.name).await.unwrap_err()), ["convention-not-signed"]);
    // The days are free for whoever renews it.
    let next = signed(by, &partners, &first.name, terms_of(41, 300)).await?;
    assert_eq!(submit(&partners, &first.name, 50).await?.convention, next.name);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_terminated_while_it_is_suspended_admits_nothing_any_more() -> Result<()> {
    let partners = Partners::meet().await?;
    let (by, name) = (&partners.coordinator, &partners.convention);
    suspend(by, name).await?;
    let ended = terminate(by, name, told(&partners, 10)).await?;
    assert_eq!((ended.state(), ended.standing()), (State::Terminated, Standing::Terminated));
    let told_why = "the convention was terminated while it was suspended".to_string();
    assert_eq!(why(&partners, name, 0).await?, [(told_why, vec![])]);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_over_is_not_ended_again() -> Result<()> {
    let partners = Partners::meet().await?;
    let by = &partners.coordinator;
    let past = signed(by, &partners, "", terms(&partners, -100, -10)).await?;
    assert_eq!(past.standing(), Standing::Expired);
    let refused = terminate(by, &past.name, told(&partners, 1)).await.unwrap_err();
    assert_eq!(rules(&refused), ["convention-over"]);
    let never = signed(by, &partners, "", terms(&partners, 50, 100)).await?;
    assert_eq!(never.standing(), Standing::NotYet);
    let ended = terminate(by, &never.name, told(&partners, 10)).await?;
    assert_eq!(ended.standing(), Standing::Terminated, "it ended before it began");
    assert_eq!(rules(&submit(&partners, &never.name, 60).await.unwrap_err()), ["convention-not-in-force"]);
    let renewed = signed(by, &partners, &past.name, terms(&partners, -9, 100)).await?;
    assert_eq!(renewed.standing(), Standing::InForce);
    assert_eq!(get(by, &past.name).await?.standing(), Standing::Renewed);
    let run_off = Terms { run_off_days: 10, ..terms(&partners, -100, -10) };
    let ending = signed(by, &partners, "", run_off).await?;
    assert_eq!((ending.standing(), ending.run_off_until), (Standing::RunOff, told(&partners, 0)));
    partners.world.end().await
}
