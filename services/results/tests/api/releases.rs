//! Who reads a report: whom the convention names at the moment, and nobody else. Released, read and acknowledged are three
//! things.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now, events::Event};
use relais_proto::{
    events::v1::ReportReleased,
    operations::v1::AdvanceClockRequest,
    referral::v1::Recipient,
    results::v1::{AcknowledgeReportRequest, Report, observation::Interpretation, report::Status},
};
use relais_tests::{Identity, eventually, request_id, rules};
use tonic::Code;

use crate::stage::{GLUCOSE, Stage, clinician, number};

fn value() -> Vec<relais_proto::results::v1::Observation> {
    vec![number(GLUCOSE, "180", Interpretation::High)]
}

async fn next_release(stage: &mut Stage) -> Result<ReportReleased> {
    loop {
        if let (_, Event::ReportReleased(released)) = stage.world.tap.next().await? {
            return Ok(released);
        }
    }
}

async fn acknowledge(stage: &Stage, who: &Identity, report: &Report, id: &str) -> Result<i64, tonic::Status> {
    let request =
        AcknowledgeReportRequest { name: report.name.clone(), version: report.version, request_id: id.into() };
    Ok(stage.at(who)?.reports().acknowledge_report(request).await?.into_inner().version)
}

/// Moves the clock so far ahead of the machine's.
async fn advance(stage: &Stage, minutes: i64) -> Result<()> {
    let operator = stage.session(&Identity::new("operator", "operator"))?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::minutes(minutes)));
    operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    Ok(())
}

#[tokio::test]
async fn a_report_is_held_while_referral_is_away_and_then_goes_to_its_recipient_alone() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let (doctor, colleague) = (stage.doctor.clone(), clinician(&stage.told, "colleague"));
    let report = stage.create(stage.report("A1", Status::Final, value())).await?;
    stage.world.until_count("SELECT count(*) FROM release_due WHERE attempt >= 2", 1).await?;
    for who in [&doctor, &colleague, &stage.told.sender(), &stage.told.overseer()] {
        let seen = stage.get(who, &report.name).await?;
        assert_eq!((seen.release_time, seen.content), (None, None), "{who:?}");
        assert_eq!(stage.list(who).await?[0].status(), Status::Final);
    }
    assert_eq!(acknowledge(&stage, &doctor, &report, &request_id()).await.unwrap_err().code(), Code::PermissionDenied);

    stage.referral.says(Some(vec![stage.recipient(&doctor)]));
    let told = next_release(&mut stage).await?;
    assert_eq!(
        (&told.practitioner, &told.unit, told.substitute_for.as_str()),
        (&doctor.practitioner, &doctor.unit, "")
    );
    // Released is not read: whoever is not meant sees that it is there, and when, and nothing of it.
    for who in [&colleague, &stage.told.sender(), &stage.told.receiver(), &stage.told.overseer()] {
        let seen = stage.get(who, &report.name).await?;
        assert!(seen.release_time.is_some() && seen.read_time.is_none() && seen.content.is_none(), "{who:?}");
        assert!(stage.list(who).await?[0].content.is_none());
    }
    let unread = acknowledge(&stage, &doctor, &report, &request_id()).await.unwrap_err();
    assert_eq!((unread.code(), rules(&unread)), (Code::FailedPrecondition, vec!["unread".to_string()]));

    let read = stage.get(&doctor, &report.name).await?;
    let says = read.content.unwrap_or_default();
    assert_eq!(says.observations[0].interpretation(), Interpretation::High);
    let seen = stage.get(&stage.lab(), &report.name).await?;
    assert!(seen.read_time.is_some() && seen.acknowledge_time.is_none());

    assert_eq!(
        acknowledge(&stage, &colleague, &report, &request_id()).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let id = request_id();
    assert_eq!(acknowledge(&stage, &doctor, &report, &id).await?, 1);
    assert_eq!(acknowledge(&stage, &doctor, &report, &id).await?, 1);
    let twice = acknowledge(&stage, &doctor, &report, &request_id()).await.unwrap_err();
    assert_eq!((twice.code(), rules(&twice)), (Code::FailedPrecondition, vec!["acknowledged-already".to_string()]));
    let told = loop {
        if let (envelope, Event::ReportAcknowledged(told)) = stage.world.tap.next().await? {
            break (envelope.version, told.report_version);
        }
    };
    assert_eq!(told, (3, 1));
    let desk = stage.get(&stage.told.sender(), &report.name).await?;
    assert!(desk.acknowledge_time.is_some() && desk.content.is_none());
    stage.world.end().await
}

#[tokio::test]
async fn what_is_unread_goes_to_the_substitute_when_the_prescriber_is_struck_off() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let (doctor, substitute) = (stage.doctor.clone(), clinician(&stage.told, "substitute"));
    stage.referral.says(Some(vec![stage.recipient(&doctor)]));
    let report = stage.create(stage.report("A1", Status::Final, value())).await?;
    next_release(&mut stage).await?;
    let stands_in = Recipient { substitute_for: "struck-off".into(), ..stage.recipient(&substitute) };
    stage.referral.says(Some(vec![stands_in]));
    advance(&stage, 6).await?;
    let told = next_release(&mut stage).await?;
    assert_eq!(
        (told.practitioner.as_str(), told.substitute_for.as_str()),
        (substitute.practitioner.as_str(), "struck-off")
    );
    assert!(stage.get(&doctor, &report.name).await?.content.is_none());
    assert!(stage.get(&substitute, &report.name).await?.content.is_some());
    // Read, it is asked for no more; the next version is again.
    advance(&stage, 12).await?;
    stage.world.until_count("SELECT count(*) FROM release_due", 0).await?;
    let last = stage.get(&stage.lab(), &report.name).await?;
    stage.revise(&last, Status::Corrected, value()).await?;
    assert_eq!(next_release(&mut stage).await?.report_version, 2);
    stage.until_released(&report.name, 2).await?;
    let late = acknowledge(&stage, &substitute, &last, &request_id()).await.unwrap_err();
    assert_eq!(rules(&late), ["later-version"]);
    stage.world.end().await
}

#[tokio::test]
async fn what_nobody_may_receive_waits_until_somebody_may() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    stage.referral.says(Some(vec![]));
    let report = stage.create(stage.report("A1", Status::Final, value())).await?;
    let waiting = "SELECT count(*) FROM release_due WHERE error = 'nobody may receive it now'";
    stage.world.until_count(waiting, 1).await?;
    assert!(stage.get(&stage.doctor, &report.name).await?.content.is_none());
    // A unit: any clinician who acts for it, and none who acts for another.
    let unit = Recipient { practitioner: String::new(), ..stage.recipient(&stage.doctor) };
    stage.referral.says(Some(vec![unit]));
    let read = |who: Identity| {
        let (stage, name) = (&stage, report.name.clone());
        async move { Ok::<_, anyhow::Error>(stage.get(&who, &name).await?.content.is_some()) }
    };
    let nurse = clinician(&stage.told, "nurse");
    eventually("the unit reads", || async { Ok(read(nurse.clone()).await?.then_some(())) }).await?;
    let elsewhere = Identity { unit: String::new(), ..clinician(&stage.told, "elsewhere") };
    assert!(!read(elsewhere).await?);
    stage.world.end().await
}
