//! The waiting list: see migrations 0036 and 0047. Rows of it are written where a referral's step is kept; places are offered by a timer
//! that whoever gives one back leaves behind.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{ConventionId, ReferralId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{Referral, Turn, Waiting};

struct Row {
    referral_id: Uuid,
    meter_id: Option<Uuid>,
    passed: i32,
    rank: i16,
    since: DateTime<Utc>,
    rest_until: Option<DateTime<Utc>>,
    offer_expire_time: Option<DateTime<Utc>>,
}

impl From<Row> for Waiting {
    fn from(row: Row) -> Self {
        Self {
            referral: row.referral_id.into(),
            turn: Turn { passed: row.passed, rank: row.rank, since: row.since, id: row.referral_id },
            meter: row.meter_id,
            rest_until: row.rest_until,
            offer_expire_time: row.offer_expire_time,
        }
    }
}

/// Puts a referral onto the list. One that is there stays where it is.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_waiting(unit: &mut Unit<'_>, referral: &Referral, waiting: &Waiting) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO waiting (referral_id, convention_id, provider_id, meter_id, rank, since)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (referral_id) DO NOTHING",
        waiting.referral.0,
        referral.convention.0,
        referral.provider.0,
        waiting.meter,
        waiting.turn.rank,
        waiting.turn.since,
    );
    query.with_operation("INSERT", "waiting").execute(unit.sql()).await?;
    Ok(())
}

/// Keeps how a referral waits now.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_waiting(unit: &mut Unit<'_>, waiting: &Waiting) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE waiting SET meter_id = $2, passed = $3, since = $4, rest_until = $5, offer_expire_time = $6
         WHERE referral_id = $1",
        waiting.referral.0,
        waiting.meter,
        waiting.turn.passed,
        waiting.turn.since,
        waiting.rest_until,
        waiting.offer_expire_time,
    );
    query.with_operation("UPDATE", "waiting").execute(unit.sql()).await?;
    Ok(())
}

/// Takes a referral off the list, if it is there.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn delete_waiting(unit: &mut Unit<'_>, referral: ReferralId) -> Result<()> {
    let query = sqlx::query!("DELETE FROM waiting WHERE referral_id = $1", referral.0);
    query.with_operation("DELETE", "waiting").execute(unit.sql()).await?;
    Ok(())
}

/// How a referral waits.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_waiting(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<Waiting>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT referral_id, meter_id, passed, rank, since, rest_until, offer_expire_time FROM waiting WHERE referral_id = $1",
        referral.0,
    );
    let row = query.with_operation("SELECT", "waiting").fetch_optional(unit.sql()).await?;
    Ok(row.map(Waiting::from))
}

/// The referral whose turn it is at a meter, in a unit that sees the rows of all organisations.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_first(unit: &mut Unit<'_>, meter: Uuid) -> Result<Option<ReferralId>> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        "SELECT referral_id FROM waiting
         WHERE meter_id = $1 AND offer_expire_time IS NULL AND (rest_until IS NULL OR rest_until <= $2)
         ORDER BY passed, rank, since, referral_id LIMIT 1",
        meter,
        now,
    );
    let first = query.with_operation("SELECT", "waiting").fetch_optional(unit.sql()).await?;
    Ok(first.map(ReferralId))
}

/// Takes up that a place of a meter came free; none when somebody did.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn take_freed(unit: &mut Unit<'_>, freed: Uuid) -> Result<Option<Uuid>> {
    let query = sqlx::query_scalar!("DELETE FROM meter_freed WHERE id = $1 RETURNING meter_id", freed);
    Ok(query.with_operation("DELETE", "meter_freed").fetch_optional(unit.sql()).await?)
}

/// Has what is free of a meter offered to whoever waits for it, by a timer.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn wake_waiting(unit: &mut Unit<'_>, meter: Uuid) -> Result<()> {
    let query = sqlx::query!("SELECT meter_wake($1)", meter);
    query.with_operation("SELECT", "waiting").execute(unit.sql()).await?;
    Ok(())
}

