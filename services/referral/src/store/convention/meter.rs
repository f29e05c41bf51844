//! Meters, moved by functions of the database alone: see migrations 0035, 0036, 0054 and 0056.

use std::collections::HashSet;

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{ConventionId, SiteId},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::convention::{Convention, Crossing, Found, Line, LineScope, Stretch, Terms};

/// What is asked of a line: the database brings its meter to that.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// The line.
    pub line_id: String,
    /// The version of the terms by which it is asked. What the meter promises, the database asks the version that judges the period.
    pub terms_version: i64,
    /// The first day of the period.
    pub period_start: NaiveDate,
    /// Its last day.
    pub period_end: NaiveDate,
    /// The site, where the line counts each; nil otherwise.
    pub site: Uuid,
    /// What is committed by that version; none: it is counted alone.
    pub committed: Option<i64>,
    /// Who holds the place: the subject, or the patient where persons count.
    pub holder: Uuid,
    /// What is to be reserved; none: what is reserved already.
    pub reserved: Option<i64>,
    /// What is used; none: what reports told.
    pub used: Option<i64>,
    /// Whether it may go beyond what is committed.
    pub exceeds: bool,
    /// Whether what is used happened already: then that may.
    pub fact: bool,
    /// Whether a place in another period moves to this one.
    pub moves: bool,
    /// The day that it counts for.
    pub local_date: NaiveDate,
    /// Where.
    pub place: Option<Uuid>,
    /// Who lets it through; empty: nobody.
    pub approver: String,
    /// Thresholds.
    pub percents: Vec<i32>,
    /// Whether nobody takes a place of it before those who wait for one.
    pub in_turn: bool,
}

/// Whose step it is.
#[derive(Debug, Clone)]
pub struct Moving {
    /// Under which convention.
    pub convention: ConventionId,
    /// The referral or the expense.
    pub subject: Uuid,
    /// The referral.
    pub referral: Option<Uuid>,
    /// What made the step: it is entered once.
    pub source: String,
}

/// What came of it.
#[derive(Debug, Default, Deserialize)]
pub struct Settled {
    /// Lines on which too little is left: nothing was taken of them.
    pub short: Vec<String>,
    /// Thresholds that were crossed.
    pub crossed: Vec<Crossing>,
}

/// Settles all lines of a step in one statement. Where places move to another period, all of them do or none.
///
/// # Errors
/// CONTENTION when others lock the same meters in another order: the unit decides again.
pub async fn settle_meters(unit: &mut Unit<'_>, moving: &Moving, asked: &[Asked]) -> Result<Settled> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        r#"SELECT CASE WHEN $7 THEN meter_move($1, $2, $3, $4, $5, $6) ELSE meter_settle($1, $2, $3, $4, $5, $6) END
               AS "settled!: Json<Settled>""#,
        Json(asked) as _,
        moving.convention.0,
        moving.subject,
        moving.referral,
        moving.source,
        now,
        // A visit that counts where it was is a fact: it drags no other line along.
        asked.iter().all(|asked| asked.moves),
    );
    let settled = query.with_operation("SELECT", "meter").fetch_one(unit.sql()).await?;
    Ok(settled.0)
}

/// What stands on the meters of some lines in the period of a day; whether `holder` has a place on each.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn read_meters(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    holder: Uuid,
    (terms, date): (&Terms, NaiveDate),
) -> Result<Vec<Found>> {
    let dates = (terms.start_date, terms.end_date);
    let asked = |line: &Line| {
        let period = line.period(dates, date);
        serde_json::json!({ "line_id": line.line_id, "period_start": period.0 })
    };
    let asked: Vec<_> = terms.lines.iter().filter(|line| line.committed.is_some()).map(asked).collect();
    let query = sqlx::query!(
        r#"SELECT line_id AS "line_id!", site_id AS "site_id!", committed, reserved AS "reserved!", used AS "used!", held AS "held!"
           FROM meter_read($1, $2, $3)"#,
        convention.0,
        holder,
        Json(&asked) as _,
    );
    let rows = query.with_operation("SELECT", "meter").fetch_all(unit.sql()).await?;
    let awaited = if terms.lines.iter().any(Line::makes_wait) {
        list_awaited(unit, convention, &asked).await?
    } else {
        Vec::new()
    };
    let found = rows.into_iter().map(|row| Found {
        awaited: awaited.iter().any(|(line, site)| *line == row.line_id && *site == row.site_id),
        line_id: row.line_id,
        site: (!row.site_id.is_nil()).then_some(SiteId(row.site_id)),
        committed: row.committed,
        reserved: row.reserved,
        used: row.used,
        held: row.held,
    });
    Ok(found.collect())
}

