//! Cancelling a referral.

use anyhow::Result;
use futures::future::join_all;
use relais_proto::referral::v1::{CancelReferralRequest, Referral, cancel_referral_request::Reason, referral};
use relais_tests::{request_id, rules};
use tonic::Code;

use crate::partners::Partners;

fn cancel(referral: &Referral) -> CancelReferralRequest {
    CancelReferralRequest {
        name: referral.name.clone(),
        reason: Reason::PatientDeclined.into(),
        etag: referral.etag.clone(),
        request_id: request_id(),
    }
}

#[tokio::test]
async fn the_referrer_cancels_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let mut client = partners.desk.referrals();
    let cancelled = client.cancel_referral(cancel(&sent)).await?.into_inner().referral.unwrap();
    assert_eq!((cancelled.state(), cancelled.etag.as_str()), (referral::State::Cancelled, "2"));
    let stale = client.cancel_referral(cancel(&sent)).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted, "the etag is that of an earlier version");
    let closed = client.cancel_referral(cancel(&cancelled)).await.unwrap_err();
    assert_eq!((closed.code(), rules(&closed)), (Code::FailedPrecondition, vec!["referral-not-open".to_string()]));
    let timeline = "SELECT count(*) FROM referral_transition WHERE reason IN ('', 'patient-declined')";
    assert_eq!(partners.world.count(timeline).await?, 2);
    partners.world.end().await
}

#[tokio::test]
async fn of_many_at_once_one_cancels() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let calls = (0..20).map(|_| {
        let (mut client, request) = (partners.desk.referrals(), cancel(&sent));
        async move { client.cancel_referral(request).await }
    });
    let answers = join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(tonic::Status::code).collect();
    assert_eq!(refused, vec![Code::Aborted; 19]);
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_transition").await?, 2);
    partners.world.end().await
}

#[tokio::test]
async fn without_an_etag_the_slower_ones_hear_that_it_is_closed() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let calls = (0..10).map(|_| {
        let mut client = partners.desk.referrals();
        let request = CancelReferralRequest { etag: String::new(), ..cancel(&sent) };
        async move { client.cancel_referral(request).await }
    });
    let answers = join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(tonic::Status::code).collect();
    assert_eq!(refused, vec![Code::FailedPrecondition; 9]);
    partners.world.end().await
}

#[tokio::test]
async fn nobody_else_cancels() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let provider = partners.lab.referrals().cancel_referral(cancel(&sent)).await.unwrap_err();
    assert_eq!(provider.code(), Code::PermissionDenied);
    let stranger = partners.stranger.referrals().cancel_referral(cancel(&sent)).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);
    partners.world.end().await
}
