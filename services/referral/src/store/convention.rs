//! Conventions with the terms of a version.

mod chain;
mod days;
mod expense;
mod kept;
mod life;
mod meter;
mod meter_usage;
mod metered;
mod row;
mod staff_time;
mod usage;

pub use chain::{chain_of, list_signed};
pub use days::settle_days;
pub use expense::{counter_expense, find_expense, insert_expense};
pub use kept::{keep, kept};
pub use life::{save, save_signature};
pub use meter::{
    Asked, Moving, Settled, adopt_terms, find_promise, judging_version, list_full, list_shortfalls, meter_site,
    read_meters, settle_meters,
};
pub use meter_usage::{count_near_limit, list_given, list_meters, list_told, recount_meters};
pub use metered::{Metered, metered};
pub use row::Found;
pub use staff_time::{find_staff_time, insert_staff_time, insert_staff_time_step};
pub use usage::{Acts, Entries, counter_report, list_entries_of, list_figures, recount};

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    error::{Violation, broken_constraint},
    ids::{Child, ConventionId, OrganisationId, SiteId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;

use self::row::Row;
use crate::domain::convention::{Conditions, Convention, Line, Party, ServiceTerm, Terms, Version};

/// Enters a convention, without its terms.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn insert(unit: &mut Unit<'_>, draft: &Convention) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO convention (id, display_name, state, version, terms_version, create_time, renews_id, chain_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        draft.id.0,
        draft.display_name,
        draft.state.as_str(),
        draft.version,
        draft.terms_version,
        draft.create_time,
        draft.renews.map(|renewed| renewed.0),
        draft.renews.map(|_| draft.chain.0),
    );
    query.with_operation("INSERT", "convention").execute(unit.sql()).await?;
    Ok(())
}

/// Enters terms of a convention under their number, in one statement. From when on they judge is said of an amendment alone.
///
/// # Errors
/// INVALID_ARGUMENT when a party, a site or the unit that receives results is not in the directory.
pub async fn insert_terms(
    unit: &mut Unit<'_>,
    (id, number): (ConventionId, i64),
    terms: &Terms,
    effective_date: Option<NaiveDate>,
) -> Result<()> {
    let (parties, services, lines) = (Json(&terms.parties), Json(&terms.services), Json(&terms.lines));
    let (sites, conditions) = (Json(&terms.sites), Json(&terms.conditions));
    let recipient = terms.conditions.recipients.unit();
    let query = sqlx::query!(
        "WITH t AS (
             INSERT INTO convention_terms (convention_id, version, start_date, end_date, effective_date, exclusive, conditions,
                 recipient_organisation_id, recipient_unit_id)
             VALUES ($1, $7, $8, $9, $2, $3, $4, $5, $6)
         ), e AS (
             INSERT INTO convention_site (convention_id, version, organisation_id, site_id, position)
             SELECT $1, $7, (e.value->>'organisation')::uuid, (e.value->>'id')::uuid, e.position
             FROM jsonb_array_elements($13) WITH ORDINALITY AS e(value, position)
         ), p AS (
             INSERT INTO convention_party (convention_id, version, organisation_id, role, position)
             SELECT $1, $7, (p.value->>'organisation')::uuid, p.value->>'role', p.position
             FROM jsonb_array_elements($10) WITH ORDINALITY AS p(value, position)
         ), s AS (
             INSERT INTO convention_service (convention_id, version, system, code, code_version, display, bearer, position)
             SELECT $1, $7, s.value->'code'->>'system', s.value->'code'->>'code', s.value->'code'->>'version',
                    s.value->'code'->>'display', s.value->>'bearer', s.position
             FROM jsonb_array_elements($11) WITH ORDINALITY AS s(value, position)
         )
         INSERT INTO convention_line (convention_id, version, line_id, measure, kind, position, committed, currency, per, scope,
                                      reserve_at, on_exhausted, counted_from)
         SELECT $1, $7, l.value->>'line_id', l.value->>'measure', l.value->>'kind', l.position,
                (l.value->>'committed')::bigint, l.value->>'currency', l.value->>'per', l.value->>'scope',
                l.value->>'reserve_at', l.value->>'on_exhausted', l.value->>'counted_from'
         FROM jsonb_array_elements($12) WITH ORDINALITY AS l(value, position)",
        id.0,
        effective_date,
        terms.exclusive,
        conditions as _,
        recipient.map(|unit| unit.organisation.0),
        recipient.map(|unit| unit.id.0),
        number,
        terms.start_date,
        terms.end_date,
        parties as _,
        services as _,
        lines as _,
        sites as _,
    );
    let done = query.with_operation("INSERT", "convention_terms").execute(unit.sql()).await;
    done.map(|_| ()).map_err(not_in_the_directory)
}

