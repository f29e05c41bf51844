//! Who reads a report: whom the convention names at the moment, and nobody else. Released, read and acknowledged are three
//! things.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::{
    events::v1::ReportReleased,
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

    for who in [&colleague, &stage.lab()] {
        let refused = acknowledge(&stage, who, &report, &request_id()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{who:?}");
    }
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
    stage.advance(6).await?;
    let told = next_release(&mut stage).await?;
    assert_eq!(
        (told.practitioner.as_str(), told.substitute_for.as_str()),
        (substitute.practitioner.as_str(), "struck-off")
    );
    assert!(stage.get(&doctor, &report.name).await?.content.is_none());
    assert!(stage.get(&substitute, &report.name).await?.content.is_some());
    // Read and not taken note of, it is asked for again, later; the next version is at once.
    stage.advance(12).await?;
    stage.settled().await?;
    let later = "SELECT count(*) FROM release_due r, report p WHERE r.due_at > p.update_time + interval '50 minutes'";
    stage.world.until_count(later, 1).await?;
    let last = stage.get(&stage.lab(), &report.name).await?;
    stage.revise(&last, Status::Corrected, value()).await?;
    assert_eq!(next_release(&mut stage).await?.report_version, 2);
    stage.until_released(&report.name, 2).await?;
    let late = acknowledge(&stage, &substitute, &last, &request_id()).await.unwrap_err();
    assert_eq!(rules(&late), ["later-version"]);
    stage.world.end().await
}

/// The trap: who read it is struck off before taking note of it, and nobody else can.
#[tokio::test]
async fn what_was_read_and_not_taken_note_of_goes_to_the_substitute_as_well() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let (doctor, substitute) = (stage.doctor.clone(), clinician(&stage.told, "substitute"));
    stage.referral.says(Some(vec![stage.recipient(&doctor)]));
    let report = stage.create(stage.report("A1", Status::Final, value())).await?;
    next_release(&mut stage).await?;
    assert!(stage.get(&doctor, &report.name).await?.content.is_some());
    stage.advance(6).await?;
    stage.settled().await?;
    let stands_in = Recipient { substitute_for: "struck-off".into(), ..stage.recipient(&substitute) };
    stage.referral.says(Some(vec![stands_in]));
    stage.advance(70).await?;
    let told = next_release(&mut stage).await?;
    assert_eq!(told.practitioner, substitute.practitioner);
    // What was read stays read.
    assert!(stage.get(&doctor, &report.name).await?.content.is_some());
    assert!(stage.get(&substitute, &report.name).await?.content.is_some());
    acknowledge(&stage, &substitute, &report, &request_id()).await?;
    stage.advance(140).await?;
    stage.world.until_count("SELECT count(*) FROM release_due", 0).await?;
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

/// What waits for referral is no work left; what is due is, until it is done.
#[tokio::test]
async fn releases_are_work_left_when_they_are_due() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    stage.create(stage.report("A1", Status::Final, value())).await?;
    // The next try is some seconds away.
    stage.world.until_count("SELECT count(*) FROM release_due WHERE attempt >= 4", 1).await?;
    let backlog = stage.settled().await?;
    assert_eq!((backlog.due, stage.world.count("SELECT count(*) FROM release_due").await?), (0, 1));
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    stage.advance(1).await?;
    stage.settled().await?;
    assert_eq!(stage.world.count("SELECT count(*) FROM report_release").await?, 1, "settled, and not released");
    stage.world.end().await
}

/// The trap: a critical result that is sent to somebody on leave. Each telling of it says that it is critical; while nobody has taken
/// note of it, it follows whoever acts now, even when it was read.
#[tokio::test]
async fn a_critical_result_is_told_as_such_and_follows_whoever_acts() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let [doctor, second, third] = ["doctor", "second", "third"].map(|who| clinician(&stage.told, who));
    let low = vec![number(GLUCOSE, "30", Interpretation::CriticallyLow)];
    let report = stage.create(stage.report("A1", Status::Partial, low)).await?;
    for (who, minutes) in [(&doctor, 6), (&second, 12), (&third, 18)] {
        let is_doctor = who.subject == "doctor";
        let substitute_for = if is_doctor { "" } else { "on-leave" }.into();
        stage.referral.says(Some(vec![Recipient { substitute_for, ..stage.recipient(who) }]));
        stage.advance(minutes).await?;
        let told = next_release(&mut stage).await?;
        assert!(told.critical && told.practitioner == who.practitioner, "{told:?}");
        let unread = acknowledge(&stage, who, &report, &request_id()).await.unwrap_err();
        assert_eq!(rules(&unread), ["unread"]);
        if !is_doctor {
            let says = stage.get(who, &report.name).await?.content.unwrap_or_default();
            let found = &says.observations[0];
            assert!(found.critical && found.interpretation() == Interpretation::CriticallyLow, "{found:?}");
        }
    }
    assert!(stage.get(&doctor, &report.name).await?.content.is_none(), "who left before reading it reads nothing");
    acknowledge(&stage, &third, &report, &request_id()).await?;
    stage.advance(24).await?;
    stage.world.until_count("SELECT count(*) FROM release_due", 0).await?;
    // The sample was bad: the next version is not critical, and says what the one before said.
    let last = stage.get(&stage.lab(), &report.name).await?;
    stage.revise(&last, Status::Final, vec![number(GLUCOSE, "90", Interpretation::Normal)]).await?;
    let told = next_release(&mut stage).await?;
    assert!(!told.critical && told.report_version == 2, "{told:?}");
    let says = stage.get(&third, &report.name).await?.content.unwrap_or_default();
    assert_eq!(says.observations[0].previous_interpretation(), Interpretation::CriticallyLow);
    assert_eq!(stage.world.count("SELECT count(*) FROM report_version WHERE critical").await?, 1);
    stage.world.end().await
}
