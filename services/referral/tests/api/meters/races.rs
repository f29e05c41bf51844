//! Many at once on one line, and the same request twice.

use anyhow::Result;
use futures::future::join_all;
use relais_proto::referral::v1::SubmitReferralRequest;
use relais_tests::{partnership, rules};
use tonic::Code;

use super::*;

const CONNECTIONS: (&str, &str) = ("RELAIS__DATABASE__MAX_CONNECTIONS", "16");

/// Two hundred at once where fifty are left: whether fifty were let in.
async fn two_hundred_take_fifty(planted: &[(&str, &str)]) -> Result<bool> {
    let metered = Metered::agree_with(vec![firm(50)], |terms| terms, &[planted, &[CONNECTIONS]].concat()).await?;
    let calls = (0..200).map(|_| {
        let (mut client, request) = (metered.partners.desk.referrals(), metered.partners.request(metered.ask()));
        async move {
            loop {
                match client.submit_referral(request.clone()).await {
                    // No connection was free in time: the same request may be sent again.
                    Err(status) if status.code() == Code::Unavailable => {}
                    answer => break answer,
                }
            }
        }
    });
    let answers = join_all(calls).await;
    let admitted = answers.iter().filter(|answer| answer.is_ok()).count();
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!((refused.code(), rules(refused)), (Code::FailedPrecondition, vec!["volume-exhausted".to_string()]));
    }
    let referrals = metered.partners.world.count("SELECT count(*) FROM referral").await?;
    assert_eq!(usize::try_from(referrals)?, admitted, "who was refused left nothing");
    let held = metered.stands().await? == (50, 0, 0, 0);
    metered.end().await?;
    Ok(held && admitted == 50)
}

#[tokio::test]
async fn of_two_hundred_at_once_the_fifty_that_are_left_are_admitted() -> Result<()> {
    assert!(two_hundred_take_fifty(&[]).await?);
    Ok(())
}

#[tokio::test]
async fn a_line_that_nobody_holds_is_caught() -> Result<()> {
    assert!(!two_hundred_take_fifty(&[("RELAIS__PLANTED__BUG", "unheld-line")]).await?);
    Ok(())
}

#[tokio::test]
async fn the_same_request_takes_one_place_however_often_and_at_once() -> Result<()> {
    let metered = Metered::agree(vec![firm(50)]).await?;
    let request: SubmitReferralRequest = metered.partners.request(metered.ask());
    let calls = (0..20).map(|_| {
        let (mut client, request) = (metered.partners.desk.referrals(), request.clone());
        async move { client.submit_referral(request).await }
    });
    let answers = join_all(calls).await;
    assert!(answers.iter().any(Result::is_ok));
    metered.partners.desk.referrals().submit_referral(request).await?;
    assert_eq!(metered.stands().await?, (1, 0, 49, 0));
    metered.end().await
}

/// Places are taken and given back by many at once, near the end of the line and near its thresholds.
#[tokio::test]
async fn what_many_take_and_give_back_at_once_comes_back_once() -> Result<()> {
    let agreed = |terms| Terms { thresholds: vec![50, 100], ..terms };
    let metered = Metered::agree_with(vec![firm(20)], agreed, &[CONNECTIONS]).await?;
    for _ in 0..3 {
        let mut sent = Vec::new();
        for answer in join_all((0..30).map(|_| metered.send())).await {
            sent.extend(answer.ok());
        }
        assert_eq!(sent.len(), 20);
        assert_eq!(metered.stands().await?, (20, 0, 0, 0));
        // Each by both sides at once: one of them is too late.
        let (lab, desk) = (&metered.partners.lab, &metered.partners.desk);
        let rejecting = sent.iter().map(|it| crate::lifecycle::reject_referral(lab, &it.name));
        let cancelling = sent.iter().map(|it| crate::lifecycle::cancel_referral(desk, &it.name));
        let (rejected, cancelled) = futures::join!(join_all(rejecting), join_all(cancelling));
        let ended = rejected.iter().chain(&cancelled).filter(|answer| answer.is_ok()).count();
        assert_eq!(ended, 20);
        assert_eq!(metered.stands().await?, (0, 0, 20, 0));
    }
    let crossings = "SELECT count(*) FROM meter_threshold";
    assert_eq!(metered.partners.world.count(crossings).await?, 6, "twice in each of three rounds");
    metered.end().await
}

/// A patient who is referred several times at once takes one place on a line that counts persons.
#[tokio::test]
async fn a_person_takes_one_place_however_many_referrals_come_at_once() -> Result<()> {
    let persons = Line { measure: line::Measure::Persons.into(), ..firm(2) };
    let metered = Metered::agree_with(vec![persons], |terms| terms, &[CONNECTIONS]).await?;
    let sent: Vec<_> = join_all((0..10).map(|_| metered.send())).await.into_iter().flatten().collect();
    assert_eq!(sent.len(), 10);
    assert_eq!(metered.stands().await?, (1, 0, 1, 0));
    // Given back with the last of them.
    let lab = &metered.partners.lab;
    let ended = join_all(sent[1..].iter().map(|it| crate::lifecycle::reject_referral(lab, &it.name))).await;
    assert!(ended.iter().all(Result::is_ok));
    assert_eq!(metered.stands().await?, (1, 0, 1, 0));
    let another = Referral { patient: partnership::patient(&metered.partners.desk).await?, ..metered.ask() };
    metered.submit(another).await?;
    let third = Referral { patient: partnership::patient(&metered.partners.desk).await?, ..metered.ask() };
    assert_eq!(rules(&metered.submit(third).await.unwrap_err()), ["volume-exhausted"]);
    metered.send().await?;
    crate::lifecycle::reject_referral(lab, &sent[0].name).await?;
    assert_eq!(metered.stands().await?, (2, 0, 0, 0), "the patient was sent again meanwhile");
    metered.end().await
}
