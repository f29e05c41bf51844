//! What meters tell: as the ledger stood on a day, and whether its sums are those that are shown.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, ConventionId, SiteId},
};
use sqlx::PgConnection;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::convention::{Difference, Figure, Moved, Period};

/// A meter of a line in a period, with what the ledger says of it month by month.
#[derive(Debug)]
pub struct Entered {
    /// The line.
    pub line_id: String,
    /// The site; none: all together.
    pub site: Option<Child<SiteId>>,
    /// What was moved.
    pub moved: Vec<Moved>,
}

/// The meters of some lines, each in the period that begins on its day, by entries until a time.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_meters(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    (lines, starts): (&[String], &[NaiveDate]),
    until: DateTime<Utc>,
) -> Result<Vec<Entered>> {
    let query = sqlx::query!(
        r#"SELECT m.id, m.line_id, e.id AS "site_id?", e.organisation_id AS "organisation_id?",
                  date_trunc('month', t.entry_time AT TIME ZONE 'UTC')::date AS "month!",
                  sum(t.committed)::bigint AS "committed!", sum(t.reserved)::bigint AS "reserved!", sum(t.used)::bigint AS "used!",
                  (-sum(t.reserved) FILTER (WHERE t.kind = 'release'))::bigint AS released
           FROM unnest($2::text[], $3::date[]) AS l(line_id, period_start)
           JOIN meter m ON m.convention_id = $1 AND m.line_id = l.line_id AND m.period_start = l.period_start
           JOIN meter_entry t ON t.meter_id = m.id AND t.entry_time <= $4
           LEFT JOIN site e ON e.id = m.site_id
           GROUP BY m.id, e.id, 5 ORDER BY m.line_id, m.site_id, 5"#,
        convention.0,
        lines,
        starts,
        until,
    );
    let rows = query.with_operation("SELECT", "meter_entry").fetch_all(unit.sql()).await?;
    let mut meters: Vec<(Uuid, Entered)> = Vec::new();
    for row in rows {
        let released = row.released.unwrap_or_default();
        let (month, committed) = (row.month, row.committed);
        let moved = Moved { month, committed, reserved: row.reserved, used: row.used, released };
        match meters.last_mut() {
            Some((id, meter)) if *id == row.id => meter.moved.push(moved),
            _ => {
                let site = row.organisation_id.zip(row.site_id).map(place);
                meters.push((row.id, Entered { line_id: row.line_id, site, moved: vec![moved] }));
            }
        }
    }
    Ok(meters.into_iter().map(|(_, meter)| meter).collect())
}

/// What reports told on a line in a period, by the month in which it was entered, by entries until a time.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_told(
    unit: &mut Unit<'_>,
    (convention, line_id): (ConventionId, &str),
    (first, last): (NaiveDate, NaiveDate),
    until: DateTime<Utc>,
) -> Result<Vec<Moved>> {
    let query = sqlx::query!(
        r#"SELECT date_trunc('month', u.entry_time AT TIME ZONE 'UTC')::date AS "month!", sum(u.quantity)::bigint AS "used!"
           FROM usage_entry u
           WHERE u.convention_id = $1 AND u.line_id = $2 AND u.local_date BETWEEN $3 AND $4 AND u.entry_time <= $5
           GROUP BY 1 ORDER BY 1"#,
        convention.0,
        line_id,
        first,
        last,
        until,
    );
    let rows = query.with_operation("SELECT", "usage_entry").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| Moved { month: row.month, used: row.used, ..Moved::default() }).collect())
}

/// What was given on a line that counts who was seen, by month and site, `limit` figures at most: straight from the ledger.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_given(
    unit: &mut Unit<'_>,
    (convention, line_id): (ConventionId, &str),
    period: Period,
    limit: i64,
) -> Result<Vec<Figure>> {
    let query = sqlx::query!(
        r#"SELECT date_trunc('month', t.local_date)::date AS "month!", e.id AS "site_id?",
                  e.organisation_id AS "organisation_id?", sum(t.used)::bigint AS "quantity!"
           FROM meter_entry t LEFT JOIN site e ON e.id = t.site_id
           WHERE t.convention_id = $1 AND t.line_id = $2 AND t.used <> 0
             AND t.local_date >= $3 AND t.local_date < ($4::date + interval '1 month')
           GROUP BY 1, e.id ORDER BY 1, e.id LIMIT $5"#,
        convention.0,
        line_id,
        period.first,
        period.last,
        limit,
    );
    let rows = query.with_operation("SELECT", "meter_entry").fetch_all(unit.sql()).await?;
    let figures = rows.into_iter().map(|row| {
        let site = row.organisation_id.zip(row.site_id).map(place);
        Figure { month: row.month, site, quantity: row.quantity }
    });
    Ok(figures.filter(|figure| figure.quantity != 0).collect())
}

