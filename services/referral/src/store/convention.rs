//! Conventions with the terms of their version.

mod kept;
mod usage;

pub use kept::{keep, kept};
pub use usage::{Acts, Entries, counter_report, list_entries_of, list_figures, recount};

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::Unit,
    error::{Violation, broken_constraint},
    ids::{Child, ConventionId, OrganisationId, SiteId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::convention::{Conditions, Convention, Line, Party, ServiceTerm, State, Terms};

/// Terms stand under version 1 from the draft on: signing puts them in force and changes none of them.
const FIRST: i64 = 1;

struct Row {
    id: Uuid,
    display_name: String,
    state: String,
    version: i64,
    terms_version: i64,
    create_time: DateTime<Utc>,
    start_date: NaiveDate,
    end_date: NaiveDate,
    signature_date: Option<NaiveDate>,
    parties: Json<Vec<Party>>,
    services: Json<Vec<ServiceTerm>>,
    lines: Json<Vec<Line>>,
    sites: Option<Json<Vec<Child<SiteId>>>>,
    conditions: Json<Conditions>,
}

impl TryFrom<Row> for Convention {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let terms = Terms {
            parties: row.parties.0,
            services: row.services.0,
            lines: row.lines.0,
            start_date: row.start_date,
            end_date: row.end_date,
            sites: row.sites.map(|sites| sites.0).unwrap_or_default(),
            conditions: row.conditions.0,
        };
        Ok(Self {
            id: row.id.into(),
            display_name: row.display_name,
            state: State::stored(&row.state)?,
            version: row.version,
            terms_version: row.terms_version,
            terms,
            signature_date: row.signature_date,
            create_time: row.create_time,
        })
    }
}

/// Enters a draft with its terms, in one statement.
///
/// # Errors
/// INVALID_ARGUMENT when a party, a site or the unit that receives results is not in the directory.
pub async fn insert(unit: &mut Unit<'_>, convention: &Convention) -> Result<()> {
    let terms = &convention.terms;
    let (parties, services, lines) = (Json(&terms.parties), Json(&terms.services), Json(&terms.lines));
    let (sites, conditions) = (Json(&terms.sites), Json(&terms.conditions));
    let recipient = terms.conditions.recipients.unit();
    let query = sqlx::query!(
        "WITH c AS (
             INSERT INTO convention (id, display_name, state, version, terms_version, create_time)
             VALUES ($1, $2, $3, $4, $5, $6)
         ), t AS (
             INSERT INTO convention_terms (convention_id, version, start_date, end_date, conditions,
                 recipient_organisation_id, recipient_unit_id)
             VALUES ($1, $7, $8, $9, $14, $15, $16)
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
         INSERT INTO convention_line (convention_id, version, line_id, measure, kind, position)
         SELECT $1, $7, l.value->>'line_id', l.value->>'measure', l.value->>'kind', l.position
         FROM jsonb_array_elements($12) WITH ORDINALITY AS l(value, position)",
        convention.id.0,
        convention.display_name,
        convention.state.as_str(),
        convention.version,
        convention.terms_version,
        convention.create_time,
        FIRST,
        terms.start_date,
        terms.end_date,
        parties as _,
        services as _,
        lines as _,
        sites as _,
        conditions as _,
        recipient.map(|unit| unit.organisation.0),
        recipient.map(|unit| unit.id.0),
    );
    let done = query.with_operation("INSERT", "convention").execute(unit.sql()).await;
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

/// Keeps a signature: the convention's next version, and the day beside the terms.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save_signature(unit: &mut Unit<'_>, signed: &Convention) -> Result<()> {
    let query = sqlx::query!(
        "WITH c AS (
             UPDATE convention SET state = $2, version = $3, terms_version = $4
             WHERE id = $1 AND version = $3::bigint - 1 RETURNING id
         )
         INSERT INTO convention_signature (convention_id, version, signature_date) SELECT c.id, $4, $5 FROM c",
        signed.id.0,
        signed.state.as_str(),
        signed.version,
        signed.terms_version,
        signed.signature_date,
    );
    let done = query.with_operation("UPDATE", "convention").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Finds a convention with its terms.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find(unit: &mut Unit<'_>, id: ConventionId) -> Result<Option<Convention>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.display_name, c.state, c.version, c.terms_version, c.create_time, t.start_date, t.end_date,
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
                  (SELECT jsonb_agg(jsonb_build_object('line_id', l.line_id, 'measure', l.measure, 'kind', l.kind)
                                    ORDER BY l.position)
                   FROM convention_line l WHERE l.convention_id = c.id AND l.version = t.version)
                      AS "lines!: Json<Vec<Line>>"
           FROM convention c
           JOIN convention_terms t ON t.convention_id = c.id AND t.version = $2
           LEFT JOIN convention_signature g ON g.convention_id = c.id AND g.version = t.version
           WHERE c.id = $1"#,
        id.0,
        FIRST,
    );
    let row = query.with_operation("SELECT", "convention").fetch_optional(unit.sql()).await?;
    row.map(Convention::try_from).transpose()
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
pub async fn list(unit: &mut Unit<'_>, party: Option<OrganisationId>, page: &PageRequest) -> Result<Vec<Convention>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.display_name, c.state, c.version, c.terms_version, c.create_time, t.start_date, t.end_date,
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
                  (SELECT jsonb_agg(jsonb_build_object('line_id', l.line_id, 'measure', l.measure, 'kind', l.kind)
                                    ORDER BY l.position)
                   FROM convention_line l WHERE l.convention_id = c.id AND l.version = t.version)
                      AS "lines!: Json<Vec<Line>>"
           FROM convention c
           JOIN convention_terms t ON t.convention_id = c.id AND t.version = $5
           LEFT JOIN convention_signature g ON g.convention_id = c.id AND g.version = t.version
           WHERE (c.create_time, c.id) < ($1, $2)
             AND ($3::uuid IS NULL OR EXISTS (
                 SELECT FROM convention_party p WHERE p.organisation_id = $3 AND p.convention_id = c.id))
           ORDER BY c.create_time DESC, c.id DESC LIMIT $4"#,
        page.after.time,
        page.after.id,
        party.map(|organisation| organisation.0),
        page.limit(),
        FIRST,
    );
    let rows = query.with_operation("SELECT", "convention").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Convention::try_from).collect()
}
