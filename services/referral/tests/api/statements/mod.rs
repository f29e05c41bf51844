//! Statements: closed, numbered, corrected on the next one, and shown to whom they are for.

mod closing;
mod figures;
mod people;
mod reading;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use relais_proto::{
    convention::v1::{
        CloseStatementRequest, Count, CountBySite, Party, Service, Statement, Terms, party::Role, service::Bearer,
    },
    events::v1::ReportIssued,
    referral::v1::Referral,
};
use relais_tests::{Identity, Session, date, partnership, request_id};
use tonic::Status;
use uuid::Uuid;

use crate::partners::Partners;

/// Partners with somebody who pays, and two sites.
struct Stage {
    partners: Partners,
    /// Reads figures for who pays.
    funder: Session,
    /// What they agreed on; numbers below three are left out.
    convention: String,
    forges: String,
    chem: String,
}

impl Stage {
    async fn set() -> Result<Self> {
        let partners = Partners::meet().await?;
        let payer = partnership::organisation(&partners.operator, "Who pays").await?;
        let [forges, chem] = [
            partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?,
            partnership::site(&partners.operator, &partners.provider, "CHEM").await?,
        ];
        let terms = terms(&partners, &payer);
        let draft = partnership::draft(&partners.coordinator, terms).await?;
        let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
        let funder = partners.world.session(&Identity::new("payer", "funder").of(&payer))?;
        Ok(Self { partners, funder, convention, forges, chem })
    }

    /// So many days before today.
    fn before(&self, days: u64) -> NaiveDate {
        self.partners.today - Days::new(days)
    }

    /// A request for days before today, the first and the last.
    fn request(&self, (first, last): (u64, u64)) -> CloseStatementRequest {
        CloseStatementRequest {
            convention: self.convention.clone(),
            first_day: Some(date(self.before(first))),
            last_day: Some(date(self.before(last))),
            request_id: request_id(),
        }
    }

    async fn close(&self, days: (u64, u64)) -> Result<Statement, Status> {
        close(&self.partners.coordinator, self.request(days)).await
    }

    async fn submit(&self) -> Result<Referral> {
        let ask = Referral { convention: self.convention.clone(), ..self.partners.ask() };
        let request = self.partners.request(ask);
        let answer = self.partners.desk.referrals().submit_referral(request).await?.into_inner();
        answer.referral.context("no referral")
    }

    /// A report tells of so many acts, so many days ago, at a site.
    async fn give(&self, referral: &str, (site, days, acts): (&str, u64, i32)) -> Result<()> {
        let report = Uuid::now_v7();
        let told = ReportIssued {
            report: format!("reports/{report}"),
            report_version: 1,
            status: "final".into(),
            referral: referral.into(),
            number: "7K3M-9QXA-4T7".into(),
            site: site.into(),
            performed_date: Some(date(self.before(days))),
            acts,
            ..ReportIssued::default()
        };
        let counted = self.partners.world.count(ENTRIES).await?;
        self.partners.world.tap.publish(report, 1, told).await?;
        self.partners.world.until_count(ENTRIES, counted + 1).await
    }

    /// A number of a row by site, and in all.
    fn at(&self, row: Option<&CountBySite>) -> [Option<i64>; 4] {
        let all = row.and_then(|row| row.all).and_then(value);
        let site = |name: &str| {
            let sites = row.map(|row| row.sites.as_slice()).unwrap_or_default();
            let found = sites.iter().find(|site| site.site == name);
            // A place of which nothing is told has nothing.
            found.map_or(Some(0), |site| site.count.and_then(value))
        };
        [all, site(&self.forges), site(&self.chem), site("")]
    }
}

const ENTRIES: &str = "SELECT count(*) FROM usage_entry";

fn value(count: Count) -> Option<i64> {
    assert_eq!(count.suppressed, count.value.is_none());
    count.value
}

async fn close(by: &Session, request: CloseStatementRequest) -> Result<Statement, Status> {
    let answer = by.statements().close_statement(request).await?.into_inner();
    Ok(answer.statement.unwrap_or_default())
}

fn terms(partners: &Partners, payer: &str) -> Terms {
    let mut terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    terms.parties.push(Party { organisation: payer.into(), role: Role::Funder.into() });
    let funded = |service: Service| Service { bearer: Bearer::Funder.into(), ..service };
    Terms { services: terms.services.into_iter().map(funded).collect(), suppress_below: 3, ..terms }
}
