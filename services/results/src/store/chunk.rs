//! Where files' bytes are kept: sealed chunks by number. Nothing else knows that they are rows.

use relais_platform::{Result, database::Unit, ids::AttachmentId};
use sqlx_otel::QueryAnnotateExt;

/// Keeps a sealed chunk.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn put(unit: &mut Unit<'_>, file: AttachmentId, number: i32, sealed: &[u8]) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO attachment_chunk (attachment_id, number, sealed) VALUES ($1, $2, $3)",
        file.0,
        number,
        sealed,
    );
    query.with_operation("INSERT", "attachment_chunk").execute(unit.sql()).await?;
    Ok(())
}

/// Some sealed chunks from a number on, in order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn get(unit: &mut Unit<'_>, file: AttachmentId, from: i32, count: i64) -> Result<Vec<(i32, Vec<u8>)>> {
    let query = sqlx::query!(
        "SELECT number, sealed FROM attachment_chunk WHERE attachment_id = $1 AND number >= $2 ORDER BY number LIMIT $3",
        file.0,
        from,
        count,
    );
    let rows = query.with_operation("SELECT", "attachment_chunk").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.number, row.sealed)).collect())
}