/// The meter of a line, period and place for which a referral is to wait.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_meter(
    unit: &mut Unit<'_>,
    referral: ReferralId,
    line_id: &str,
    (period_start, site): (NaiveDate, Uuid),
) -> Result<Option<Uuid>> {
    let query = sqlx::query_scalar!("SELECT meter_find($1, $2, $3, $4)", referral.0, line_id, period_start, site);
    Ok(query.with_operation("SELECT", "meter").fetch_one(unit.sql()).await?)
}

/// Whether the provider cared for the patient before under a convention of the same chain: a visit or a result of another referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_continuing(unit: &mut Unit<'_>, referral: &Referral) -> Result<bool> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM referral r JOIN convention c ON c.id = r.convention_id
               WHERE r.patient_id = $1 AND r.provider_id = $2 AND r.id <> $3
                 AND r.state IN ('attended', 'results-available', 'completed')
                 AND COALESCE(c.chain_id, c.id) = (SELECT COALESCE(o.chain_id, o.id) FROM convention o WHERE o.id = $4))
               AS "continuing!""#,
        referral.patient.0,
        referral.provider.0,
        referral.id.0,
        referral.convention.0,
    );
    Ok(query.with_operation("SELECT", "referral").fetch_one(unit.sql()).await?)
}

/// When a referral came onto the list for the last time before its present step; none: never.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn waited_since(unit: &mut Unit<'_>, referral: &Referral) -> Result<Option<DateTime<Utc>>> {
    let query = sqlx::query_scalar!(
        "SELECT at FROM referral_transition
         WHERE referral_id = $1 AND version < $2 AND state = 'waitlisted' AND previous IS DISTINCT FROM 'waitlisted'
           AND cause <> 'undo'
         ORDER BY version DESC LIMIT 1",
        referral.id.0,
        referral.version,
    );
    Ok(query.with_operation("SELECT", "referral_transition").fetch_optional(unit.sql()).await?)
}

/// The meters of a convention at which somebody waits, each with the last day of its period, in a unit that sees the rows of all
/// organisations.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_awaited_meters(unit: &mut Unit<'_>, convention: ConventionId) -> Result<Vec<(Uuid, NaiveDate)>> {
    let query = sqlx::query!(
        "SELECT DISTINCT m.id, m.period_end FROM waiting w JOIN meter m ON m.id = w.meter_id WHERE w.convention_id = $1",
        convention.0,
    );
    let rows = query.with_operation("SELECT", "waiting").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.period_end)).collect())
}

/// What a meter counts.
#[derive(Debug)]
pub struct OfMeter {
    /// Of which convention.
    pub convention: ConventionId,
    /// By which version of its terms.
    pub terms_version: i64,
    /// Which line.
    pub line_id: String,
    /// The last day of its period.
    pub period_end: NaiveDate,
    /// The site; nil: all together.
    pub site: SiteId,
}

/// Finds what a meter counts, in a unit that sees the rows of all organisations.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_of_meter(unit: &mut Unit<'_>, meter: Uuid) -> Result<Option<OfMeter>> {
    let query = sqlx::query!(
        "SELECT convention_id, terms_version, line_id, period_end, site_id FROM meter WHERE id = $1",
        meter
    );
    let row = query.with_operation("SELECT", "meter").fetch_optional(unit.sql()).await?;
    Ok(row.map(|row| OfMeter {
        convention: row.convention_id.into(),
        terms_version: row.terms_version,
        line_id: row.line_id,
        period_end: row.period_end,
        site: row.site_id.into(),
    }))
}

/// Moves all who wait for a place of a period to the meter of a later one, each in its turn; answers with that meter.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn move_waiting(
    unit: &mut Unit<'_>,
    (meter, of): (Uuid, &OfMeter),
    period: (NaiveDate, NaiveDate),
) -> Result<Uuid> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        r#"WITH next AS MATERIALIZED (SELECT meter_open($2, $3, $4, $5, $6, NULL, $7, $8) AS id),
           moved AS (UPDATE waiting SET meter_id = next.id FROM next
                     WHERE meter_id = $1 AND next.id <> $1 AND offer_expire_time IS NULL)
           SELECT id AS "id!" FROM next"#,
        meter,
        of.convention.0,
        of.line_id,
        period.0,
        period.1,
        of.site.0,
        of.terms_version,
        now,
    );
    Ok(query.with_operation("UPDATE", "waiting").fetch_one(unit.sql()).await?)
}
