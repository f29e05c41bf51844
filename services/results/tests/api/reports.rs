//! Versions of reports: in order, immutable, checked against the order and the table.

use anyhow::Result;
use chrono::{Days, NaiveDate, TimeDelta};
use relais_platform::{
    calls::{Caller, Role, check::time_to_proto, token::service_key::ServiceKey},
    clock::machine_now,
    events::Event,
    ids::{Child, SiteId},
};
use relais_proto::{
    events::v1::ReportIssued,
    operations::v1::StreamSnapshotRequest,
    results::v1::{
        CodedValue, CreateReportRequest, Observation, OrderLine, Quantity, RecordSamplingRequest, ReferenceRange,
        ReportContent, ReviseReportRequest,
        observation::{Interpretation, Value},
        order::State,
        order_line::State as LineState,
        report::Status,
    },
};
use relais_tests::{date, request_id, rules, violations};
use tonic::Code;

use crate::stage::{GLUCOSE, HAEMOGLOBIN, Stage, content, get_at, is_issued, number, today};

async fn next_issue(stage: &mut Stage) -> Result<ReportIssued> {
    loop {
        if let (_, Event::ReportIssued(issued)) = stage.world.tap.next().await? {
            return Ok(issued);
        }
    }
}

#[tokio::test]
async fn a_report_goes_from_partial_to_final_to_corrected_and_a_late_partial_changes_nothing() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE, HAEMOGLOBIN]).await?;
    let high = number(GLUCOSE, "180.0", Interpretation::High);
    let partial = stage.create(stage.report("A1", Status::Partial, vec![high.clone()])).await?;
    assert!(is_issued(&partial) && partial.content.is_none() && partial.release_time.is_none());
    let told = next_issue(&mut stage).await?;
    assert_eq!((told.status.as_str(), told.report_version, told.acts, told.critical), ("partial", 1, 1, false));
    assert_eq!((told.order.as_str(), told.parties.len()), (stage.order.as_str(), 3));
    assert_eq!(stage.order().await?.state(), State::Active);

    let both = vec![high, number(HAEMOGLOBIN, "13.1", Interpretation::Normal)];
    let last = stage.revise(&partial, Status::Final, both).await?;
    let told = next_issue(&mut stage).await?;
    assert_eq!((told.status.as_str(), told.report_version, told.acts), ("final", 2, 1));
    assert_eq!(stage.order().await?.state(), State::Completed);

    // A correction that takes the flag away says so, and takes a value away, too.
    let normal = number(GLUCOSE, "88.0", Interpretation::Normal);
    let corrected = stage.revise(&last, Status::Corrected, vec![normal]).await?;
    assert_eq!(next_issue(&mut stage).await?.acts, 0);
    let shown = stage.get(&stage.lab(), &last.name).await?;
    let says = shown.content.clone().unwrap_or_default();
    assert_eq!((shown.version, shown.status()), (3, Status::Corrected));
    assert_eq!(says.observations[0].previous_interpretation(), Interpretation::High);
    assert_eq!(says.withdrawn_codes, [HAEMOGLOBIN]);
    // Its line waits for a result again, which is no new act when it comes.
    let order = stage.order().await?;
    let lines: Vec<_> = order.lines.iter().map(OrderLine::state).collect();
    assert_eq!((order.state(), lines), (State::Active, vec![LineState::Resulted, LineState::Ordered]));

    let late =
        stage.revise(&corrected, Status::Partial, vec![number(GLUCOSE, "1", Interpretation::CriticallyLow)]).await?;
    assert!(late.superseded);
    let after = stage.get(&stage.lab(), &last.name).await?;
    assert_eq!((after.version, after.last_version, after.content), (3, 4, shown.content));
    let kept = get_at(&stage.session(&stage.lab())?, &last.name, 4).await?;
    let kept_value = kept.content.unwrap_or_default().observations.remove(0);
    assert!(kept.superseded && kept_value.critical);
    // The first version is as it was.
    let first = get_at(&stage.session(&stage.lab())?, &last.name, 1).await?;
    assert_eq!(first.content.unwrap_or_default().observations[0].interpretation(), Interpretation::High);
    stage.world.end().await
}

#[tokio::test]
async fn only_the_last_version_is_followed_and_once() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let value = || vec![number(GLUCOSE, "90", Interpretation::Normal)];
    let first = stage.create(stage.report("A1", Status::Partial, value())).await?;
    let both = tokio::join!(
        stage.revise(&first, Status::Final, value()),
        stage.revise(&first, Status::Final, vec![number(GLUCOSE, "91", Interpretation::Normal)])
    );
    let codes: Vec<_> = [both.0, both.1].into_iter().map(|done| done.map_or_else(|s| s.code(), |_| Code::Ok)).collect();
    assert!(codes.contains(&Code::Ok) && codes.contains(&Code::Aborted), "{codes:?}");
    let stale = stage.revise(&first, Status::Corrected, value()).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let last = stage.get(&stage.lab(), &first.name).await?;
    let again = stage.revise(&last, Status::Final, value()).await.unwrap_err();
    assert_eq!((again.code(), rules(&again)), (Code::FailedPrecondition, vec!["final-already".to_string()]));
    // What was entered in error gives its line back, and ends the report.
    let void = stage.revise(&last, Status::EnteredInError, vec![]).await?;
    assert_eq!(stage.order().await?.state(), State::Active);
    assert_eq!(rules(&stage.revise(&void, Status::Corrected, value()).await.unwrap_err()), ["report-ended"]);
    let first = stage.report("A2", Status::Corrected, value());
    assert_eq!(rules(&stage.create(first).await.unwrap_err()), ["not-first"]);
    stage.world.end().await
}

