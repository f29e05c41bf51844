//! Keeps what a person is found by, and who may be the same.

use relais_platform::{
    Result,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use uuid::Uuid;

use super::vault::OrganisationKey;
use crate::{
    domain::identity::{Duplicate, Person, State, asked_tokens, same_qualified, stored_tokens, twins},
    store::identity,
};

/// How many records are looked at.
const CANDIDATES: i64 = 50;

/// Keeps a person's tokens, and the pairs with others who may be the same person. That two are two people ends where both
/// have the same qualified number.
pub(super) async fn note(
    unit: &mut Unit<'_>,
    key: &OrganisationKey,
    (organisation, patient): (OrganisationId, PatientId),
    person: &Person,
) -> Result<()> {
    identity::save_tokens(unit, organisation, patient, key.hash(stored_tokens(person))).await?;
    let asked = key.hash(asked_tokens(person));
    let ids = identity::twin_candidates(unit, organisation, patient, asked, CANDIDATES).await?;
    let mut pairs = Vec::new();
    for record in identity::list(unit, organisation, &ids, None).await? {
        if record.state != State::Active {
            continue;
        }
        let other = key.open(record)?;
        let Some(known) = other.person else { continue };
        let (reasons, same_qualified) = (twins(person, &known), same_qualified(person, &known));
        if !reasons.is_empty() {
            let (id, create_time) = (Uuid::now_v7(), unit.now());
            pairs.push(Duplicate { id, patient, other: other.record.id, reasons, same_qualified, create_time });
        }
    }
    let one: Vec<PatientId> = pairs.iter().filter(|pair| pair.same_qualified).map(|pair| pair.other).collect();
    if !one.is_empty() {
        identity::end_dismissals(unit, organisation, patient, &one).await?;
    }
    identity::save_duplicates(unit, organisation, patient, &pairs).await
}
