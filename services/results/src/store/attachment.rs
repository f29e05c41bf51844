//! Files: what they are.

use chrono::{DateTime, Utc};
use relais_platform::{Error, Result, database::Unit, error::broken_constraint, ids::AttachmentId};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::attachment::{Attachment, MediaType, Parent};

struct Row {
    id: Uuid,
    order_id: Option<Uuid>,
    report_id: Option<Uuid>,
    report_version: Option<i64>,
    organisation_id: Uuid,
    provider_id: Uuid,
    media_type: String,
    size: i64,
    sha256: Vec<u8>,
    received: i64,
    complete: bool,
    create_time: DateTime<Utc>,
}

impl TryFrom<Row> for Attachment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let orphan = || Error::internal(anyhow::anyhow!("a file of nothing"));
        let parent = match (row.order_id, row.report_id.zip(row.report_version)) {
            (Some(order), _) => Parent::Order(order.into()),
            (None, Some((report, version))) => Parent::Report(report.into(), version),
            (None, None) => return Err(orphan()),
        };
        Ok(Self {
            id: row.id.into(),
            parent,
            organisation: row.organisation_id.into(),
            provider: row.provider_id.into(),
            media_type: MediaType::stored(&row.media_type)?,
            size: row.size,
            sha256: row.sha256,
            received: row.received,
            complete: row.complete,
            create_time: row.create_time,
        })
    }
}

/// Keeps a new file, of which nothing is there yet.
///
/// # Errors
/// NOT_FOUND when somebody else's has its id.
pub async fn insert(unit: &mut Unit<'_>, file: &Attachment) -> Result<()> {
    let (order, report) = match file.parent {
        Parent::Order(order) => (Some(order.0), None),
        Parent::Report(report, version) => (None, Some((report.0, version))),
    };
    let query = sqlx::query!(
        "INSERT INTO attachment (id, order_id, report_id, report_version, organisation_id, provider_id, media_type, size,
                                 sha256, received, complete, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, false, $10)",
        file.id.0,
        order,
        report.map(|(id, _)| id),
        report.map(|(_, version)| version),
        file.organisation.0,
        file.provider.0,
        file.media_type.as_str(),
        file.size,
        file.sha256,
        file.create_time,
    );
    let done = query.with_operation("INSERT", "attachment").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        // The same upload twice at once, or an id that somebody else drew: run again, one of them is found.
        Some("attachment_pkey") => Error::contention(error),
        _ => error.into(),
    })
}

/// Finds a file that the caller's organisation sends, and locks it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_own(unit: &mut Unit<'_>, id: AttachmentId) -> Result<Option<Attachment>> {
    let organisation = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, order_id, report_id, report_version, organisation_id, provider_id, media_type, size, sha256, received,
                complete, create_time
         FROM attachment WHERE id = $1 AND organisation_id = $2 FOR UPDATE",
        id.0,
        organisation.0,
    );
    let row = query.with_operation("SELECT", "attachment").fetch_optional(unit.sql()).await?;
    row.map(Attachment::try_from).transpose()
}

/// Gets a whole file that the caller's organisation is a party of.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: AttachmentId) -> Result<Attachment> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, order_id, report_id, report_version, organisation_id, provider_id, media_type, size, sha256, received,
                complete, create_time
         FROM attachment WHERE id = $1 AND complete",
        id.0,
    );
    let row = query.with_operation("SELECT", "attachment").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Attachment::try_from)
}

/// Lists the files of some orders and reports, those not whole yet among them, in the order in which they came.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of(unit: &mut Unit<'_>, orders: &[Uuid], reports: &[Uuid]) -> Result<Vec<Attachment>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, order_id, report_id, report_version, organisation_id, provider_id, media_type, size, sha256, received,
                complete, create_time
         FROM attachment WHERE order_id = ANY($1) OR report_id = ANY($2) ORDER BY create_time, id",
        orders,
        reports,
    );
    let rows = query.with_operation("SELECT", "attachment").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// Keeps how far a file has come.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save(unit: &mut Unit<'_>, id: AttachmentId, received: i64, complete: bool) -> Result<()> {
    let query =
        sqlx::query!("UPDATE attachment SET received = $2, complete = $3 WHERE id = $1", id.0, received, complete);
    query.with_operation("UPDATE", "attachment").execute(unit.sql()).await?;
    Ok(())
}

/// Removes a file that is not whole, with its chunks.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn remove(unit: &mut Unit<'_>, id: AttachmentId) -> Result<()> {
    let query = sqlx::query!("DELETE FROM attachment WHERE id = $1 AND NOT complete", id.0);
    query.with_operation("DELETE", "attachment").execute(unit.sql()).await?;
    Ok(())
}
