//! Lines that count the acts that reports tell.

use anyhow::Result;
use relais_proto::events::v1::ReportIssued;
use relais_tests::eventually;
use uuid::Uuid;

use super::*;
use crate::lifecycle::{accept_referral, cancel_referral};

fn issued(report: Uuid, version: i64, referral: &Referral, (acts, status): (i32, &str)) -> ReportIssued {
    ReportIssued {
        report: format!("reports/{report}"),
        report_version: version,
        status: status.into(),
        referral: referral.name.clone(),
        number: referral.number.clone(),
        performed_date: referral.requested_date,
        acts,
        ..ReportIssued::default()
    }
}

async fn until(metered: &Metered, stands: (i64, i64, i64, i64)) -> Result<()> {
    let what = format!("reserved, used, left, beyond are {stands:?}");
    eventually(&what, || async { Ok((metered.stands().await? == stands).then_some(())) }).await
}

/// A fact is never refused: beyond what was committed it is counted, and shown.
#[tokio::test]
async fn acts_use_the_place_and_go_beyond_where_they_must() -> Result<()> {
    let line = Line { counted_from: line::CountedFrom::Report.into(), ..firm(2) };
    let metered = Metered::agree(vec![line]).await?;
    let (sent, other) = (metered.send().await?, metered.send().await?);
    accept_referral(&metered.partners.lab, &sent.name).await?;
    assert_eq!(metered.stands().await?, (2, 0, 0, 0));
    let (tap, report) = (&metered.partners.world.tap, Uuid::now_v7());
    tap.publish(report, 1, issued(report, 1, &sent, (1, "partial"))).await?;
    until(&metered, (1, 1, 0, 0)).await?;
    tap.publish(report, 2, issued(report, 2, &sent, (3, "final"))).await?;
    until(&metered, (1, 4, 0, 3)).await?;
    // What comes back pays for what is beyond: nobody is let in for it.
    cancel_referral(&metered.partners.desk, &other.name).await?;
    until(&metered, (0, 4, 0, 2)).await?;
    assert!(metered.send().await.is_err());
    tap.publish(report, 3, issued(report, 3, &sent, (0, "entered-in-error"))).await?;
    until(&metered, (1, 0, 1, 0)).await?;
    let usage = GetUsageRequest {
        name: metered.convention.clone(),
        line_id: "places".into(),
        first_month: sent.requested_date,
        last_month: sent.requested_date,
        ..GetUsageRequest::default()
    };
    let told = metered.partners.lab.conventions().get_usage(usage).await?.into_inner();
    assert_eq!((told.total, told.meters.len()), (0, 1));
    metered.end().await
}

/// A report that leads its referral nowhere is counted all the same: of one that was cancelled, and one of two that is withdrawn.
#[tokio::test]
async fn reports_that_are_no_step_count_too() -> Result<()> {
    let line = Line { counted_from: line::CountedFrom::Report.into(), ..firm(5) };
    let metered = Metered::agree(vec![line]).await?;
    let (cancelled, sent) = (metered.send().await?, metered.send().await?);
    cancel_referral(&metered.partners.desk, &cancelled.name).await?;
    let tap = &metered.partners.world.tap;
    let (late, one, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    tap.publish(late, 1, issued(late, 1, &cancelled, (1, "partial"))).await?;
    until(&metered, (1, 1, 3, 0)).await?;
    accept_referral(&metered.partners.lab, &sent.name).await?;
    tap.publish(one, 1, issued(one, 1, &sent, (1, "partial"))).await?;
    until(&metered, (0, 2, 3, 0)).await?;
    tap.publish(other, 1, issued(other, 1, &sent, (2, "partial"))).await?;
    until(&metered, (0, 4, 1, 0)).await?;
    tap.publish(other, 2, issued(other, 2, &sent, (0, "entered-in-error"))).await?;
    until(&metered, (0, 2, 3, 0)).await?;
    metered.end().await
}

/// A line that was always counted shows its acts as a meter without a limit.
#[tokio::test]
async fn counted_acts_are_shown_as_a_meter() -> Result<()> {
    let line = Line { kind: line::Kind::Counted.into(), ..firm(0) };
    let metered = Metered::agree(vec![line]).await?;
    let sent = metered.send().await?;
    let report = Uuid::now_v7();
    metered.partners.world.tap.publish(report, 1, issued(report, 1, &sent, (3, "final"))).await?;
    until(&metered, (0, 3, 0, 0)).await?;
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM meter").await?, 0, "nothing is kept twice");
    metered.end().await
}
