//! The ledger of what was given, and its sums.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::{Child, ConventionId, ReferralId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::convention::{Difference, Figure, LedgerEntry, Period, Recount};

/// What a version of a report was the first to tell as done.
#[derive(Debug, Clone)]
pub struct Acts {
    /// Under whose convention it was done.
    pub referral: ReferralId,
    /// The report.
    pub report: Uuid,
    /// Its version.
    pub report_version: i64,
    /// Where.
    pub site: Option<SiteId>,
    /// When, by the site's calendar.
    pub local_date: NaiveDate,
    /// How many.
    pub quantity: i64,
}

/// Entries of a whole batch, written with their sums by one statement: each once, on every line of the convention that counts
/// acts as reports tell them. One for a referral that does not exist is refused: the message is held back. What was done at a site that is none of the
/// provider's was given all the same: it is counted where no site is named, and holds nothing up.
#[derive(Debug, Default)]
pub struct Entries(Vec<Acts>);

impl Entries {
    /// Notes an entry.
    pub fn note(&mut self, acts: Acts) {
        self.0.push(acts);
    }
}

impl Rows for Entries {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let now = unit.now();
        let column = |value: fn(&Acts) -> Uuid| self.0.iter().map(value).collect::<Vec<_>>();
        let sites: Vec<_> = self.0.iter().map(|acts| acts.site.map(|site| site.0)).collect();
        let versions: Vec<_> = self.0.iter().map(|acts| acts.report_version).collect();
        let dates: Vec<_> = self.0.iter().map(|acts| acts.local_date).collect();
        let quantities: Vec<_> = self.0.iter().map(|acts| acts.quantity).collect();
        let query = sqlx::query!(
            "WITH entered AS (
                 INSERT INTO usage_entry (id, convention_id, convention_version, line_id, referral_id, report_id,
                     report_version, site_id, local_date, quantity, entry_time)
                 SELECT n.id, r.convention_id, r.convention_version, l.line_id, n.referral, n.report, n.version, e.id,
                        n.local_date, n.quantity, $8
                 FROM (SELECT gen_random_uuid() AS id, n.* FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[],
                           $5::date[], $6::bigint[]) AS n(referral, report, version, site, local_date, quantity)) n
                 LEFT JOIN referral r ON r.id = n.referral
                 LEFT JOIN convention_line l ON l.convention_id = r.convention_id AND l.version = r.convention_version
                     AND l.measure = 'acts' AND l.counted_from = 'report'
                 LEFT JOIN site e ON e.id = n.site AND e.organisation_id = r.provider_id
                 -- A referral that does not exist breaks NOT NULL.
                 WHERE r.id IS NULL OR l.line_id IS NOT NULL
                 ON CONFLICT (report_id, report_version, convention_id, line_id) WHERE counters IS NULL DO NOTHING
                 RETURNING convention_id, line_id, date_trunc('month', local_date)::date AS month,
                     COALESCE(site_id, $7) AS site_id, quantity
             )
             INSERT INTO usage_sum (convention_id, line_id, month, site_id, quantity)
             SELECT convention_id, line_id, month, site_id, sum(quantity)::bigint FROM entered
             GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
             ON CONFLICT (convention_id, line_id, month, site_id)
                 DO UPDATE SET quantity = usage_sum.quantity + EXCLUDED.quantity",
            &column(|acts| acts.referral.0),
            &column(|acts| acts.report),
            &versions,
            &sites as _,
            &dates,
            &quantities,
            Uuid::nil(),
            now,
        );
        query.with_operation("INSERT", "usage_entry").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Takes back all that a report counted: an entry against each, never a change.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn counter_report(unit: &mut Unit<'_>, report: Uuid, report_version: i64) -> Result<()> {
    // What was left for the end of the unit may be of this very report.
    unit.settle().await?;
    let now = unit.now();
    let query = sqlx::query!(
        "WITH entered AS (
             INSERT INTO usage_entry (id, convention_id, convention_version, line_id, referral_id, report_id, report_version,
                 site_id, local_date, quantity, counters, entry_time)
             SELECT gen_random_uuid(), convention_id, convention_version, line_id, referral_id, report_id, $2, site_id,
                    local_date, -quantity, id, $4
             FROM usage_entry WHERE report_id = $1 AND counters IS NULL
             ON CONFLICT (counters) DO NOTHING
             RETURNING convention_id, line_id, date_trunc('month', local_date)::date AS month,
                 COALESCE(site_id, $3) AS site_id, quantity
         )
         INSERT INTO usage_sum (convention_id, line_id, month, site_id, quantity)
         SELECT convention_id, line_id, month, site_id, sum(quantity)::bigint FROM entered
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
         ON CONFLICT (convention_id, line_id, month, site_id)
             DO UPDATE SET quantity = usage_sum.quantity + EXCLUDED.quantity",
        report,
        report_version,
        Uuid::nil(),
        now,
    );
    query.with_operation("INSERT", "usage_entry").execute(unit.sql()).await?;
    Ok(())
}

