//! Looks for people by hashed tokens, then opens those who may be meant and compares.

use std::collections::HashMap;

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::{OrganisationId, PatientId},
};
use uuid::Uuid;

use super::{Vault, vault::OrganisationKey};
use crate::{
    domain::identity::{Likeness, Patient, Question, Record, likeness},
    store::identity,
};

/// How many may be meant: whoever asks more loosely is to ask more narrowly.
const CANDIDATES: i64 = 200;
/// How often a merged record may lead to another merged one before it is passed over.
const DEPTH: usize = 16;

/// Looks for people of the caller's organisation.
#[derive(Debug, Clone)]
pub struct SearchPatients {
    /// Who is looked for.
    pub question: Question,
    /// How many were answered before.
    pub skip: usize,
    /// How many to answer.
    pub size: usize,
    /// Opens those who may be meant.
    pub vault: Vault,
}

/// Somebody who was found.
#[derive(Debug, Clone)]
pub struct Match {
    /// The record; the survivor, where a merged record was found.
    pub patient: Patient,
    /// How well.
    pub likeness: Likeness,
}

/// A page of those who were found, the best first.
#[derive(Debug)]
pub struct Found {
    /// The page.
    pub matches: Vec<Match>,
    /// How many were answered up to its end, when more follow.
    pub next: Option<usize>,
}

impl UseCase for SearchPatients {
    type Outcome = Found;
    const NAME: &'static str = "search_patients";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Found> {
        let organisation = unit.caller()?.acting_organisation()?;
        let Some(key) = self.vault.find_key(unit, organisation).await? else {
            return Ok(Found { matches: Vec::new(), next: None });
        };
        let tokens = key.hash(self.question.tokens());
        let ids = identity::candidates(unit, organisation, tokens, CANDIDATES).await?;
        let mut best: HashMap<PatientId, Likeness> = HashMap::new();
        for record in identity::list(unit, organisation, &ids, None).await? {
            let patient = key.open(record)?;
            let Some(found) = patient.person.and_then(|person| likeness(&self.question, &person)) else { continue };
            let Some(root) = survivor(unit, organisation, patient.record).await? else { continue };
            let known = best.entry(root).or_insert_with(|| found.clone());
            if known.score < found.score {
                *known = found;
            }
        }
        self.page(unit, &key, organisation, best).await
    }
}

impl SearchPatients {
    /// Opens and notes the page alone.
    async fn page(
        &self,
        unit: &mut Unit<'_>,
        key: &OrganisationKey,
        organisation: OrganisationId,
        best: HashMap<PatientId, Likeness>,
    ) -> Result<Found> {
        let mut ranked: Vec<_> = best.into_iter().collect();
        ranked.sort_by_key(|(id, found)| (std::cmp::Reverse(found.score), *id));
        let end = self.skip.saturating_add(self.size);
        let next = (ranked.len() > end).then_some(end);
        let page: Vec<_> = ranked.into_iter().skip(self.skip).take(self.size).collect();
        let ids: Vec<Uuid> = page.iter().map(|(id, _)| id.0).collect();
        let records = identity::list(unit, organisation, &ids, None).await?;
        let mut records: HashMap<_, _> = records.into_iter().map(|record| (record.id, record)).collect();
        let mut matches = Vec::new();
        for (id, likeness) in page {
            if let Some(record) = records.remove(&id) {
                unit.audit(id);
                matches.push(Match { patient: key.open(record)?, likeness });
            }
        }
        Ok(Found { matches, next })
    }
}

/// The record that a merged one lives on in.
async fn survivor(unit: &mut Unit<'_>, organisation: OrganisationId, record: Record) -> Result<Option<PatientId>> {
    let (mut id, mut into) = (record.id, record.merged_into);
    for _ in 0..DEPTH {
        let Some(next) = into else { return Ok(Some(id)) };
        let record = identity::get(unit, organisation, next).await?;
        (id, into) = (record.id, record.merged_into);
    }
    Ok(None)
}
