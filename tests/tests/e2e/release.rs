//! A result on its way to whoever may read it, through the whole suite: to the prescriber, to who stands in once the prescriber is
//! struck off, held while nobody says who that is, and laid there once, however often it is told.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    notification::v1::{ListMessagesRequest, Message, message::Kind},
    operations::v1::RepublishEventsRequest,
    results::v1::report::Status,
};
use relais_tests::{Identity, Options, Sessions, Suite, eventually, partnership::Partners, request_id, rules, settled};

use crate::laboratory::Laboratory;

const RELEASES: &str = "SELECT count(*) FROM report_release";

fn operator(suite: &Suite) -> Result<Sessions> {
    suite.sessions(&Identity::new("operator", "operator"))
}

/// What somebody's inbox says of releases.
async fn told(suite: &Suite, who: &Identity) -> Result<Vec<Message>> {
    let session = suite.session("notification", who)?;
    let answer = session.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner();
    Ok(answer.messages.into_iter().filter(|message| message.kind() == Kind::ReportReleased).collect())
}

#[tokio::test]
async fn a_result_goes_to_the_prescriber_and_once_struck_off_to_who_stands_in() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let (lab, operator) = (Laboratory::open(&suite, &partners).await?, operator(&suite)?);
    let asked = lab.ask(&partners).await?;
    let first = lab.report(lab.first(&asked, Status::Partial, "90")).await?;
    // Settled is enough to wait for: what is to be released now is work.
    settled(&operator).await?;
    for (who, reads) in [(&lab.doctor, true), (&lab.substitute, false), (&lab.biologist, true)] {
        let seen = lab.read(who, &first.name, 0).await?;
        assert_eq!((seen.release_time.is_some(), seen.content.is_some()), (true, reads), "{who:?}");
    }
    assert_eq!(told(&suite, &lab.doctor).await?.len(), 1);

    // Between the order and its last result.
    lab.strike_off(&partners).await?;
    let refused = lab.ask_more(&lab.doctor, &asked, "718-7").await.unwrap_err();
    assert_eq!(rules(&refused), ["prescriber-not-entitled"], "a doctor who is struck off asks for more");
    lab.ask_more(&lab.substitute, &asked, "718-7").await?;
    lab.revise(&first, Status::Final, "91").await?;
    settled(&operator).await?;
    let read = lab.read(&lab.substitute, &first.name, 0).await?;
    assert_eq!((read.version, read.status(), read.content.is_some()), (2, Status::Final, true));
    let past = lab.read(&lab.doctor, &first.name, 0).await?;
    assert!(past.release_time.is_some() && past.content.is_none(), "a doctor who is struck off reads it: {past:?}");
    // What was read stays read.
    assert!(lab.read(&lab.doctor, &first.name, 1).await?.content.is_some());
    let reasons: Vec<_> = told(&suite, &lab.substitute).await?.into_iter().map(|message| message.reason).collect();
    assert_eq!(reasons, ["struck-off", ""], "one inbox, of the care centre");
    suite.stop().await
}

#[tokio::test]
async fn a_result_is_held_while_nobody_says_whose_it_is_and_then_laid_there_once() -> Result<()> {
    let mut suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let lab = Laboratory::open(&suite, &partners).await?;
    let asked = lab.ask(&partners).await?;
    let (doctor, request) = (lab.doctor.clone(), lab.first(&asked, Status::Final, "90"));
    drop(lab);
    suite.kill("referral").await?;
    let biologist = Identity::new("biologist", "clinician").of(partners.provider());
    let answer = suite.session("results", &biologist)?.reports().create_report(request).await?.into_inner();
    let name = answer.report.unwrap_or_default().name;
    let tried = "SELECT count(*) FROM release_due WHERE attempt >= 2 AND error <> ''";
    eventually("it was tried twice", || async { Ok((suite.count("results", tried).await? == 1).then_some(())) })
        .await?;
    let read = async || {
        let request = relais_proto::results::v1::GetReportRequest { name: name.clone(), version: 0 };
        let answer = suite.session("results", &doctor)?.reports().get_report(request).await?.into_inner();
        anyhow::Ok(answer.report.unwrap_or_default())
    };
    let held = read().await?;
    assert!(held.release_time.is_none() && held.content.is_none(), "{held:?}");
    assert_eq!(suite.count("results", RELEASES).await?, 0);

    suite.launch("referral")?;
    suite.until_serving().await?;
    let released = || async { Ok((suite.count("results", RELEASES).await? == 1).then_some(())) };
    eventually("it is released", released).await?;
    let operator = operator(&suite)?;
    settled(&operator).await?;
    let facts = suite.count("referral", "SELECT count(*) FROM referral_fact WHERE kind = 'report'").await?;
    assert_eq!((told(&suite, &doctor).await?.len(), facts), (1, 1));
    // All that results told is told a second time.
    let start_time = Some(time_to_proto(machine_now() - TimeDelta::hours(1)));
    let aggregate_kind = "relais.results.report".to_string();
    let request = RepublishEventsRequest { start_time, aggregate_kind, request_id: request_id(), ..Default::default() };
    let again = operator.results.operations().republish_events(request).await?.into_inner();
    assert_eq!(again.events, 2, "issued and released");
    settled(&operator).await?;
    let facts = suite.count("referral", "SELECT count(*) FROM referral_fact WHERE kind = 'report'").await?;
    let counted = suite.count("referral", "SELECT count(*) FROM usage_entry").await?;
    assert_eq!((told(&suite, &doctor).await?.len(), facts, counted), (1, 1, 1));
    assert_eq!(suite.count("results", RELEASES).await?, 1);
    suite.stop().await
}
