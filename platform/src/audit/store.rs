//! SQL of the sealer, of the verifier, and of whoever asks who saw something.

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{
    account::Account,
    chain::{GENESIS, Hash, Seal},
    row::Row,
};
use crate::{
    calls::PageRequest,
    database::Unit,
    error::{Error, Result},
};

/// Takes the turn of the one sealer of this schema until the transaction ends. False: another has it.
pub(super) async fn take_turn(connection: &mut PgConnection) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.seal', 0)) AS "turn!""#
    );
    Ok(query.fetch_one(connection).await?)
}

/// Whether a row waits to be sealed.
pub(super) async fn waits(connection: &mut PgConnection) -> Result<bool> {
    let query = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM audit_unsealed) AS "waits!""#);
    Ok(query.fetch_one(connection).await?)
}

/// Takes the next rows to be sealed, in order.
pub(super) async fn take_unsealed(connection: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>> {
    let query = sqlx::query_scalar!(
        "DELETE FROM audit_unsealed WHERE id IN (SELECT id FROM audit_unsealed ORDER BY id LIMIT $1) RETURNING id",
        limit,
    );
    let mut ids = query.fetch_all(connection).await?;
    ids.sort_unstable();
    Ok(ids)
}

/// Those of `ids` that stand in the audit.
pub(super) async fn rows(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Row>> {
    let (first, last) = (ids.iter().min().copied().unwrap_or_default(), ids.iter().max().copied().unwrap_or_default());
    // The bounds leave only the partitions that can hold them.
    let query = sqlx::query_as!(
        Row,
        "SELECT id, at, caller, actor, organisation, unit, practitioner, action, purpose, resource, patient, referral,
                outcome, reason, trace_id
         FROM audit WHERE id = ANY($1) AND id BETWEEN $2 AND $3",
        ids,
        first,
        last,
    );
    Ok(query.fetch_all(connection).await?)
}

struct SealRow {
    seq: i64,
    at: DateTime<Utc>,
    members: Vec<Uuid>,
    digest: Vec<u8>,
    prev: Vec<u8>,
    hash: Vec<u8>,
}

impl TryFrom<SealRow> for Seal {
    type Error = Error;

    fn try_from(row: SealRow) -> Result<Self> {
        let (digest, prev, hash) = (hash(&row.digest)?, hash(&row.prev)?, hash(&row.hash)?);
        Ok(Self { seq: row.seq, at: row.at, members: row.members, digest, prev, hash })
    }
}

fn hash(bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().context("a hash without 32 bytes").map_err(Error::internal)
}

/// The last seal.
pub(super) async fn last(connection: &mut PgConnection) -> Result<Option<Seal>> {
    let query = sqlx::query_as!(
        SealRow,
        "SELECT seq, at, members, digest, prev, hash FROM audit_seal ORDER BY seq DESC LIMIT 1"
    );
    query.fetch_optional(connection).await?.map(Seal::try_from).transpose()
}

/// The head of the chain: number and hash of the last seal.
pub(super) async fn head(connection: &mut PgConnection) -> Result<(i64, Hash)> {
    let query = sqlx::query!("SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1");
    match query.fetch_optional(connection).await? {
        Some(row) => Ok((row.seq, hash(&row.hash)?)),
        None => Ok((0, GENESIS)),
    }
}

/// Keeps a seal.
pub(super) async fn insert(connection: &mut PgConnection, seal: &Seal) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO audit_seal (seq, at, members, digest, prev, hash) VALUES ($1, $2, $3, $4, $5, $6)",
        seal.seq,
        seal.at,
        &seal.members,
        seal.digest.as_slice(),
        seal.prev.as_slice(),
        seal.hash.as_slice(),
    );
    query.execute(connection).await?;
    Ok(())
}

/// The next seals after a number, in order.
pub(super) async fn seals_after(connection: &mut PgConnection, seq: i64, limit: i64) -> Result<Vec<Seal>> {
    let query = sqlx::query_as!(
        SealRow,
        "SELECT seq, at, members, digest, prev, hash FROM audit_seal WHERE seq > $1 ORDER BY seq LIMIT $2",
        seq,
        limit,
    );
    query.fetch_all(connection).await?.into_iter().map(Seal::try_from).collect()
}

/// The first row that no seal holds and that should be in one: of before `before` by its id's time, or of after `after`, a time
/// that has not come.
pub(super) async fn unsealed(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    after: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let query = sqlx::query_scalar!(
        "SELECT a.id FROM audit a
         WHERE (a.id < uuid_v7_floor($1) OR a.id >= uuid_v7_floor($2)) AND NOT EXISTS (
             SELECT FROM (SELECT unnest(members) AS id FROM audit_seal) s WHERE s.id = a.id)
         ORDER BY a.id LIMIT 1",
        before,
        after,
    );
    Ok(query.fetch_optional(connection).await?)
}

/// Lists accesses to all that an account comprises, the most recent first.
pub(crate) async fn list_accesses(unit: &mut Unit<'_>, account: &Account, page: &PageRequest) -> Result<Vec<Row>> {
    let patients: Vec<Uuid> = account.patients.iter().map(|id| id.0).collect();
    let referrals: Vec<Uuid> = account.referrals.iter().map(|id| id.0).collect();
    let query = sqlx::query_as!(
        Row,
        r#"WITH of_patients AS (
               SELECT a.* FROM unnest($1::uuid[]) p(id) CROSS JOIN LATERAL (
                   SELECT * FROM audit WHERE patient = p.id AND (at, id) < ($4, $5) ORDER BY at DESC, id DESC LIMIT $6) a
           ), of_referrals AS (
               SELECT a.* FROM unnest($2::uuid[]) r(id) CROSS JOIN LATERAL (
                   SELECT * FROM audit WHERE referral = r.id AND (at, id) < ($4, $5) ORDER BY at DESC, id DESC LIMIT $6) a
           ), refused AS (
               SELECT a.* FROM unnest($3::text[]) r(name) CROSS JOIN LATERAL (
                   SELECT * FROM audit WHERE resource = r.name AND outcome = 'refused' AND (at, id) < ($4, $5)
                   ORDER BY at DESC, id DESC LIMIT $6) a
           )
           SELECT id AS "id!", at AS "at!", caller AS "caller!", actor AS "actor!", organisation, unit, practitioner,
                  action AS "action!", purpose AS "purpose!", resource AS "resource!", patient, referral,
                  outcome AS "outcome!", reason AS "reason!", trace_id AS "trace_id!"
           FROM (TABLE of_patients UNION TABLE of_referrals UNION TABLE refused) accesses
           ORDER BY at DESC, id DESC LIMIT $6"#,
        &patients,
        &referrals,
        &account.resources,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    Ok(query.with_operation("SELECT", "audit").fetch_all(unit.sql()).await?)
}