/// What was given under a line, by month and site, `limit` figures at most.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_figures(
    unit: &mut Unit<'_>,
    (convention, line_id): (ConventionId, &str),
    period: Period,
    limit: i64,
) -> Result<Vec<Figure>> {
    let query = sqlx::query!(
        r#"SELECT s.month, s.quantity, e.id AS "site_id?", e.organisation_id AS "organisation_id?"
           FROM usage_sum s LEFT JOIN site e ON e.id = s.site_id
           WHERE s.convention_id = $1 AND s.line_id = $2 AND s.month BETWEEN $3 AND $4
           ORDER BY s.month, s.site_id LIMIT $5"#,
        convention.0,
        line_id,
        period.first,
        period.last,
        limit,
    );
    let rows = query.with_operation("SELECT", "usage_sum").fetch_all(unit.sql()).await?;
    let figure = |month, site: Option<(Uuid, Uuid)>, quantity| Figure { month, site: site.map(place), quantity };
    Ok(rows.into_iter().map(|row| figure(row.month, row.organisation_id.zip(row.site_id), row.quantity)).collect())
}

/// What was counted of some referrals that the caller's organisation sent, in the order in which it was entered.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_entries_of(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<Vec<LedgerEntry>> {
    let query = sqlx::query!(
        r#"SELECT u.convention_id, u.convention_version, u.line_id, u.referral_id, u.report_id, u.report_version,
                  u.local_date, u.quantity, u.entry_time, e.id AS "site_id?", e.organisation_id AS "organisation_id?"
           FROM usage_entry u LEFT JOIN site e ON e.id = u.site_id
           WHERE u.referral_id = ANY($1) ORDER BY u.entry_time, u.id"#,
        referrals,
    );
    let rows = query.with_operation("SELECT", "usage_entry").fetch_all(unit.sql()).await?;
    let entries = rows.into_iter().map(|row| LedgerEntry {
        convention: (row.convention_id.into(), row.convention_version),
        line_id: row.line_id,
        referral: row.referral_id.into(),
        report: (row.report_id.into(), row.report_version),
        site: row.organisation_id.zip(row.site_id).map(place),
        local_date: row.local_date,
        quantity: row.quantity,
        entry_time: row.entry_time,
    });
    Ok(entries.collect())
}

/// Adds up a convention's entries anew and holds the sums against them, `limit` differences at most.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn recount(unit: &mut Unit<'_>, convention: ConventionId, limit: i64) -> Result<Recount> {
    let query = sqlx::query!(
        r#"SELECT count(*) AS "entries!", COALESCE(sum(quantity), 0)::bigint AS "total!"
           FROM usage_entry WHERE convention_id = $1"#,
        convention.0,
    );
    let all = query.with_operation("SELECT", "usage_entry").fetch_one(unit.sql()).await?;
    let query = sqlx::query!(
        r#"WITH counted AS (
               SELECT line_id, date_trunc('month', local_date)::date AS month, COALESCE(site_id, $2) AS site_id,
                      sum(quantity)::bigint AS quantity
               FROM usage_entry WHERE convention_id = $1 GROUP BY 1, 2, 3
           ), reported AS (
               SELECT line_id, month, site_id, quantity FROM usage_sum WHERE convention_id = $1
           )
           SELECT line_id AS "line_id!", month AS "month!", COALESCE(reported.quantity, 0) AS "reported!",
                  COALESCE(counted.quantity, 0) AS "counted!", e.id AS "site_id?", e.organisation_id AS "organisation_id?"
           FROM counted FULL JOIN reported USING (line_id, month, site_id) LEFT JOIN site e ON e.id = site_id
           WHERE counted.quantity IS DISTINCT FROM reported.quantity
           ORDER BY line_id, month, site_id LIMIT $3"#,
        convention.0,
        Uuid::nil(),
        limit,
    );
    let rows = query.with_operation("SELECT", "usage_entry").fetch_all(unit.sql()).await?;
    let differences = rows.into_iter().map(|row| {
        let site = row.organisation_id.zip(row.site_id).map(place);
        let reported = Figure { month: row.month, site, quantity: row.reported };
        Difference { line_id: row.line_id, figure: "given".into(), reported, counted: row.counted }
    });
    Ok(Recount { entries: all.entries, total: all.total, differences: differences.collect() })
}

fn place((organisation, site): (Uuid, Uuid)) -> Child<SiteId> {
    Child::new(organisation.into(), site.into())
}
