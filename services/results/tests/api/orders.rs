//! Lines of orders: placed by the referrer's clinician, sampled by the provider, taken back by either.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now, events::Event};
use relais_proto::{
    events::v1::{OrderMoved, ReferralMoved},
    referral::v1::Recipient,
    results::v1::{
        CancelOrderLineRequest, ListAnalysesRequest, PlaceOrderRequest, RecordSamplingRequest,
        observation::Interpretation,
        order::State,
        order_line::{CancelReason, State as LineState},
        report::Status,
    },
};
use relais_tests::{Identity, Told, request_id, rules, violations};
use tonic::Code;

use crate::stage::{GLUCOSE, HAEMOGLOBIN, Stage, clinician, lab, number};

fn states(order: &relais_proto::results::v1::Order) -> Vec<LineState> {
    order.lines.iter().map(|line| line.state()).collect()
}

async fn next_move(stage: &mut Stage) -> Result<(i64, OrderMoved)> {
    loop {
        if let (envelope, Event::OrderMoved(moved)) = stage.world.tap.next().await? {
            return Ok((envelope.version, moved));
        }
    }
}

/// The call's time is over while referral is asked: so it is said, and the same request does it once referral answers.
#[tokio::test]
async fn who_asks_others_until_the_time_is_over_says_so() -> Result<()> {
    let stage = Stage::start().await?;
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    let (name, codes) = (stage.order.clone(), vec![GLUCOSE.into()]);
    let asked = PlaceOrderRequest { name, codes, request_id: request_id(), ..Default::default() };
    stage.referral.falls_silent(true);
    let mut request = tonic::Request::new(asked.clone());
    request.metadata_mut().insert("grpc-timeout", "1S".parse()?);
    let late = stage.session(&stage.doctor)?.results().place_order(request).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
    assert!(stage.referral.given().is_some(), "referral was not asked");
    stage.referral.falls_silent(false);
    stage.session(&stage.doctor)?.results().place_order(asked).await?;
    stage.world.end().await
}

/// Referral is asked within what is left of the call's time.
#[tokio::test]
async fn who_asks_others_for_a_call_passes_its_deadline_on() -> Result<()> {
    let stage = Stage::start().await?;
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    let (name, codes) = (stage.order.clone(), vec![GLUCOSE.into()]);
    let mut request =
        tonic::Request::new(PlaceOrderRequest { name, codes, request_id: request_id(), ..Default::default() });
    request.metadata_mut().insert("grpc-timeout", "8S".parse()?);
    stage.session(&stage.doctor)?.results().place_order(request).await?;
    let given = stage.referral.given().expect("no deadline was passed on");
    let unit: u64 = match given.chars().last() {
        Some('n') => 1,
        Some('u') => 1_000,
        Some('m') => 1_000_000,
        _ => 1_000_000_000,
    };
    let nanos = given.trim_end_matches(char::is_alphabetic).parse::<u64>()? * unit;
    assert!((1_000_000_000..8_000_000_000).contains(&nanos), "{given}");
    stage.world.end().await
}

