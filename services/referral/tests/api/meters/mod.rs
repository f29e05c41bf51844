//! What conventions commit: places that are taken, given back, used, told and recounted.

mod amended;
mod expenses;
mod input;
mod joined;
mod lines;
mod near_limit;
mod races;
mod random;
mod reports;
mod sites;
mod staff;
mod steps;
mod thresholds;
mod usage;
mod waiting;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::{
    convention::v1::{
        AmendConventionRequest, Convention, GetConventionRequest, GetUsageRequest, Line, Meter, RecountUsageRequest,
        SignConventionRequest, Terms, UsageDifference, line,
    },
    google::r#type::Date,
    referral::v1::{CheckAdmissionRequest, CheckAdmissionResponse, Referral},
};
use relais_tests::{in_language, partnership, request_id};
use tonic::Status;
use tonic_types::StatusExt;

use crate::partners::Partners;

/// A firm line of so many places, each taken at submission and used at attendance.
fn firm(committed: i64) -> Line {
    Line {
        line_id: "places".into(),
        measure: line::Measure::Acts.into(),
        kind: line::Kind::Firm.into(),
        committed,
        ..Line::default()
    }
}

/// The first sentence of a refusal by rules.
fn told(refused: &Status) -> String {
    let failed = refused.get_details_precondition_failure();
    failed.and_then(|failed| failed.violations.first().map(|rule| rule.description.clone())).unwrap_or_default()
}

/// Partners under a convention with lines that commit something.
struct Metered {
    partners: Partners,
    convention: String,
}

impl Metered {
    async fn agree(lines: Vec<Line>) -> Result<Self> {
        Self::agree_with(lines, |terms| terms, &[]).await
    }

    async fn agree_with(
        lines: Vec<Line>,
        agreed: impl FnOnce(Terms) -> Terms,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        Self::under(Partners::meet_with(settings).await?, lines, agreed).await
    }

    /// Of partners who have met.
    async fn under(partners: Partners, lines: Vec<Line>, agreed: impl FnOnce(Terms) -> Terms) -> Result<Self> {
        let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
        let draft = partnership::draft(&partners.operator, agreed(Terms { lines, ..usual })).await?;
        let convention = partnership::sign(&partners.operator, draft, partners.today).await?.name;
        Ok(Self { partners, convention })
    }

    fn ask(&self) -> Referral {
        Referral { convention: self.convention.clone(), ..self.partners.ask() }
    }

    async fn submit(&self, ask: Referral) -> Result<Referral, Status> {
        let request = self.partners.request(ask);
        Ok(self.partners.desk.referrals().submit_referral(request).await?.into_inner().referral.unwrap_or_default())
    }

    async fn send(&self) -> Result<Referral, Status> {
        self.submit(self.ask()).await
    }

    async fn check(&self, ask: Referral) -> Result<CheckAdmissionResponse, Status> {
        let request = CheckAdmissionRequest { referral: Some(ask) };
        Ok(self.partners.desk.referrals().check_admission(request).await?.into_inner())
    }

    async fn meters(&self, as_of: Option<Date>) -> Result<Vec<Meter>, Status> {
        let request = GetUsageRequest { name: self.convention.clone(), as_of, ..GetUsageRequest::default() };
        Ok(self.partners.lab.conventions().get_usage(request).await?.into_inner().meters)
    }

    async fn meter(&self) -> Result<Meter> {
        self.meters(None).await?.pop().context("no meter")
    }

    /// Reserved, used, left and beyond of the only line.
    async fn stands(&self) -> Result<(i64, i64, i64, i64)> {
        let meter = self.meter().await?;
        Ok((meter.reserved, meter.used, meter.left, meter.beyond))
    }

    /// Enters an amendment that judges from a day on.
    async fn enter(&self, from: NaiveDate, change: impl FnOnce(&mut Terms)) -> Result<Convention, Status> {
        let mut client = self.partners.operator.conventions();
        let request = GetConventionRequest { name: self.convention.clone() };
        let agreed = client.get_convention(request).await?.into_inner().convention.unwrap_or_default();
        let mut terms = agreed.terms.unwrap_or_default();
        change(&mut terms);
        let request = AmendConventionRequest {
            name: agreed.name,
            terms: Some(terms),
            effective_date: day(from),
            etag: agreed.etag,
            request_id: request_id(),
        };
        Ok(client.amend_convention(request).await?.into_inner().convention.unwrap_or_default())
    }

    /// The same, signed.
    async fn amend(&self, from: NaiveDate, change: impl FnOnce(&mut Terms)) -> Result<Convention, Status> {
        let entered = self.enter(from, change).await?;
        let request = SignConventionRequest {
            name: entered.name,
            signature_date: day(self.partners.today),
            etag: entered.etag,
            request_id: request_id(),
        };
        let signed = self.partners.operator.conventions().sign_convention(request).await?;
        Ok(signed.into_inner().convention.unwrap_or_default())
    }

    async fn differences(&self) -> Result<Vec<UsageDifference>> {
        let request = RecountUsageRequest { name: self.convention.clone() };
        let recount = self.partners.operator.conventions().recount_usage(request).await?.into_inner();
        Ok(recount.differences)
    }

    /// Ends the world, once what is shown is what the ledger amounts to.
    async fn end(self) -> Result<()> {
        assert_eq!(self.differences().await?, []);
        self.partners.world.end().await
    }
}

fn day(date: NaiveDate) -> Option<Date> {
    Some(relais_tests::date(date))
}
