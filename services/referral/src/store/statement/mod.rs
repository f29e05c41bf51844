//! Statements: kept as they were closed, and what they count.

mod count;

pub use count::{count, list_names, list_signers};

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    error::broken_constraint,
    ids::{ConventionId, OrganisationId, StatementId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::statement::{Counted, Days, Document, Statement};

struct Row {
    id: Uuid,
    convention_id: Uuid,
    number: i64,
    first_day: NaiveDate,
    last_day: NaiveDate,
    close_time: DateTime<Utc>,
    document: Json<Document>,
    counted: Json<Vec<Counted>>,
}

impl From<Row> for Statement {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            convention: row.convention_id.into(),
            number: row.number,
            days: Days { first: row.first_day, last: row.last_day },
            close_time: row.close_time,
            document: row.document.0,
            counted: row.counted.0,
        }
    }
}

/// Lets one statement of a convention be closed at a time: until the unit ends, whoever else closes one waits.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn lock(unit: &mut Unit<'_>, convention: ConventionId) -> Result<()> {
    let query = sqlx::query_scalar!("SELECT id FROM convention WHERE id = $1 FOR NO KEY UPDATE", convention.0);
    query.with_operation("SELECT", "convention").fetch_optional(unit.sql()).await?;
    Ok(())
}

/// The earliest day that it is now at any site of these organisations; UTC's where they have none.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn earliest_today(unit: &mut Unit<'_>, organisations: &[Uuid]) -> Result<NaiveDate> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        "SELECT min(($1::timestamptz AT TIME ZONE time_zone)::date) FROM site WHERE organisation_id = ANY($2)",
        now,
        organisations,
    );
    let day = query.with_operation("SELECT", "site").fetch_one(unit.sql()).await?;
    Ok(day.unwrap_or_else(|| now.date_naive()))
}

/// Keeps a statement. Nothing of it is ever changed.
///
/// # Errors
/// CONTENTION when somebody else closed one meanwhile: the unit decides again.
pub async fn insert(unit: &mut Unit<'_>, statement: &Statement) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO statement (id, convention_id, number, first_day, last_day, close_time, document, counted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        statement.id.0,
        statement.convention.0,
        statement.number,
        statement.days.first,
        statement.days.last,
        statement.close_time,
        Json(&statement.document) as _,
        Json(&statement.counted) as _,
    );
    let done = query.with_operation("INSERT", "statement").execute(unit.sql()).await;
    done.map(|_| ()).map_err(|error| match broken_constraint(&error) {
        Some("statement_number" | "statement_period") => Error::contention("somebody else closed one"),
        _ => error.into(),
    })
}

/// All statements of a convention, in order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, convention: ConventionId) -> Result<Vec<Statement>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, convention_id, number, first_day, last_day, close_time, document AS "document: Json<Document>",
                  counted AS "counted: Json<Vec<Counted>>"
           FROM statement WHERE convention_id = $1 ORDER BY number"#,
        convention.0,
    );
    let rows = query.with_operation("SELECT", "statement").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Statement::from).collect())
}

/// Gets a statement of a convention that `party` is a party of; of any, for nobody's sake.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: StatementId, party: Option<OrganisationId>) -> Result<Statement> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, convention_id, number, first_day, last_day, close_time, document AS "document: Json<Document>",
                  counted AS "counted: Json<Vec<Counted>>"
           FROM statement s
           WHERE id = $1 AND ($2::uuid IS NULL OR EXISTS (
               SELECT FROM convention_party p WHERE p.organisation_id = $2 AND p.convention_id = s.convention_id))"#,
        id.0,
        party.map(|organisation| organisation.0),
    );
    let row = query.with_operation("SELECT", "statement").fetch_optional(unit.sql()).await?;
    row.map(Statement::from).ok_or_else(|| Error::not_found(id))
}

/// A page of the statements of a convention, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, convention: ConventionId, page: &PageRequest) -> Result<Vec<Statement>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, convention_id, number, first_day, last_day, close_time, document AS "document: Json<Document>",
                  counted AS "counted: Json<Vec<Counted>>"
           FROM statement
           WHERE convention_id = $1 AND (close_time, id) < ($2, $3) ORDER BY close_time DESC, id DESC LIMIT $4"#,
        convention.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "statement").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(Statement::from).collect())
}
