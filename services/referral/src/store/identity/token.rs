//! Search tokens: keyed hashes by which people are found.

use relais_platform::{
    Result,
    database::Unit,
    ids::{OrganisationId, PatientId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::identity::TokenKind;

/// A token as it is stored.
pub type HashedToken = (TokenKind, Vec<u8>);

/// Keeps what a person is found by, and nothing of before.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_tokens(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: PatientId,
    tokens: Vec<HashedToken>,
) -> Result<()> {
    let (kinds, tokens) = columns(tokens);
    let query = sqlx::query!(
        "WITH gone AS (
             DELETE FROM patient_token WHERE organisation_id = $1 AND patient_id = $2 AND NOT token = ANY($4)
         )
         INSERT INTO patient_token (organisation_id, patient_id, kind, token)
         SELECT $1, $2, t.kind, t.token FROM unnest($3::text[], $4::bytea[]) AS t(kind, token)
         ON CONFLICT DO NOTHING",
        organisation.0,
        patient.0,
        &kinds,
        &tokens,
    );
    query.with_operation("INSERT", "patient_token").execute(unit.sql()).await?;
    Ok(())
}

/// Who has some of these tokens: those with a number in common first, then those with the most.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn candidates(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    tokens: Vec<HashedToken>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let (_, tokens) = columns(tokens);
    let query = sqlx::query_scalar!(
        "SELECT patient_id FROM patient_token WHERE organisation_id = $1 AND token = ANY($2)
         GROUP BY patient_id
         ORDER BY bool_or(kind = 'identifier') DESC, count(*) DESC, patient_id DESC LIMIT $3",
        organisation.0,
        &tokens,
        limit,
    );
    Ok(query.with_operation("SELECT", "patient_token").fetch_all(unit.sql()).await?)
}

/// Who may be the same person as one with these tokens: a number in common, or a name and more.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn twin_candidates(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    patient: PatientId,
    tokens: Vec<HashedToken>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let (_, tokens) = columns(tokens);
    let query = sqlx::query_scalar!(
        "SELECT patient_id FROM patient_token
         WHERE organisation_id = $1 AND patient_id <> $2 AND token = ANY($3)
         GROUP BY patient_id
         HAVING bool_or(kind = 'identifier') OR (bool_or(kind = 'name') AND bool_or(kind IN ('birth-date', 'phone')))
         ORDER BY bool_or(kind = 'identifier') DESC, count(*) DESC, patient_id DESC LIMIT $4",
        organisation.0,
        patient.0,
        &tokens,
        limit,
    );
    Ok(query.with_operation("SELECT", "patient_token").fetch_all(unit.sql()).await?)
}

fn columns(tokens: Vec<HashedToken>) -> (Vec<String>, Vec<Vec<u8>>) {
    tokens.into_iter().map(|(kind, token)| (kind.as_str().to_string(), token)).unzip()
}
