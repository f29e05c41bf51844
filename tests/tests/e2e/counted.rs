//! What a laboratory gives is counted, once, at the place where it was done: from the report to the figures, through the whole suite.

use anyhow::Result;
use chrono::Days;
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{GetUsageRequest, GetUsageResponse, RecountUsageRequest},
    results::v1::{CreateReportRequest, ReportContent, report::Status},
};
use relais_tests::{
    Identity, Options, Suite, date,
    partnership::{self, Partners},
    settled, violations,
};

use crate::laboratory::Laboratory;

/// What is counted once all is settled, borne out by the ledger.
async fn given(suite: &Suite, partners: &Partners, lab: &Laboratory<'_>) -> Result<GetUsageResponse> {
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    let (today, mut conventions) = (machine_now().date_naive(), partners.operator.conventions());
    let months = GetUsageRequest {
        name: lab.convention.clone(),
        line_id: "analyses".into(),
        first_month: Some(date(today - Days::new(2))),
        last_month: Some(date(today)),
        ..Default::default()
    };
    let told = conventions.get_usage(months).await?.into_inner();
    let ledger = conventions.recount_usage(RecountUsageRequest { name: lab.convention.clone() }).await?.into_inner();
    assert_eq!((ledger.total, ledger.differences.len()), (told.total, 0));
    Ok(told)
}

/// The trap: an analysis whose report was in error is given all the same when another report tells it.
#[tokio::test]
async fn an_analysis_that_is_reported_again_after_an_error_is_counted_once() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let lab = Laboratory::open(&suite, &partners).await?;
    let asked = lab.ask(&partners).await?;
    let wrong = lab.report(lab.first(&asked, Status::Final, "90")).await?;
    assert_eq!(given(&suite, &partners, &lab).await?.total, 1);
    lab.revise(&wrong, Status::EnteredInError, "90").await?;
    assert_eq!(given(&suite, &partners, &lab).await?.total, 0);
    let right = lab.report(lab.first(&asked, Status::Final, "91")).await?;
    assert_eq!(given(&suite, &partners, &lab).await?.total, 1);
    lab.revise(&right, Status::Corrected, "92").await?;
    assert_eq!(given(&suite, &partners, &lab).await?.total, 1, "a correction is given once");
    suite.stop().await
}

/// A mistyped place would be counted nowhere and hold the referral up, another's would be counted there: the laboratory is told at once.
#[tokio::test]
async fn a_report_names_a_place_of_its_laboratory_or_none() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let lab = Laboratory::open(&suite, &partners).await?;
    let own = partnership::site(&partners.operator, partners.provider(), "Forges du Sud").await?;
    let foreign = partnership::site(&partners.operator, &partners.sender.organisation, "Care centre").await?;
    let asked = lab.ask(&partners).await?;
    let at = |site: &str| {
        let request = lab.first(&asked, Status::Final, "90");
        let content = request.content.map(|said| ReportContent { site: site.into(), ..said });
        CreateReportRequest { content, ..request }
    };
    let biologist = lab.at(&lab.biologist)?;
    let mistyped = own.replace("/sites/0", "/sites/1");
    for site in [&mistyped, &foreign] {
        let refused = biologist.reports().create_report(at(site)).await.unwrap_err();
        assert_eq!(violations(&refused), ["content.site"]);
    }
    lab.report(at(&own)).await?;
    let given = given(&suite, &partners, &lab).await?;
    assert_eq!((given.total, given.figures.len(), &given.figures[0].site), (1, 1, &own));
    suite.stop().await
}
