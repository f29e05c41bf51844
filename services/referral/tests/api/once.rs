//! The same request twice, at once, with another body, and after its caller gave up.

use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use relais_platform::ids::AppointmentId;
use relais_proto::{
    events::v1,
    referral::v1::{
        CancelReferralRequest, CreatePatientRequest, Referral, SubmitReferralRequest, cancel_referral_request::Reason,
        referral,
    },
};
use relais_tests::{Identity, eventually, partnership, request_id, violations};
use tonic::{Code, Request};

use crate::partners::Partners;

const REFERRALS: &str = "SELECT count(*) FROM referral";

#[tokio::test]
async fn the_same_request_twice_answers_the_same() -> Result<()> {
    let partners = Partners::meet().await?;
    let request = partners.request(partners.ask());
    let mut client = partners.desk.referrals();
    let first = client.submit_referral(request.clone()).await?.into_inner();
    let again = client.submit_referral(request).await?.into_inner();
    assert_eq!(first, again);
    assert_eq!(partners.world.count(REFERRALS).await?, 1);
    partners.world.until_count("SELECT count(*) FROM outbox_sent", 1).await?;
    partners.world.end().await
}

#[tokio::test]
async fn one_person_of_two_organisations_asks_each_with_an_id_of_its_own() -> Result<()> {
    let partners = Partners::meet().await?;
    let request = CreatePatientRequest { patient: None, request_id: request_id() };
    let mut opened = Vec::new();
    let elsewhere = partnership::organisation(&partners.operator, "Elsewhere").await?;
    for organisation in [&partners.mdm, &elsewhere, &partners.mdm] {
        let desk = partners.world.session(&Identity::new("of two", "desk").of(organisation))?;
        let answer = desk.patients().create_patient(request.clone()).await?.into_inner();
        opened.push(answer.patient.unwrap_or_default().name);
    }
    assert_ne!(opened[0], opened[1], "what one organisation was answered is not another's");
    assert_eq!(opened[0], opened[2], "the same again");
    partners.world.end().await
}

#[tokio::test]
async fn fifty_at_once_make_one_referral() -> Result<()> {
    let partners = Partners::meet().await?;
    let request = partners.request(partners.ask());
    let calls = (0..50).map(|_| {
        let (mut client, request) = (partners.desk.referrals(), request.clone());
        async move { client.submit_referral(request).await }
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().collect::<Result<_, _>>()?;
    let first = answers[0].get_ref();
    assert!(answers.iter().all(|answer| answer.get_ref() == first), "all are answered alike");
    assert_eq!(partners.world.count(REFERRALS).await?, 1);
    partners.world.end().await
}

#[tokio::test]
async fn the_answer_is_the_one_of_then_even_after_a_change() -> Result<()> {
    let partners = Partners::meet().await?;
    let submit = partners.request(partners.ask());
    let mut client = partners.desk.referrals();
    let first = client.submit_referral(submit.clone()).await?.into_inner();
    let name = first.referral.as_ref().unwrap().name.clone();
    let appointment = AppointmentId::draw();
    let told = v1::AppointmentProposed { appointment: appointment.to_string(), referral: name.clone() };
    partners.world.tap.publish(appointment.0, 1, told).await?;
    partners.world.until_count("SELECT count(*) FROM referral_appointment", 1).await?;
    let cancel = CancelReferralRequest {
        name,
        reason: Reason::Duplicate.into(),
        request_id: request_id(),
        ..CancelReferralRequest::default()
    };
    let cancelled = client.cancel_referral(cancel.clone()).await?.into_inner();
    assert_eq!(client.submit_referral(submit).await?.into_inner(), first);
    assert_eq!(client.cancel_referral(cancel).await?.into_inner(), cancelled, "cancelling again answers the same");
    let cancelled = cancelled.referral.unwrap();
    assert_eq!((cancelled.state(), cancelled.appointment), (referral::State::Cancelled, appointment.to_string()));
    partners.world.end().await
}

#[tokio::test]
async fn another_body_or_another_caller_is_another_request() -> Result<()> {
    let partners = Partners::meet().await?;
    let request = partners.request(partners.ask());
    let mut client = partners.desk.referrals();
    client.submit_referral(request.clone()).await?;
    let priority = referral::Priority::Urgent.into();
    let other = Referral { priority, ..partners.ask() };
    let reused = SubmitReferralRequest { referral: Some(other), ..request.clone() };
    let refused = client.submit_referral(reused).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["request_id".to_string()]));
    // Another caller's id of the same value is another request.
    partners.coordinator.referrals().submit_referral(request).await?;
    assert_eq!(partners.world.count(REFERRALS).await?, 2);
    partners.world.end().await
}

