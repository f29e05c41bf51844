//! Staff time, and its steps.

use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{Child, SiteId, StaffTimeId},
};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::convention::{StaffTime, StaffTimeState};

/// Enters staff time, without its first step.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert_staff_time(unit: &mut Unit<'_>, planned: &StaffTime) -> Result<()> {
    let actor = unit.caller()?.key();
    let query = sqlx::query!(
        "INSERT INTO staff_time (id, convention_id, convention_version, line_id, planned_minutes, work_date, site_id, reference,
                                 hold_days, actor, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        planned.id.0,
        planned.convention.0,
        planned.convention_version,
        planned.line_id,
        planned.planned_minutes,
        planned.work_date,
        planned.site.map(|site| site.id.0),
        planned.reference,
        planned.hold_days,
        actor,
        planned.create_time,
    );
    query.with_operation("INSERT", "staff_time").execute(unit.sql()).await?;
    Ok(())
}

/// Enters a step; `actor` is empty when time took it.
///
/// # Errors
/// CONTENTION when somebody else took one since it was read: the unit decides again.
pub async fn insert_staff_time_step(unit: &mut Unit<'_>, stepped: &StaffTime, actor: &str) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO staff_time_step (staff_time_id, version, state, worked_minutes, actor, step_time)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (staff_time_id, version) DO NOTHING",
        stepped.id.0,
        stepped.version,
        stepped.state.as_str(),
        stepped.worked_minutes,
        actor,
        stepped.update_time,
    );
    match query.with_operation("INSERT", "staff_time_step").execute(unit.sql()).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::contention("somebody else took a step")),
    }
}

/// Finds staff time as it stands, or as it stood in a version.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_staff_time(unit: &mut Unit<'_>, id: StaffTimeId, version: Option<i64>) -> Result<Option<StaffTime>> {
    let query = sqlx::query!(
        r#"SELECT t.convention_id, t.convention_version, t.line_id, t.planned_minutes, t.work_date, t.site_id AS "site_id?",
                  e.organisation_id AS "organisation_id?", t.reference, t.hold_days, t.create_time, s.version, s.state,
                  s.worked_minutes, s.step_time
           FROM staff_time t JOIN staff_time_step s ON s.staff_time_id = t.id LEFT JOIN site e ON e.id = t.site_id
           WHERE t.id = $1 AND ($2::bigint IS NULL OR s.version = $2) ORDER BY s.version DESC LIMIT 1"#,
        id.0,
        version,
    );
    let row = query.with_operation("SELECT", "staff_time").fetch_optional(unit.sql()).await?;
    let Some(row) = row else { return Ok(None) };
    let state = StaffTimeState::parse(&row.state);
    let site = row.organisation_id.zip(row.site_id);
    Ok(Some(StaffTime {
        id,
        convention: row.convention_id.into(),
        convention_version: row.convention_version,
        line_id: row.line_id,
        planned_minutes: row.planned_minutes,
        work_date: row.work_date,
        site: site.map(|(organisation, site)| Child { organisation: organisation.into(), id: SiteId(site) }),
        reference: row.reference,
        hold_days: row.hold_days,
        version: row.version,
        state: state.ok_or_else(|| Error::internal(anyhow::anyhow!("a state of staff time that is none")))?,
        worked_minutes: row.worked_minutes,
        create_time: row.create_time,
        update_time: row.step_time,
    }))
}
