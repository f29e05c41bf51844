//! Orders as calls left them: what the same request again answers.

use relais_platform::{Error, Result, database::Unit, ids::OrderId};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;

use super::get;
use crate::domain::{Line, Order, State};

/// Keeps the order as a call left it, for the same request again.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_version(unit: &mut Unit<'_>, order: &Order) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO service_order_version (order_id, version, state, lines, update_time) VALUES ($1, $2, $3, $4, $5)",
        order.id.0,
        order.version,
        order.state.as_str(),
        Json(&order.lines) as _,
        order.update_time,
    );
    query.with_operation("INSERT", "service_order_version").execute(unit.sql()).await?;
    Ok(())
}

/// Gets an order that the caller may see as a call left it in a version.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_at(unit: &mut Unit<'_>, id: OrderId, version: i64) -> Result<Order> {
    let order = get(unit, id).await?;
    let query = sqlx::query!(
        r#"SELECT state, lines AS "lines: Json<Vec<Line>>", update_time FROM service_order_version
           WHERE order_id = $1 AND version = $2"#,
        id.0,
        version,
    );
    let row = query.with_operation("SELECT", "service_order_version").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(id))?;
    let state = State::stored(&row.state)?;
    Ok(Order { state, version, lines: row.lines.0, update_time: row.update_time, ..order })
}
