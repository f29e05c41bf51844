//! Attempts of deliveries: when, how, and the server's code; never an address, never a server's words.

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, ids::DeliveryId};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::{Attempt, Delivery, Outcome};

struct Row {
    end_time: DateTime<Utc>,
    outcome: String,
    code: i32,
}

impl TryFrom<Row> for Attempt {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self { end_time: row.end_time, outcome: Outcome::stored(&row.outcome)?, code: row.code })
    }
}

/// Notes the `number`-th attempt of a delivery, once.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, delivery: &Delivery, number: i32, attempt: &Attempt) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO delivery_attempt (delivery_id, number, organisation_id, end_time, outcome, code)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (delivery_id, number) DO NOTHING",
        delivery.id.0,
        number,
        delivery.mailbox.organisation.0,
        attempt.end_time,
        attempt.outcome.as_str(),
        attempt.code,
    );
    query.with_operation("INSERT", "delivery_attempt").execute(unit.sql()).await?;
    Ok(())
}

/// All attempts of a delivery, the first one first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, id: DeliveryId) -> Result<Vec<Attempt>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT end_time, outcome, code FROM delivery_attempt WHERE delivery_id = $1 ORDER BY number",
        id.0,
    );
    let rows = query.with_operation("SELECT", "delivery_attempt").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Attempt::try_from).collect()
}