fn with(observation: Observation) -> ReportContent {
    content(vec![observation])
}

fn quantity(value: &str, unit: &str) -> Observation {
    let quantity = Quantity { value: value.into(), unit: unit.into(), ..Quantity::default() };
    Observation { code: GLUCOSE.into(), value: Some(Value::Quantity(quantity)), ..Observation::default() }
}

#[tokio::test]
async fn what_is_no_result_is_refused_by_its_field() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let fields = "content.observations";
    let text = Observation { value: Some(Value::Text("high".into())), ..quantity("1", "mg/dL") };
    let coded = CodedValue { system: "http://loinc.org".into(), code: "LA6576-8".into() };
    let coded = Observation { value: Some(Value::Coded(coded)), ..quantity("1", "mg/dL") };
    let range = ReferenceRange { low: "9".into(), high: "1".into(), ..ReferenceRange::default() };
    let range = Observation { reference_range: Some(range), ..quantity("1", "mg/dL") };
    let on = |day: NaiveDate| ReportContent { performed_date: Some(date(day)), ..with(quantity("1", "mg/dL")) };
    let said = |conclusion: String| ReportContent { conclusion, ..with(quantity("1", "mg/dL")) };
    let cases = [
        (with(Observation { code: "0000-0".into(), ..quantity("1", "mg/dL") }), format!("{fields}.code")),
        (with(Observation { code: "24323-8".into(), ..quantity("1", "mg/dL") }), format!("{fields}.code")),
        (with(quantity("1", "furlong")), format!("{fields}.quantity.unit")),
        (with(quantity("1", "")), format!("{fields}.quantity.unit")),
        (with(quantity("high", "mg/dL")), format!("{fields}.quantity.value")),
        (with(quantity("NaN", "mg/dL")), format!("{fields}.quantity.value")),
        (with(quantity("Infinity", "mg/dL")), format!("{fields}.quantity.value")),
        (with(quantity("1e300", "mg/dL")), format!("{fields}.quantity.value")),
        (with(text), format!("{fields}.value")),
        (with(coded), format!("{fields}.value")),
        (with(Observation { value: None, ..quantity("1", "mg/dL") }), format!("{fields}.value")),
        (with(Observation { interpretation: 99, ..quantity("1", "mg/dL") }), format!("{fields}.interpretation")),
        (with(range), format!("{fields}.reference_range")),
        (on(today() + Days::new(3)), "content.performed_date".into()),
        (on(NaiveDate::from_ymd_opt(1899, 12, 31).unwrap_or_default()), "content.performed_date".into()),
        (said("x".repeat(64 * 1024)), "content.conclusion".into()),
        (said("nothing\0to see".into()), "content.conclusion".into()),
        (content(vec![]), "content".into()),
    ];
    for (number, (content, field)) in cases.into_iter().enumerate() {
        let request = CreateReportRequest { content: Some(content), ..stage.report("A1", Status::Final, vec![]) };
        let status = stage.create(request).await.unwrap_err();
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec![field]), "{number}");
    }
    let long = CreateReportRequest { accession_number: "9".repeat(61), ..stage.report("", Status::Final, vec![]) };
    let status = stage.create(CreateReportRequest { patient: "patients/1".into(), ..long }).await.unwrap_err();
    assert_eq!(violations(&status), ["patient", "accession_number", "content"]);
    let other = vec![number(HAEMOGLOBIN, "13", Interpretation::Normal)];
    let status = stage.create(stage.report("A1", Status::Final, other)).await.unwrap_err();
    assert_eq!((status.code(), rules(&status)), (Code::FailedPrecondition, vec!["not-ordered".to_string()]));
    assert_eq!(stage.world.count("SELECT count(*) FROM report").await?, 0);
    stage.world.end().await
}