#[tokio::test]
async fn lines_are_placed_sampled_and_taken_back() -> Result<()> {
    let mut stage = Stage::start().await?;
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    let doctor = stage.session(&stage.doctor)?;
    let request = PlaceOrderRequest {
        name: stage.order.clone(),
        codes: vec![GLUCOSE.into(), HAEMOGLOBIN.into()],
        request_id: request_id(),
        ..Default::default()
    };
    let placed = doctor.results().place_order(request.clone()).await?.into_inner().order.unwrap_or_default();
    assert_eq!((placed.state(), states(&placed)), (State::Active, vec![LineState::Ordered; 2]));
    let (version, moved) = next_move(&mut stage).await?;
    assert_eq!((version, moved.state.as_str(), moved.previous.as_str()), (2, "active", "draft"));
    assert_eq!((moved.number.as_str(), moved.parties.len()), ("AAAA-BBBB-CCC", 3));

    let lab = stage.session(&stage.lab())?;
    let sampling = RecordSamplingRequest {
        name: stage.order.clone(),
        lines: vec![2],
        sample_time: Some(time_to_proto(machine_now() - TimeDelta::minutes(5))),
        etag: placed.etag.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    let sampled = lab.results().record_sampling(sampling.clone()).await?.into_inner().order.unwrap_or_default();
    assert_eq!(states(&sampled), [LineState::Ordered, LineState::Sampled]);
    let stale = RecordSamplingRequest { request_id: request_id(), ..sampling.clone() };
    assert_eq!(lab.results().record_sampling(stale).await.unwrap_err().code(), Code::Aborted);
    // The same request again answers as it did, also after others.
    let again = doctor.results().place_order(request.clone()).await?.into_inner().order.unwrap_or_default();
    assert_eq!(again, placed);
    // Also when nobody says any more who may ask.
    for nobody in [None, Some(vec![])] {
        stage.referral.says(nobody);
        let again = doctor.results().place_order(request.clone()).await?.into_inner().order.unwrap_or_default();
        assert_eq!(again, placed);
    }

    let cancel = |line, reason: CancelReason| CancelOrderLineRequest {
        name: stage.order.clone(),
        line,
        reason: reason.into(),
        request_id: request_id(),
        ..Default::default()
    };
    lab.results().cancel_order_line(cancel(2, CancelReason::SampleUnusable)).await?;
    let gone = doctor.results().cancel_order_line(cancel(1, CancelReason::PatientDeclined)).await?.into_inner();
    let gone = gone.order.unwrap_or_default();
    assert_eq!((gone.state(), states(&gone)), (State::Draft, vec![LineState::Cancelled; 2]));
    let twice = doctor.results().cancel_order_line(cancel(1, CancelReason::PatientDeclined)).await.unwrap_err();
    assert_eq!((twice.code(), rules(&twice)), (Code::FailedPrecondition, vec!["line-cancelled".to_string()]));
    stage.world.end().await
}

#[tokio::test]
async fn what_is_no_order_is_refused() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    let doctor = stage.session(&stage.doctor)?;
    let place = |codes: &[&str]| PlaceOrderRequest {
        name: stage.order.clone(),
        codes: codes.iter().map(ToString::to_string).collect(),
        request_id: request_id(),
        ..Default::default()
    };
    let many = vec![HAEMOGLOBIN; 61];
    for codes in [&["0000-0"][..], &[], &[HAEMOGLOBIN, HAEMOGLOBIN], &["718-7\0"], &many] {
        let status = doctor.results().place_order(place(codes)).await.unwrap_err();
        assert_eq!((status.code(), violations(&status)[0].as_str()), (Code::InvalidArgument, "codes"), "{codes:?}");
    }
    let twice = doctor.results().place_order(place(&[GLUCOSE])).await.unwrap_err();
    assert_eq!(rules(&twice), ["already-ordered"]);
    let lab_session = stage.session(&stage.lab())?;
    let desk = Identity::new("desk", "desk").of(&stage.told.referrer.to_string());
    for (who, code) in [
        (stage.lab(), Code::PermissionDenied),
        (desk, Code::PermissionDenied),
        (clinician(&Told::new("ZZZZ"), "stranger"), Code::NotFound),
    ] {
        let status = stage.session(&who)?.results().place_order(place(&[HAEMOGLOBIN])).await.unwrap_err();
        assert_eq!(status.code(), code, "{who:?}");
    }
    let sampling = |lines: &[i32], time| RecordSamplingRequest {
        name: stage.order.clone(),
        lines: lines.to_vec(),
        sample_time: Some(time_to_proto(time)),
        request_id: request_id(),
        ..Default::default()
    };
    let now = machine_now();
    let ahead = lab_session.results().record_sampling(sampling(&[], now + TimeDelta::hours(1))).await.unwrap_err();
    assert_eq!(violations(&ahead), ["sample_time"]);
    let long_ago = chrono::DateTime::from_timestamp(-3_000_000_000, 0).unwrap_or_default();
    let ancient = lab_session.results().record_sampling(sampling(&[], long_ago)).await.unwrap_err();
    assert_eq!(violations(&ancient), ["sample_time"]);
    let nowhere = lab_session.results().record_sampling(sampling(&[9], now - TimeDelta::hours(1))).await.unwrap_err();
    assert_eq!(rules(&nowhere), ["no-such-line"]);
    stage.world.end().await
}