#[tokio::test]
async fn a_refusal_is_not_kept() -> Result<()> {
    let partners = Partners::meet().await?;
    let mut request = partners.request(Referral { provider: partners.mdm.clone(), ..partners.ask() });
    let mut client = partners.desk.referrals();
    client.submit_referral(request.clone()).await.unwrap_err();
    request.referral = Some(partners.ask());
    client.submit_referral(request).await?;
    partners.world.end().await
}

/// A deadline drops the handler while its unit of work waits for a lock. The unit goes on and commits: dropped with the
/// handler, it would be rolled back, and its connection could be handed on while it begins.
#[tokio::test]
async fn a_unit_of_work_outlives_the_call_that_began_it() -> Result<()> {
    assert!(unit_outlives_call(&[]).await?);
    Ok(())
}

#[tokio::test]
async fn a_unit_of_work_that_ends_with_its_call_is_caught() -> Result<()> {
    assert!(!unit_outlives_call(&[("RELAIS__PLANTED__BUG", "cancellable-unit")]).await?);
    Ok(())
}

async fn unit_outlives_call(planted: &[(&str, &str)]) -> Result<bool> {
    let partners = Partners::meet_with(planted).await?;
    let mut stranger = partners.world.database.begin().await?;
    sqlx::query("LOCK TABLE referral IN EXCLUSIVE MODE").execute(&mut *stranger).await?;
    let request = partners.request(partners.ask());
    let mut impatient = Request::new(request.clone());
    impatient.set_timeout(Duration::from_millis(300));
    assert!(partners.desk.referrals().submit_referral(impatient).await.is_err(), "the deadline did not pass");
    // The handler is dropped by now; only then is the way free.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(partners.world.count(REFERRALS).await?, 0);
    stranger.rollback().await?;
    let outlived = partners.world.counts(REFERRALS, 1, Duration::from_secs(3)).await?;
    partners.desk.referrals().submit_referral(request).await?;
    assert_eq!(partners.world.count(REFERRALS).await?, 1);
    partners.world.end().await?;
    Ok(outlived)
}

/// Callers give up at any moment: whatever was answered or not, the same request again ends in exactly one referral.
#[tokio::test]
async fn a_caller_that_gives_up_loses_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let requests: Vec<_> = (0..60).map(|_| partners.request(partners.ask())).collect();
    let impatient = requests.iter().enumerate().map(|(i, request)| {
        let mut call = Request::new(request.clone());
        call.set_timeout(Duration::from_micros(300 * i as u64));
        let mut client = partners.desk.referrals();
        async move { client.submit_referral(call).await.is_ok() }
    });
    let answered = join_all(impatient).await.into_iter().filter(|ok| *ok).count();
    assert!(answered < requests.len(), "no deadline was short enough to try this");
    for request in &requests {
        eventually("the same request is answered", || {
            let (mut client, request) = (partners.desk.referrals(), request.clone());
            async move { Ok(Some(client.submit_referral(request).await?)) }
        })
        .await?;
    }
    assert_eq!(partners.world.count(REFERRALS).await?, 60);
    partners.world.until_count("SELECT count(*) FROM outbox_sent", 60).await?;
    partners.world.end().await
}
