//! A broken glass, through all that hear of it: the parties' inboxes, the audit, and its end.

use anyhow::{Context, Result};
use prost_types::{Duration, Timestamp};
use relais_platform::clock::machine_now;
use relais_proto::{
    audit::v1::{Access, ListAccessesRequest},
    notification::v1::{ListMessagesRequest, message::Kind},
    operations::v1::AdvanceClockRequest,
    referral::v1::{GetReferralRequest, OpenFileRequest, file_access::Reason},
    results::v1::ListOrdersRequest,
    scheduling::v1::GetAppointmentRequest,
};
use relais_tests::{
    Identity, Options, Session, Sessions, Suite,
    partnership::{Partners, organisation, practitioner},
    request_id, settled,
};
use tonic::Code;

async fn kinds(session: &Session) -> Result<Vec<Kind>> {
    let read = session.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages;
    Ok(read.iter().map(|message| message.kind()).collect())
}

/// How many orders of this referral, or of all, are seen.
async fn orders(session: &Session, referral: &str) -> Result<usize> {
    let request = ListOrdersRequest { referral: referral.into(), ..Default::default() };
    Ok(session.results().list_orders(request).await?.into_inner().orders.len())
}

#[tokio::test]
async fn a_broken_glass_is_told_to_the_parties_and_ends() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let referral = partners.submit(partners.request()).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let elsewhere = organisation(&partners.operator, "Hospital").await?;
    let entry = practitioner(&partners.operator, &elsewhere).await?;
    let clinician = suite.sessions(&Identity::new("emergency", "clinician").of(&elsewhere).registered(&entry))?;
    let open = OpenFileRequest {
        number: referral.number.clone(),
        reason: Reason::EmergencyTreatment.into(),
        statement: "Unconscious in the emergency room".into(),
        duration: Some(Duration { seconds: 600, nanos: 0 }),
        request_id: request_id(),
        ..Default::default()
    };
    let opened = clinician.referral.break_glass().open_file(open).await?.into_inner();
    let opened = opened.file_access.context("an access")?;
    let get = || GetReferralRequest { name: referral.name.clone() };
    // Only now: the appointment may come at any moment, and is part of what is read.
    settled(&operator).await?;
    let shown = partners.desk.referrals().get_referral(get()).await?.into_inner().referral;
    assert_eq!(shown.as_ref().map(|shown| &shown.number), Some(&referral.number));
    assert_eq!(clinician.referral.referrals().get_referral(get()).await?.into_inner().referral, shown);

    let provider = Identity::new("lab", "desk").of(&referral.provider);
    assert_eq!(kinds(&suite.session("notification", &partners.sender)?).await?, [Kind::GlassBroken]);
    let lab = kinds(&suite.session("notification", &provider)?).await?;
    assert!(lab.contains(&Kind::GlassBroken) && lab.len() == 2, "{lab:?}");
    assert_eq!(kinds(&clinician.notification).await?, []);
    // What hangs on the referral is open as well, in the services that heard of it; lists of all are not.
    let appointment = GetAppointmentRequest { name: shown.context("a referral")?.appointment };
    clinician.scheduling.scheduling().get_appointment(appointment.clone()).await?;
    assert_eq!(orders(&clinician.results, &referral.name).await?, 1);
    assert_eq!(orders(&clinician.results, "").await?, 0);

    let admin = suite.session("referral", &Identity::new("admin", "admin").of(&partners.sender.organisation))?;
    let asked = ListAccessesRequest { patient: partners.patient().into(), ..Default::default() };
    let told = admin.audits().list_accesses(asked).await?.into_inner().accesses;
    let by_clinician: Vec<&Access> = told.iter().rev().filter(|access| access.organisation == elsewhere).collect();
    let purposes: Vec<_> = by_clinician.iter().map(|access| access.purpose.clone()).collect();
    // The code and the access, never what was stated: the audit is kept for ever.
    let reading = format!("emergency-treatment {}", opened.name);
    assert_eq!(purposes, [reading.clone(), reading]);
    let words = "SELECT count(*) FROM audit a WHERE a::text ILIKE '%unconscious%'";
    assert_eq!(suite.count("referral", words).await?, 0);

    let time = (machine_now() + chrono::TimeDelta::minutes(9)).timestamp();
    advance(&operator, time).await?;
    clinician.referral.referrals().get_referral(get()).await?;
    advance(&operator, time + 120).await?;
    let mut late = clinician.referral.referrals();
    assert_eq!(late.get_referral(get()).await.unwrap_err().code(), Code::NotFound, "its ten minutes are over");
    let late = clinician.scheduling.scheduling().get_appointment(appointment).await.unwrap_err();
    assert_eq!(late.code(), Code::NotFound);
    assert_eq!(orders(&clinician.results, &referral.name).await?, 0);
    suite.stop().await
}

async fn advance(operator: &Sessions, seconds: i64) -> Result<()> {
    for (_, session) in operator.all() {
        let time = Some(Timestamp { seconds, nanos: 0 });
        session.operations().advance_clock(AdvanceClockRequest { time }).await?;
    }
    Ok(())
}