/// The trap: a doctor who was struck off sends nothing more, under no name and by no way.
#[tokio::test]
async fn analyses_are_asked_for_by_the_prescriber_or_whoever_stands_in_now() -> Result<()> {
    let stage = Stage::start().await?;
    let [doctor, other] = [stage.doctor.clone(), clinician(&stage.told, "other")];
    let nurse = Identity { practitioner: String::new(), ..clinician(&stage.told, "nurse") };
    stage.referral.says(Some(vec![stage.recipient(&doctor)]));
    stage.place_as(&doctor, &[GLUCOSE]).await?;
    for colleague in [&other, &nurse] {
        let refused = stage.place_as(colleague, &[GLUCOSE]).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(rules(&refused), ["prescriber-not-entitled", "already-ordered"]);
    }
    // Struck off: whoever stands in asks, and the doctor does not.
    let stands_in = Recipient { substitute_for: "struck-off".into(), ..stage.recipient(&other) };
    stage.referral.says(Some(vec![stands_in]));
    let refused = stage.place_as(&doctor, &[HAEMOGLOBIN]).await.unwrap_err();
    assert_eq!(rules(&refused), ["prescriber-not-entitled"]);
    stage.place_as(&other, &[HAEMOGLOBIN]).await?;
    stage.referral.says(Some(vec![]));
    assert_eq!(rules(&stage.place_as(&other, &["777-3"]).await.unwrap_err()), ["prescriber-not-entitled"]);
    // Nobody says: it is not guessed.
    stage.referral.says(None);
    assert_eq!(stage.place_as(&doctor, &["777-3"]).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(stage.order().await?.lines.len(), 2);
    // Where no doctor is named, any clinician of the referrer asks.
    let unit = Recipient { practitioner: String::new(), ..stage.recipient(&doctor) };
    stage.referral.says(Some(vec![unit]));
    stage.place_as(&nurse, &["777-3"]).await?;
    stage.world.end().await
}

/// The trap: a cancellation that is taken back loses what was asked, or counts again what was counted.
#[tokio::test]
async fn an_order_comes_back_as_it_was_when_the_end_of_its_referral_is_taken_back() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE, HAEMOGLOBIN]).await?;
    let glucose = number(GLUCOSE, "90", Interpretation::Normal);
    let both = vec![glucose.clone(), number(HAEMOGLOBIN, "13", Interpretation::Normal)];
    let sampling = RecordSamplingRequest {
        name: stage.order.clone(),
        sample_time: Some(time_to_proto(machine_now() - TimeDelta::minutes(5))),
        request_id: request_id(),
        ..Default::default()
    };
    stage.session(&stage.lab())?.results().record_sampling(sampling).await?;
    let partial = stage.create(stage.report("A1", Status::Partial, vec![glucose])).await?;
    let before = stage.order().await?;
    stage.world.tap.publish(stage.told.id.0, 2, stage.told.cancelled()).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'revoked'", 1).await?;
    let back = |state: &str| ReferralMoved { undone: true, ..stage.told.moved(state) };
    let (accepted, failed) = (back("accepted"), stage.told.moved("failed"));
    stage.world.tap.publish(stage.told.id.0, 3, accepted.clone()).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'active'", 1).await?;
    let after = stage.order().await?;
    assert_eq!((&after.name, &after.lines), (&before.name, &before.lines));
    assert_eq!(stage.world.count("SELECT count(*) FROM service_order").await?, 1);

    // Withdrawn again; meanwhile the laboratory tells the rest, which was given and counts once.
    stage.world.tap.publish(stage.told.id.0, 4, failed).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'revoked'", 1).await?;
    let last = stage.revise(&partial, Status::Final, both.clone()).await?;
    assert_eq!(stage.order().await?.state(), State::Revoked);
    stage.world.tap.publish(stage.told.id.0, 5, accepted).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'completed'", 1).await?;
    stage.revise(&last, Status::Amended, both).await?;
    assert_eq!(stage.world.count("SELECT sum(acts) FROM report_issue").await?, 2);
    let (_, moved) = loop {
        let (version, moved) = next_move(&mut stage).await?;
        if moved.previous == "revoked" {
            break (version, moved);
        }
    };
    assert_eq!((moved.state.as_str(), moved.parties.len()), ("active", 3));
    stage.world.end().await
}

#[tokio::test]
async fn a_closed_referral_asks_for_nothing_and_one_that_goes_on_asks_again() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let step = |state: &str, undone| ReferralMoved {
        referral: stage.told.id.to_string(),
        number: stage.told.number.clone(),
        parties: stage.told.submitted().parties,
        state: state.into(),
        undone,
        ..ReferralMoved::default()
    };
    stage.world.tap.publish(stage.told.id.0, 2, step("accepted", false)).await?;
    stage.world.tap.publish(stage.told.id.0, 3, step("rejected", false)).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'revoked'", 1).await?;
    assert_eq!(rules(&stage.place(&[HAEMOGLOBIN]).await.unwrap_err()), ["referral-closed"]);
    stage.world.tap.publish(stage.told.id.0, 4, step("accepted", true)).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'active'", 1).await?;
    stage.place(&[HAEMOGLOBIN]).await?;
    stage.world.end().await
}

#[tokio::test]
async fn the_table_of_analyses_is_everybodys() -> Result<()> {
    let stage = Stage::start().await?;
    let anybody = stage.session(&lab(&stage.told))?;
    let told = anybody.results().list_analyses(ListAnalysesRequest {}).await?.into_inner();
    let glucose = told.analyses.iter().find(|analysis| analysis.code == GLUCOSE).cloned().unwrap_or_default();
    assert_eq!(glucose.units, ["mg/dL", "mmol/L"]);
    assert!(glucose.french_name.starts_with("Glucose") && told.notice.contains("Regenstrief"));
    stage.world.end().await
}
