//! Partner links.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::{PageRequest, caller::Purpose},
    database::Unit,
    error::broken_constraint,
    ids::{PartnerLinkId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::partner_link::PartnerLink;

/// What is kept of secret and code: keyed hashes.
#[derive(Debug, Clone)]
pub struct Hashes {
    /// Of the secret.
    pub secret: Vec<u8>,
    /// Of the code.
    pub code: Vec<u8>,
}

struct Row {
    id: Uuid,
    referral_id: Uuid,
    organisation_id: Uuid,
    unit_id: Option<Uuid>,
    purpose: String,
    expires_at: DateTime<Utc>,
    create_time: DateTime<Utc>,
    wrong_codes: i32,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for PartnerLink {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            referral: row.referral_id.into(),
            organisation: row.organisation_id.into(),
            unit: row.unit_id.map(Into::into),
            purpose: Purpose::stored(&row.purpose)?,
            expires_at: row.expires_at,
            create_time: row.create_time,
            wrong_codes: row.wrong_codes,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Stores a new link.
///
/// # Errors
/// PERMISSION_DENIED when the caller's unit is not in the directory.
pub async fn insert(unit: &mut Unit<'_>, link: &PartnerLink, hashes: &Hashes) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO partner_link (id, referral_id, organisation_id, unit_id, purpose, secret_hash, code_hash, expires_at,
             create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        link.id.0,
        link.referral.0,
        link.organisation.0,
        link.unit.map(|unit| unit.0),
        link.purpose.as_str(),
        hashes.secret,
        hashes.code,
        link.expires_at,
        link.create_time,
    );
    let done = query.with_operation("INSERT", "partner_link").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("partner_link_organisation_id_unit_id_fkey") => Error::denied("your unit is not in the directory"),
        _ => error.into(),
    })
}

/// Gets a link of the caller's organisation, and of its units the own one's; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: PartnerLinkId) -> Result<PartnerLink> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, referral_id, organisation_id, unit_id, purpose, expires_at, create_time, wrong_codes, used_at, revoked_at
         FROM partner_link
         WHERE id = $1 AND organisation_id = $2 AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)",
        id.0,
        organisation,
        desk,
    );
    let row = query.with_operation("SELECT", "partner_link").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// A page of the links to a referral that the caller's organisation has made, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, referral: ReferralId, page: &PageRequest) -> Result<Vec<PartnerLink>> {
    let (organisation, desk) = own(unit)?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, referral_id, organisation_id, unit_id, purpose, expires_at, create_time, wrong_codes, used_at, revoked_at
         FROM partner_link
         WHERE referral_id = $1 AND organisation_id = $2 AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)
           AND (create_time, id) < ($4, $5)
         ORDER BY create_time DESC, id DESC LIMIT $6",
        referral.0,
        organisation,
        desk,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "partner_link").fetch_all(unit.sql()).await?;
    rows.into_iter().map(PartnerLink::try_from).collect()
}

/// Revokes a link of the caller's organisation.
///
/// # Errors
/// NOT_FOUND.
pub async fn revoke(unit: &mut Unit<'_>, id: PartnerLinkId) -> Result<PartnerLink> {
    let (organisation, desk) = own(unit)?;
    let now = unit.now();
    let query = sqlx::query_as!(
        Row,
        "UPDATE partner_link SET revoked_at = COALESCE(revoked_at, $4)
         WHERE id = $1 AND organisation_id = $2 AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)
         RETURNING id, referral_id, organisation_id, unit_id, purpose, expires_at, create_time, wrong_codes, used_at,
                   revoked_at",
        id.0,
        organisation,
        desk,
        now,
    );
    let row = query.with_operation("UPDATE", "partner_link").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}

/// Opens a link, or counts a wrong code: one statement under the row's lock, so that of many at once one opens it and each
/// wrong one counts. When `failed_per_minute` tries have failed, it touches links alone that nobody has tried in vain. None
/// when it does not open, whatever the reason.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn redeem(
    unit: &mut Unit<'_>,
    id: PartnerLinkId,
    given: &Hashes,
    failed_per_minute: u32,
) -> Result<Option<PartnerLink>> {
    let now = unit.now();
    let query = sqlx::query_as!(
        Row,
        "UPDATE partner_link
         SET used_at = CASE WHEN code_hash = $3 THEN $4::timestamptz END,
             wrong_codes = wrong_codes + CASE WHEN code_hash = $3 THEN 0 ELSE 1 END
         WHERE id = $1 AND secret_hash = $2
           AND revoked_at IS NULL AND used_at IS NULL AND wrong_codes < 5 AND expires_at > $4
           AND (wrong_codes = 0 OR NOT EXISTS (
               SELECT FROM redemption_window WHERE failed >= $5 AND since > $4::timestamptz - interval '1 minute'))
         RETURNING id, referral_id, organisation_id, unit_id, purpose, expires_at, create_time, wrong_codes, used_at,
                   revoked_at",
        id.0,
        given.secret,
        given.code,
        now,
        i64::from(failed_per_minute),
    );
    let row = query.with_operation("UPDATE", "partner_link").fetch_optional(unit.sql()).await?;
    row.filter(|row| row.used_at.is_some()).map(PartnerLink::try_from).transpose()
}

/// Counts a try that opened no link, whichever it was of: how many there were in this minute, and when the minute began.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_failed(unit: &mut Unit<'_>) -> Result<(i64, DateTime<Utc>)> {
    let now = unit.now();
    let query = sqlx::query!(
        "UPDATE redemption_window
         SET failed = CASE WHEN since > $1::timestamptz - interval '1 minute' THEN failed + 1 ELSE 1 END,
             since = CASE WHEN since > $1 - interval '1 minute' THEN since ELSE $1 END
         RETURNING failed, since",
        now,
    );
    let row = query.with_operation("UPDATE", "redemption_window").fetch_one(unit.sql()).await?;
    Ok((row.failed, row.since))
}

/// Whether what a link opened is open still: it was not revoked.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_visited(unit: &mut Unit<'_>, id: PartnerLinkId, referral: ReferralId) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM partner_link
           WHERE id = $1 AND referral_id = $2 AND used_at IS NOT NULL AND revoked_at IS NULL) AS "open!""#,
        id.0,
        referral.0,
    );
    Ok(query.with_operation("SELECT", "partner_link").fetch_one(unit.sql()).await?)
}

fn own(unit: &Unit<'_>) -> Result<(Uuid, Option<Uuid>)> {
    let caller = unit.caller()?;
    Ok((caller.acting_organisation()?.0, caller.unit.map(|unit| unit.0)))
}

/// The links to some referrals that the caller's organisation sent, whoever made them, the oldest first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of_referrals(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<PartnerLink>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, referral_id, organisation_id, unit_id, purpose, expires_at, create_time, wrong_codes, used_at, revoked_at
         FROM partner_link WHERE referral_id = ANY($1) ORDER BY create_time, id",
        referrals,
    );
    let rows = query.with_operation("SELECT", "partner_link").fetch_all(unit.sql()).await?;
    rows.into_iter().map(PartnerLink::try_from).collect()
}