/// Which of some lines, periods and places have nothing left for a holder, who has no place there already.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_full(unit: &mut Unit<'_>, holder: Uuid, looked_at: &[&Stretch]) -> Result<Vec<Stretch>> {
    if looked_at.is_empty() {
        return Ok(Vec::new());
    }
    let site = |stretch: &Stretch| stretch.site.map_or(Uuid::nil(), |site| site.0);
    let asked = |stretch: &&Stretch| {
        let (of, starts) = (stretch.convention.0, stretch.starts);
        serde_json::json!({ "convention": of, "line_id": stretch.line_id, "period_start": starts, "site": site(stretch) })
    };
    let asked: Vec<_> = looked_at.iter().map(asked).collect();
    let query = sqlx::query!(
        r#"SELECT convention_id AS "convention_id!", line_id AS "line_id!", period_start AS "period_start!", site_id AS "site_id!"
           FROM meter_full($1, $2)"#,
        holder,
        Json(&asked) as _,
    );
    let rows = query.with_operation("SELECT", "meter").fetch_all(unit.sql()).await?;
    let full: HashSet<_> =
        rows.into_iter().map(|row| (row.convention_id, row.line_id, row.period_start, row.site_id)).collect();
    let is_full = |it: &&&Stretch| full.contains(&(it.convention.0, it.line_id.clone(), it.starts, site(it)));
    Ok(looked_at.iter().filter(is_full).map(|stretch| (*stretch).clone()).collect())
}

/// The lines and places, of those asked for, at which somebody waits.
async fn list_awaited(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    asked: &[serde_json::Value],
) -> Result<Vec<(String, Uuid)>> {
    let now = unit.now();
    let query = sqlx::query!(
        r#"SELECT line_id AS "line_id!", site_id AS "site_id!" FROM meter_queues($1, $2, $3)"#,
        convention.0,
        Json(asked) as _,
        now,
    );
    let rows = query.with_operation("SELECT", "waiting").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.line_id, row.site_id)).collect())
}

/// Lines of which terms that were just signed commit less than before, and less than is reserved and used, in a period that they judge and
/// that has not ended, with what they commit and what is taken. Nobody takes any more of what they judge until the unit ends.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_shortfalls(unit: &mut Unit<'_>, signed: &Convention) -> Result<Vec<(String, i64, i64)>> {
    let now = unit.now();
    let query = sqlx::query!(
        r#"SELECT line_id AS "line_id!", committed AS "committed!", taken AS "taken!" FROM meter_lacking($1, $2, $3)"#,
        signed.id.0,
        signed.terms_version,
        now,
    );
    let rows = query.with_operation("SELECT", "meter").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.line_id, row.committed, row.taken)).collect())
}

/// Brings the meters of the periods that have not ended to what terms commit that judge them from now on. Answers with the thresholds
/// that they come to by it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn adopt_terms(unit: &mut Unit<'_>, signed: &Convention) -> Result<Vec<Crossing>> {
    let now = unit.now();
    let query = sqlx::query_scalar!(
        r#"SELECT meter_amend($1, $2, $3, $4) AS "crossed!: Json<Vec<Crossing>>""#,
        signed.id.0,
        signed.terms_version,
        &signed.terms.conditions.thresholds,
        now,
    );
    Ok(query.with_operation("SELECT", "meter").fetch_one(unit.sql()).await?.0)
}

/// What the signed terms commit that judge a line's period, which begins on a day: at a place where it counts each.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_promise(
    unit: &mut Unit<'_>,
    id: ConventionId,
    (line_id, starts): (&str, NaiveDate),
    site: Option<SiteId>,
) -> Result<Option<i64>> {
    let site = site.map_or(Uuid::nil(), |site| site.0);
    let query = sqlx::query_scalar!("SELECT committed FROM meter_promise($1, $2, $3, $4)", id.0, line_id, starts, site);
    Ok(query.with_operation("SELECT", "convention_line").fetch_optional(unit.sql()).await?.flatten())
}

/// The version that judges a day on a line: the last signed one that judges from that day on or sooner; where none of those has the line,
/// the first that has. None: no signed one has it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn judging_version(
    unit: &mut Unit<'_>,
    id: ConventionId,
    line_id: &str,
    day: NaiveDate,
) -> Result<Option<i64>> {
    let query = sqlx::query_scalar!("SELECT meter_judge($1, $2, $3)", id.0, line_id, day);
    Ok(query.with_operation("SELECT", "convention_line").fetch_one(unit.sql()).await?)
}

/// The site that names a meter.
pub fn meter_site(line: &Line, site: Option<SiteId>) -> Uuid {
    match line.scope {
        LineScope::All => Uuid::nil(),
        LineScope::Site => site.map_or(Uuid::nil(), |site| site.0),
    }
}
