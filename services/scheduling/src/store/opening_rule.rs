//! Opening rules of sites.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    ids::{Child, OpeningRuleId, OrganisationId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::opening::{OpeningRule, Service};

struct Row {
    id: Uuid,
    version: i64,
    site_id: Uuid,
    organisation_id: Uuid,
    systems: Vec<String>,
    codes: Vec<String>,
    weekdays: i16,
    from_minute: i16,
    until_minute: i16,
    slot_minutes: i16,
    seats: i16,
    walk_in_seats: i16,
    wheelchair_access: bool,
    interpreter_languages: Vec<String>,
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
    advance_days: i16,
    made_until: Option<NaiveDate>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl From<Row> for OpeningRule {
    fn from(row: Row) -> Self {
        let services = row.systems.into_iter().zip(row.codes).map(|(system, code)| Service { system, code }).collect();
        Self {
            id: row.id.into(),
            version: row.version,
            site: Child::new(OrganisationId(row.organisation_id), row.site_id.into()),
            services,
            weekdays: row.weekdays,
            from_minute: row.from_minute,
            until_minute: row.until_minute,
            slot_minutes: row.slot_minutes,
            seats: row.seats,
            walk_in_seats: row.walk_in_seats,
            wheelchair_access: row.wheelchair_access,
            interpreter_languages: row.interpreter_languages,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            advance_days: row.advance_days,
            made_until: row.made_until,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

/// Keeps a new rule.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, rule: &OpeningRule) -> Result<()> {
    let systems: Vec<_> = rule.services.iter().map(|service| service.system.clone()).collect();
    let codes: Vec<_> = rule.services.iter().map(|service| service.code.clone()).collect();
    let query = sqlx::query!(
        "WITH r AS (
             INSERT INTO opening_rule (id, version, site_id, weekdays, from_minute, until_minute, slot_minutes, seats,
                 walk_in_seats, wheelchair_access, interpreter_languages, valid_from, valid_until, advance_days, create_time,
                 update_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
         ), first AS (
             INSERT INTO opening_rule_version (rule_id, version, valid_until, at) VALUES ($1, $2, $13, $15)
         )
         INSERT INTO opening_rule_service (rule_id, system, code)
         SELECT DISTINCT $1::uuid, n.system, n.code FROM unnest($16::text[], $17::text[]) AS n(system, code)",
        rule.id.0,
        rule.version,
        rule.site.id.0,
        rule.weekdays,
        rule.from_minute,
        rule.until_minute,
        rule.slot_minutes,
        rule.seats,
        rule.walk_in_seats,
        rule.wheelchair_access,
        &rule.interpreter_languages,
        rule.valid_from,
        rule.valid_until,
        rule.advance_days,
        rule.create_time,
        &systems,
        &codes,
    );
    query.with_operation("INSERT", "opening_rule").execute(unit.sql()).await?;
    Ok(())
}

/// Keeps the last day of a rule, in its next version.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, rule: &OpeningRule) -> Result<()> {
    let query = sqlx::query!(
        "WITH r AS (
             UPDATE opening_rule SET valid_until = $2, version = $3, update_time = $4
             WHERE id = $1 AND version = $3::bigint - 1 RETURNING id
         )
         INSERT INTO opening_rule_version (rule_id, version, valid_until, at) SELECT r.id, $3, $2, $4 FROM r",
        rule.id.0,
        rule.valid_until,
        rule.version,
        rule.update_time,
    );
    let done = query.with_operation("UPDATE", "opening_rule").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Notes the last day of which a rule's slots were made.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn note_made(unit: &mut Unit<'_>, id: OpeningRuleId, until: NaiveDate) -> Result<()> {
    let query = sqlx::query!("UPDATE opening_rule SET made_until = $2 WHERE id = $1", id.0, until);
    query.with_operation("UPDATE", "opening_rule").execute(unit.sql()).await?;
    Ok(())
}

/// Has the slots of a site's rules made again from a day on; tells which rules.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn make_again(unit: &mut Unit<'_>, site: SiteId, from: NaiveDate) -> Result<Vec<OpeningRuleId>> {
    let query = sqlx::query_scalar!(
        "UPDATE opening_rule SET made_until = $2::date - 1 WHERE site_id = $1 AND made_until >= $2 RETURNING id",
        site.0,
        from,
    );
    let ids = query.with_operation("UPDATE", "opening_rule").fetch_all(unit.sql()).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Finds a rule, whosever it is; of `own` alone, and as it was in `version`, when these are given.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find(
    unit: &mut Unit<'_>,
    id: OpeningRuleId,
    own: Option<OrganisationId>,
    version: Option<i64>,
) -> Result<Option<OpeningRule>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, o.version, r.site_id, s.organisation_id, r.weekdays, r.from_minute, r.until_minute, r.slot_minutes,
                  r.seats, r.walk_in_seats, r.wheelchair_access, r.interpreter_languages, r.valid_from, o.valid_until,
                  r.advance_days, r.made_until, r.create_time, o.at AS update_time,
                  ARRAY(SELECT v.system FROM opening_rule_service v WHERE v.rule_id = r.id ORDER BY v.system, v.code)
                      AS "systems!",
                  ARRAY(SELECT v.code FROM opening_rule_service v WHERE v.rule_id = r.id ORDER BY v.system, v.code) AS "codes!"
           FROM opening_rule r JOIN site s ON s.id = r.site_id
           JOIN opening_rule_version o ON o.rule_id = r.id AND o.version = COALESCE($3, r.version)
           WHERE r.id = $1 AND ($2::uuid IS NULL OR s.organisation_id = $2)"#,
        id.0,
        own.map(|own| own.0),
        version,
    );
    let row = query.with_operation("SELECT", "opening_rule").fetch_optional(unit.sql()).await?;
    Ok(row.map(OpeningRule::from))
}

/// Gets a rule of a site of the caller's organisation; as it was in `version`, when that is given.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_own(unit: &mut Unit<'_>, id: OpeningRuleId, version: Option<i64>) -> Result<OpeningRule> {
    let own = unit.caller()?.acting_organisation()?;
    find(unit, id, Some(own), version).await?.ok_or_else(|| Error::not_found(id))
}

/// Lists the rules of a site, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, site: SiteId, page: &PageRequest) -> Result<Vec<OpeningRule>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.version, r.site_id, s.organisation_id, r.weekdays, r.from_minute, r.until_minute, r.slot_minutes,
                  r.seats, r.walk_in_seats, r.wheelchair_access, r.interpreter_languages, r.valid_from, r.valid_until,
                  r.advance_days, r.made_until, r.create_time, r.update_time,
                  ARRAY(SELECT v.system FROM opening_rule_service v WHERE v.rule_id = r.id ORDER BY v.system, v.code)
                      AS "systems!",
                  ARRAY(SELECT v.code FROM opening_rule_service v WHERE v.rule_id = r.id ORDER BY v.system, v.code) AS "codes!"
           FROM opening_rule r JOIN site s ON s.id = r.site_id
           WHERE r.site_id = $1 AND (r.create_time, r.id) < ($2, $3)
           ORDER BY r.create_time DESC, r.id DESC LIMIT $4"#,
        site.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "opening_rule").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(OpeningRule::from).collect())
}
