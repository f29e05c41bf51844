//! What meters need of a version of a convention's terms, in memory: signed terms never change.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use chrono::NaiveDate;
use relais_platform::{Result, database::Unit, ids::ConventionId};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;

use crate::domain::convention::{Conditions, Line, Party};

/// More versions than there are in a country. Beyond it, all are read anew.
const MOST: usize = 2_000;

/// Lines of which steps of referrals move meters, and what goes with them.
#[derive(Debug, Clone)]
pub struct Metered {
    /// The convention's name.
    pub display_name: String,
    /// The lines; none: nothing is to be done at a step.
    pub lines: Vec<Line>,
    /// The first and the last day of the convention.
    pub dates: (NaiveDate, NaiveDate),
    /// Percentages at which the parties are told.
    pub thresholds: Vec<i32>,
    /// Who is a party.
    pub parties: Vec<Party>,
}

type Kept = RwLock<HashMap<(ConventionId, i64), Arc<Metered>>>;

static KEPT: LazyLock<Kept> = LazyLock::new(Kept::default);

/// Of a version that admitted a referral: it is signed, and in memory from its first use on.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn metered(unit: &mut Unit<'_>, id: ConventionId, version: i64) -> Result<Arc<Metered>> {
    if let Some(kept) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&(id, version)) {
        return Ok(kept.clone());
    }
    let read = Arc::new(find(unit, id, version).await?);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert((id, version), read.clone());
    Ok(read)
}

async fn find(unit: &mut Unit<'_>, id: ConventionId, version: i64) -> Result<Metered> {
    let query = sqlx::query!(
        r#"SELECT c.display_name, t.start_date, t.end_date, t.conditions AS "conditions: Json<Conditions>",
                  (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM convention_line l
                   WHERE l.convention_id = $1 AND l.version = $2) AS "lines!: Json<Vec<Line>>",
                  (SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'role', p.role) ORDER BY p.position)
                   FROM convention_party p WHERE p.convention_id = $1 AND p.version = $2) AS "parties!: Json<Vec<Party>>"
           FROM convention_terms t JOIN convention c ON c.id = t.convention_id
           WHERE t.convention_id = $1 AND t.version = $2"#,
        id.0,
        version,
    );
    let row = query.with_operation("SELECT", "convention_terms").fetch_one(unit.sql()).await?;
    let lines = row.lines.0.into_iter().filter(Line::is_metered).collect();
    let dates = (row.start_date, row.end_date);
    let (display_name, thresholds, parties) = (row.display_name, row.conditions.0.thresholds, row.parties.0);
    Ok(Metered { display_name, lines, dates, thresholds, parties })
}