/// A mistyped site would be counted nowhere, and another's there: the laboratory is told at once, also where a sample was taken.
#[tokio::test]
async fn a_place_that_is_none_of_the_laboratorys_is_refused_by_its_field() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE, HAEMOGLOBIN]).await?;
    let (own, foreign) = (stage.site(stage.told.provider).await?, stage.site(stage.told.referrer).await?);
    let unknown = Child::new(stage.told.provider, SiteId::draw()).to_string();
    let another_name = own.replace(&stage.told.provider.to_string(), &stage.told.referrer.to_string());
    let at = |site: &str| {
        let value = vec![number(GLUCOSE, "90", Interpretation::Normal)];
        let said = Some(ReportContent { site: site.into(), ..content(value) });
        CreateReportRequest { content: said, ..stage.report("A1", Status::Partial, vec![]) }
    };
    let sampled_at = |site: &str| RecordSamplingRequest {
        name: stage.order.clone(),
        lines: vec![2],
        sample_time: Some(time_to_proto(machine_now() - TimeDelta::hours(1))),
        site: site.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let lab = stage.session(&stage.lab())?;
    for site in [&unknown, &foreign, &another_name] {
        let refused = stage.create(at(site)).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["content.site".to_string()]));
        let refused = lab.results().record_sampling(sampled_at(site)).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["site".to_string()]));
    }
    assert_eq!(stage.world.count("SELECT count(*) FROM report").await?, 0);
    let taken = stage.create(at(&own)).await?;
    let said = stage.get(&stage.lab(), &taken.name).await?.content.unwrap_or_default();
    assert_eq!(said.site, own);
    let request = ReviseReportRequest {
        name: taken.name.clone(),
        etag: taken.etag.clone(),
        status: Status::Final.into(),
        content: at(&unknown).content,
        request_id: request_id(),
    };
    let refused = lab.reports().revise_report(request).await.unwrap_err();
    assert_eq!(violations(&refused), ["content.site"]);
    lab.results().record_sampling(sampled_at(&own)).await?;
    stage.world.end().await
}

#[tokio::test]
async fn a_number_is_used_once_by_a_laboratory_and_by_each_laboratory() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let value = || vec![number(GLUCOSE, "90", Interpretation::Normal)];
    let request = stage.report("A1", Status::Final, value());
    let report = stage.create(request.clone()).await?;
    assert_eq!(stage.create(request).await?, report);
    let twice = stage.create(stage.report("A1", Status::Final, value())).await.unwrap_err();
    assert_eq!((twice.code(), violations(&twice)), (Code::AlreadyExists, vec!["accession_number".to_string()]));
    // Another laboratory counts as it likes.
    let other = relais_tests::Told::new("DDDD-EEEE-FFF");
    let lab = stage.session(&crate::stage::lab(&other))?;
    let request = stage.report("A1", Status::Final, value());
    let aside = lab.reports().create_report(request).await?.into_inner().report.unwrap_or_default();
    assert_ne!(aside.name, report.name);
    stage.world.end().await
}

#[tokio::test]
async fn what_a_report_says_stands_nowhere_in_the_clear() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let value = vec![number(GLUCOSE, "424242.42", Interpretation::Normal)];
    let conclusion = "canary in the conclusion".to_string();
    let said = Some(ReportContent { conclusion, ..content(value) });
    let request = CreateReportRequest { content: said, ..stage.report("A1", Status::Final, vec![]) };
    let report = stage.create(request).await?;
    let says = stage.get(&stage.lab(), &report.name).await?.content.unwrap_or_default();
    assert_eq!(says.conclusion, "canary in the conclusion");
    let anywhere = "SELECT count(*) FROM report_version
                    WHERE position('canary'::bytea IN sealed) > 0 OR position('424242'::bytea IN sealed) > 0";
    assert_eq!(stage.world.count(anywhere).await?, 0);
    assert_eq!(stage.world.count("SELECT count(*) FROM report_version WHERE length(sealed) % 1024 = 28").await?, 1);
    let told = "SELECT count(*) FROM outbox_sent WHERE position('424242'::bytea IN payload) > 0";
    assert_eq!(stage.world.count(told).await?, 0);
    stage.world.end().await
}

#[tokio::test]
async fn orders_and_reports_are_told_anew_as_they_stand() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let value = || vec![number(GLUCOSE, "90", Interpretation::Normal)];
    let partial = stage.create(stage.report("A1", Status::Partial, value())).await?;
    stage.revise(&partial, Status::Final, value()).await?;
    // Another service asks, acting for an operator.
    let caller = Caller { issuer: "i".into(), subject: "o".into(), roles: vec![Role::Operator], ..Caller::default() };
    let caller = Caller { expires_at: machine_now() + TimeDelta::hours(1), ..caller };
    let key = ServiceKey::open(&stage.world.settings, "results", stage.world.running.context.clock.clone())?;
    let token = key.expect("a key").on_behalf(&caller, "results")?;
    let operator = stage.world.session_with(&token)?;
    for (kind, expected) in
        [("relais.results.order", vec!["drafted", "moved"]), ("relais.results.report", vec!["issued"; 2])]
    {
        let request = StreamSnapshotRequest { aggregate_kind: kind.into() };
        let mut told = operator.operations().stream_snapshot(request).await?.into_inner();
        let only = told.message().await?.unwrap_or_default();
        let verbs: Vec<_> =
            only.events.iter().map(|event| event.r#type.split('.').nth(3).unwrap_or_default()).collect();
        assert_eq!(verbs, expected);
        assert_eq!(told.message().await?, None);
    }
    stage.world.end().await
}