fn not_in_the_directory(error: sqlx::Error) -> Error {
    let field = |name: &str, rule: &str| Error::invalid(vec![Violation::new(format!("convention.terms.{name}"), rule)]);
    match broken_constraint(&error) {
        Some("convention_party_organisation_id_fkey") => field("parties", "must name organisations of the directory"),
        Some("convention_site_organisation_id_site_id_fkey") => field("sites", "must name sites of the directory"),
        Some("convention_terms_recipient_fkey") => field("recipients.unit", "must be a unit of the directory"),
        _ => error.into(),
    }
}

/// Finds a convention with the terms that were signed last, or those of the draft; without what is open beside them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find(unit: &mut Unit<'_>, id: ConventionId) -> Result<Option<Convention>> {
    Ok(find_at(unit, id, None).await?.map(|found| found.convention))
}

/// As [`find`], as it is, or as it was in `version`.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_at(unit: &mut Unit<'_>, id: ConventionId, version: Option<i64>) -> Result<Option<Found>> {
    select(unit, id, (version, None)).await
}

/// Gets a convention with the terms of a number.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_version(unit: &mut Unit<'_>, id: ConventionId, number: i64) -> Result<Convention> {
    let found = select(unit, id, (None, Some(number))).await?;
    found.map(|found| found.convention).ok_or_else(|| Error::not_found(id))
}

/// The convention with what is open beside it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn whole(unit: &mut Unit<'_>, Found { convention, open }: Found) -> Result<Convention> {
    let Some(number) = open else { return Ok(convention) };
    // It was open then, whatever became of it since.
    let amendment = Version { signature_date: None, ..get_version(unit, convention.id, number).await?.into_version() };
    Ok(Convention { amendment: Some(Box::new(amendment)), ..convention })
}

async fn select(
    unit: &mut Unit<'_>,
    id: ConventionId,
    (version, number): (Option<i64>, Option<i64>),
) -> Result<Option<Found>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT c.id, h.display_name AS "display_name!", h.state AS "state!", h.halted AS "halted!", h.version AS "version!",
                  COALESCE($3, h.terms_version) AS "terms_version!", h.open_version AS "open_version?", c.renews_id,
                  COALESCE(c.chain_id, c.id) AS "chain_id!",
                  EXISTS (SELECT FROM convention n WHERE n.renews_id = c.id AND n.state <> 'draft') AS "renewed!",
                  (SELECT max(m.version) FROM convention_terms m WHERE m.convention_id = c.id) AS "entered!",
                  h.last_day AS "last_day?", h.reason AS "reason!", c.create_time, h.update_time AS "update_time!",
                  COALESCE(t.effective_date, t.start_date) AS "effective_date!", t.start_date, t.end_date, t.exclusive,
                  g.signature_date AS "signature_date?",
                  t.conditions AS "conditions: Json<Conditions>",
                  (SELECT jsonb_agg(jsonb_build_object('organisation', e.organisation_id, 'id', e.site_id)
                                    ORDER BY e.position)
                   FROM convention_site e WHERE e.convention_id = c.id AND e.version = t.version)
                      AS "sites: Json<Vec<Child<SiteId>>>",
                  (SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'role', p.role)
                                    ORDER BY p.position)
                   FROM convention_party p WHERE p.convention_id = c.id AND p.version = t.version)
                      AS "parties!: Json<Vec<Party>>",
                  (SELECT jsonb_agg(jsonb_build_object('code', jsonb_build_object('system', s.system, 'code', s.code,
                                    'version', s.code_version, 'display', s.display), 'bearer', s.bearer)
                                    ORDER BY s.position)
                   FROM convention_service s WHERE s.convention_id = c.id AND s.version = t.version)
                      AS "services!: Json<Vec<ServiceTerm>>",
                  (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position)
                   FROM convention_line l WHERE l.convention_id = c.id AND l.version = t.version)
                      AS "lines!: Json<Vec<Line>>"
           FROM convention c
           CROSS JOIN LATERAL (
               SELECT c.display_name, c.state, c.halted, c.version, c.terms_version, c.open_version, c.last_day, c.reason,
                      COALESCE(c.update_time, c.create_time) AS update_time
               WHERE COALESCE($2, c.version) = c.version
               UNION ALL
               SELECT o.display_name, o.state, o.halted, o.version, o.terms_version, o.open_version, o.last_day, o.reason,
                      o.update_time
               FROM convention_past o WHERE o.convention_id = c.id AND o.version = $2) h
           JOIN convention_terms t ON t.convention_id = c.id
               AND t.version = COALESCE($3, NULLIF(h.terms_version, 0), h.open_version, 1)
           LEFT JOIN convention_signature g ON g.convention_id = c.id AND g.version = t.version AND h.terms_version > 0
           WHERE c.id = $1"#,
        id.0,
        version,
        number,
    );
    let row = query.with_operation("SELECT", "convention").fetch_optional(unit.sql()).await?;
    row.map(Found::try_from).transpose()
}