/// Adds up the entries of a convention's meters anew and holds every shown figure against them, `limit` differences at most. Says how
/// many entries there are, too.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn recount_meters(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    limit: i64,
) -> Result<(i64, Vec<Difference>)> {
    let query =
        sqlx::query_scalar!(r#"SELECT count(*) AS "entries!" FROM meter_entry WHERE convention_id = $1"#, convention.0);
    let entries = query.with_operation("SELECT", "meter_entry").fetch_one(unit.sql()).await?;
    let query = sqlx::query!(
        r#"WITH counted AS (
               SELECT m.id, COALESCE(sum(t.committed), 0)::bigint AS committed, COALESCE(sum(t.reserved), 0)::bigint AS reserved,
                      COALESCE(sum(t.used), 0)::bigint AS used
               FROM meter m LEFT JOIN meter_entry t ON t.meter_id = m.id WHERE m.convention_id = $1 GROUP BY m.id
           ), shown AS (
               SELECT m.id, sum(s.available)::bigint AS available, sum(s.reserved)::bigint AS reserved, sum(s.used)::bigint AS used
               FROM meter m JOIN meter_stripe s ON s.meter_id = m.id WHERE m.convention_id = $1 GROUP BY m.id
           ), placed AS (
               SELECT m.id, COALESCE(sum(p.reserved), 0)::bigint AS reserved, COALESCE(sum(p.used), 0)::bigint AS used
               FROM meter m LEFT JOIN meter_place p ON p.meter_id = m.id WHERE m.convention_id = $1 GROUP BY m.id
           )
           SELECT m.line_id, m.period_start, e.id AS "site_id?", e.organisation_id AS "organisation_id?",
                  f.figure AS "figure!", f.reported AS "reported!", f.counted AS "counted!"
           FROM meter m JOIN counted c USING (id) JOIN shown s USING (id) JOIN placed p USING (id)
           LEFT JOIN site e ON e.id = m.site_id
           CROSS JOIN LATERAL (VALUES
               ('committed', COALESCE(m.committed, 0), c.committed),
               ('reserved', s.reserved, c.reserved), ('used', s.used, c.used),
               ('reserved', p.reserved, c.reserved), ('used', p.used, c.used),
               ('left', s.available, COALESCE(greatest(0, m.committed - c.reserved - c.used), 0)),
               ('beyond', m.beyond, COALESCE(greatest(0, c.reserved + c.used - m.committed), 0))
           ) AS f(figure, reported, counted)
           WHERE f.reported <> f.counted ORDER BY m.line_id, m.period_start, m.site_id, f.figure LIMIT $2"#,
        convention.0,
        limit,
    );
    let rows = query.with_operation("SELECT", "meter_entry").fetch_all(unit.sql()).await?;
    let differences = rows.into_iter().map(|row| {
        let site = row.organisation_id.zip(row.site_id).map(place);
        let reported = Figure { month: row.period_start, site, quantity: row.reported };
        Difference { line_id: row.line_id, figure: row.figure, reported, counted: row.counted }
    });
    Ok((entries, differences.collect()))
}

/// How many meters of firm lines, in the periods that run on a day and under conventions in force, have nine tenths or more of what they
/// commit taken, and how many all of it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_near_limit(connection: &mut PgConnection, today: NaiveDate) -> Result<(i64, i64)> {
    let query = sqlx::query!(
        r#"WITH running AS (
               SELECT m.committed, (SELECT sum(s.reserved + s.used) FROM meter_stripe s WHERE s.meter_id = m.id)::bigint AS taken
               FROM meter m JOIN convention c ON c.id = m.convention_id
               JOIN convention_line l ON l.convention_id = m.convention_id AND l.version = m.terms_version AND l.line_id = m.line_id
               WHERE l.kind = 'firm' AND $1 BETWEEN m.period_start AND m.period_end
                 AND (c.state = 'signed' OR (c.last_day >= $1 AND NOT c.halted))
           )
           SELECT count(*) FILTER (WHERE taken * 10 >= committed * 9) AS "near!", count(*) FILTER (WHERE taken >= committed) AS "full!"
           FROM running"#,
        today,
    );
    let counted = query.fetch_one(connection).await?;
    Ok((counted.near, counted.full))
}

fn place((organisation, site): (Uuid, Uuid)) -> Child<SiteId> {
    Child::new(organisation.into(), site.into())
}
