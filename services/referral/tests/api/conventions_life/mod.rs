//! The life of a convention: drafts, amendments, chains, suspension, termination, exclusivity, and who judges a day.

mod amend;
mod chain;
mod exclusive;
mod once;
mod stop;

use anyhow::Result;
use chrono::{NaiveDate, TimeDelta};
use relais_proto::{
    convention::v1::{
        AmendConventionRequest, Convention, ConventionVersion, CreateConventionRequest, GetConventionRequest,
        ListConventionVersionsRequest, SignConventionRequest, SuspendConventionRequest, TerminateConventionRequest,
        Terms, convention::Reason,
    },
    google::r#type::Date,
    referral::v1::{CheckAdmissionRequest, CheckAdmissionResponse, Referral},
};
use relais_tests::{Identity, Session, date, partnership, request_id};
use tonic::Status;

use crate::partners::Partners;

/// Some days from today, or before.
fn on(partners: &Partners, days: i64) -> NaiveDate {
    partners.today + TimeDelta::days(days)
}

fn told(partners: &Partners, days: i64) -> Option<Date> {
    Some(date(on(partners, days)))
}

/// The usual terms, between two days.
fn terms(partners: &Partners, from: i64, to: i64) -> Terms {
    let (start_date, end_date) = (told(partners, from), told(partners, to));
    Terms { start_date, end_date, ..partnership::terms(&partners.mdm, &partners.provider, partners.today) }
}

/// A coordinator of the laboratory: the other partner.
fn partner(partners: &Partners) -> Result<Session> {
    partners.world.session(&Identity::new("lab coordinator", "coordinator").of(&partners.provider))
}

async fn get(by: &Session, name: &str) -> Result<Convention, Status> {
    let answer = by.conventions().get_convention(GetConventionRequest { name: name.into() }).await?;
    Ok(answer.into_inner().convention.unwrap_or_default())
}

async fn versions(by: &Session, name: &str) -> Result<Vec<ConventionVersion>, Status> {
    let request = ListConventionVersionsRequest { name: name.into() };
    Ok(by.conventions().list_convention_versions(request).await?.into_inner().versions)
}

/// A draft that renews a convention; of none: a draft.
async fn draft(by: &Session, renews: &str, terms: Terms) -> Result<Convention, Status> {
    let (display_name, renews) = ("The Secret Laboratory's".into(), renews.into());
    let convention = Some(Convention { display_name, renews, terms: Some(terms), ..Convention::default() });
    let request = CreateConventionRequest { convention, request_id: request_id() };
    Ok(by.conventions().create_convention(request).await?.into_inner().convention.unwrap_or_default())
}

async fn sign(by: &Session, convention: &Convention, day: NaiveDate) -> Result<Convention, Status> {
    let (name, etag) = (convention.name.clone(), convention.etag.clone());
    let request = SignConventionRequest { name, signature_date: Some(date(day)), etag, request_id: request_id() };
    Ok(by.conventions().sign_convention(request).await?.into_inner().convention.unwrap_or_default())
}

async fn signed(by: &Session, partners: &Partners, renews: &str, terms: Terms) -> Result<Convention, Status> {
    sign(by, &draft(by, renews, terms).await?, partners.today).await
}

fn amendment(convention: &Convention, terms: Terms, effective_date: Option<Date>) -> AmendConventionRequest {
    let (name, etag, terms) = (convention.name.clone(), convention.etag.clone(), Some(terms));
    AmendConventionRequest { name, terms, effective_date, etag, request_id: request_id() }
}

async fn amend(by: &Session, request: AmendConventionRequest) -> Result<Convention, Status> {
    Ok(by.conventions().amend_convention(request).await?.into_inner().convention.unwrap_or_default())
}

async fn suspend(by: &Session, name: &str) -> Result<Convention, Status> {
    let (name, reason) = (name.into(), Reason::Safety.into());
    let request = SuspendConventionRequest { name, reason, request_id: request_id(), ..Default::default() };
    Ok(by.conventions().suspend_convention(request).await?.into_inner().convention.unwrap_or_default())
}

async fn terminate(by: &Session, name: &str, last_day: Option<Date>) -> Result<Convention, Status> {
    let (name, reason) = (name.into(), Reason::Funding.into());
    let request = TerminateConventionRequest { name, last_day, reason, request_id: request_id(), ..Default::default() };
    Ok(by.conventions().terminate_convention(request).await?.into_inner().convention.unwrap_or_default())
}

/// What is asked under a convention, for a day.
fn ask(partners: &Partners, convention: &str, days: i64) -> Referral {
    Referral { convention: convention.into(), requested_date: told(partners, days), ..partners.ask() }
}

async fn check(partners: &Partners, convention: &str, days: i64) -> Result<CheckAdmissionResponse, Status> {
    let request = CheckAdmissionRequest { referral: Some(ask(partners, convention, days)) };
    Ok(partners.desk.referrals().check_admission(request).await?.into_inner())
}

/// Why a day is refused, in a sentence, and what would pass; nothing when it is admitted.
async fn why(partners: &Partners, convention: &str, days: i64) -> Result<Vec<(String, Vec<String>)>, Status> {
    let checked = check(partners, convention, days).await?;
    Ok(checked.failed_rules.into_iter().map(|rule| (rule.sentence, rule.passes)).collect())
}

async fn submit(partners: &Partners, convention: &str, days: i64) -> Result<Referral, Status> {
    let request = partners.request(ask(partners, convention, days));
    Ok(partners.desk.referrals().submit_referral(request).await?.into_inner().referral.unwrap_or_default())
}