/// The conditions of a version of a convention's terms, which never change.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_conditions(unit: &mut Unit<'_>, id: ConventionId, version: i64) -> Result<Option<Conditions>> {
    let query = sqlx::query_scalar!(
        r#"SELECT conditions AS "conditions: Json<Conditions>" FROM convention_terms
           WHERE convention_id = $1 AND version = $2"#,
        id.0,
        version,
    );
    let found = query.with_operation("SELECT", "convention_terms").fetch_optional(unit.sql()).await?;
    Ok(found.map(|conditions| conditions.0))
}

/// Lists conventions, the most recent first: those of `party`, or all.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, party: Option<OrganisationId>, page: &PageRequest) -> Result<Vec<Found>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.display_name, c.state, c.halted, c.version, c.terms_version, c.open_version, c.renews_id,
                  COALESCE(c.chain_id, c.id) AS "chain_id!",
                  EXISTS (SELECT FROM convention n WHERE n.renews_id = c.id AND n.state <> 'draft') AS "renewed!",
                  (SELECT max(m.version) FROM convention_terms m WHERE m.convention_id = c.id) AS "entered!",
                  c.last_day, c.reason, c.create_time, COALESCE(c.update_time, c.create_time) AS "update_time!",
                  COALESCE(t.effective_date, t.start_date) AS "effective_date!", t.start_date, t.end_date, t.exclusive,
                  g.signature_date AS "signature_date?",
                  t.conditions AS "conditions: Json<Conditions>",
                  (SELECT jsonb_agg(jsonb_build_object('organisation', e.organisation_id, 'id', e.site_id)
                                    ORDER BY e.position)
                   FROM convention_site e WHERE e.convention_id = c.id AND e.version = t.version)
                      AS "sites: Json<Vec<Child<SiteId>>>",
                  (SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'role', p.role)
                                    ORDER BY p.position)
                   FROM convention_party p WHERE p.convention_id = c.id AND p.version = t.version)
                      AS "parties!: Json<Vec<Party>>",
                  (SELECT jsonb_agg(jsonb_build_object('code', jsonb_build_object('system', s.system, 'code', s.code,
                                    'version', s.code_version, 'display', s.display), 'bearer', s.bearer)
                                    ORDER BY s.position)
                   FROM convention_service s WHERE s.convention_id = c.id AND s.version = t.version)
                      AS "services!: Json<Vec<ServiceTerm>>",
                  (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position)
                   FROM convention_line l WHERE l.convention_id = c.id AND l.version = t.version)
                      AS "lines!: Json<Vec<Line>>"
           FROM convention c
           JOIN convention_terms t ON t.convention_id = c.id
               AND t.version = COALESCE(NULLIF(c.terms_version, 0), c.open_version, 1)
           LEFT JOIN convention_signature g ON g.convention_id = c.id AND g.version = t.version
           WHERE (c.create_time, c.id) < ($1, $2)
             AND ($3::uuid IS NULL OR EXISTS (
                 SELECT FROM convention_party p
                 WHERE p.organisation_id = $3 AND p.convention_id = c.id AND p.version = t.version))
           ORDER BY c.create_time DESC, c.id DESC LIMIT $4"#,
        page.after.time,
        page.after.id,
        party.map(|organisation| organisation.0),
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "convention").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Found::try_from).collect()
}
