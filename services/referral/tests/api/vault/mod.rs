//! The identity vault: what it keeps, finds, merges, erases and never shows.

mod dismiss;
mod erase;
mod identity;
mod input;
mod merge;
mod rotate;
mod sealed;
mod search;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::referral::v1::{GetPatientRequest, Patient, PatientIdentity, SearchPatientsRequest, patient_match};
use relais_tests::{Session, partnership};

/// The NIR of nobody: its key is right.
const MATRICULE: &str = "285057800608441";
const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";

fn born() -> NaiveDate {
    NaiveDate::from_ymd_opt(1985, 5, 9).unwrap_or_default()
}

fn named(family: &str, given: &str) -> PatientIdentity {
    partnership::identity(family, given, born())
}

async fn enter(session: &Session, family: &str, given: &str) -> Result<Patient> {
    partnership::patient_of(session, named(family, given)).await
}

async fn get(session: &Session, name: &str) -> Result<Patient, tonic::Status> {
    let answer = session.patients().get_patient(GetPatientRequest { name: name.into() }).await?.into_inner();
    Ok(answer.patient.unwrap_or_default())
}

/// Names of the records found, the best first, with what agreed.
async fn search(session: &Session, query: &str) -> Result<Vec<(String, Vec<patient_match::reason::Kind>)>> {
    let request = SearchPatientsRequest { query: query.into(), ..SearchPatientsRequest::default() };
    let found = session.patients().search_patients(request).await?.into_inner().matches;
    let row = |found: relais_proto::referral::v1::PatientMatch| {
        let kinds = found.reasons.iter().map(|reason| reason.kind()).collect();
        Ok((found.patient.context("no patient")?.name, kinds))
    };
    found.into_iter().map(row).collect()
}

async fn names_found(session: &Session, query: &str) -> Result<Vec<String>> {
    Ok(search(session, query).await?.into_iter().map(|(name, _)| name).collect())
}
