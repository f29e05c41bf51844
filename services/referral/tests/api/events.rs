//! What is published of a referral, and what comes back from scheduling.

use anyhow::Result;
use relais_platform::{
    events::Event,
    ids::{AppointmentId, ReferralId, ResourceId},
};
use relais_proto::{
    events::v1,
    referral::v1::{CancelReferralRequest, GetReferralRequest, cancel_referral_request::Reason},
};
use relais_tests::{eventually, request_id};
use uuid::Uuid;

use crate::partners::Partners;

#[tokio::test]
async fn each_version_is_published_once_with_the_whole_list_of_parties() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let (envelope, event) = partners.world.tap.next().await?;
    let Event::ReferralSubmitted(told) = event else { panic!("{event:?}") };
    assert_eq!((envelope.version, envelope.type_name.as_str()), (1, "relais.referral.referral.submitted.v1"));
    assert_eq!(Some(ReferralId(envelope.aggregate_id)), ReferralId::parse(&sent.name));
    assert_eq!((told.number, told.parties.len(), told.patient), (sent.number.clone(), 2, sent.patient));

    let request = CancelReferralRequest {
        name: sent.name,
        reason: Reason::Duplicate.into(),
        request_id: request_id(),
        ..CancelReferralRequest::default()
    };
    partners.desk.referrals().cancel_referral(request).await?;
    let (envelope, event) = partners.world.tap.next().await?;
    assert_eq!(envelope.version, 2);
    let Event::ReferralCancelled(told) = event else { panic!("{event:?}") };
    assert_eq!((told.number, told.parties.len()), (sent.number, 2));
    partners.world.end().await
}

#[tokio::test]
async fn an_appointment_is_noted_on_its_referral() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let appointment = AppointmentId::draw();
    let told = v1::AppointmentProposed { appointment: appointment.to_string(), referral: sent.name.clone() };
    partners.world.tap.publish(appointment.0, 1, told).await?;
    eventually("the appointment is noted", || async {
        let request = GetReferralRequest { name: sent.name.clone() };
        let now = partners.desk.referrals().get_referral(request).await?.into_inner().referral.unwrap();
        Ok((now.appointment == appointment.to_string()).then_some(()))
    })
    .await?;
    partners.world.end().await
}

#[tokio::test]
async fn an_appointment_of_no_referral_is_held_back_and_parked() -> Result<()> {
    let partners = Partners::meet_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "3")]).await?;
    let (appointment, nobody) = (AppointmentId::draw(), ReferralId(Uuid::now_v7()));
    let told = v1::AppointmentProposed { appointment: appointment.to_string(), referral: nobody.to_string() };
    partners.world.tap.publish(appointment.0, 1, told).await?;
    partners.world.until_count("SELECT count(*) FROM parked WHERE state = 'parked' AND attempt = 3", 1).await?;
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_appointment").await?, 0);
    partners.world.end().await
}
