//! Rows in bulk, and what the commit times tell. As the administrator: this is no client of any service.

use anyhow::Result;
use chrono::{DateTime, Utc};
use relais_platform::{broker::envelope::Envelope, ids::ReferralId};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::limit::Sizes;
use crate::Suite;

/// Rows that one statement inserts.
const STRETCH: usize = 5_000;

/// Referrals that one statement makes with all that is kept of them.
const KEPT_AT_ONCE: usize = 50_000;

/// A statement that makes referrals from one number to another, of two hundred organisations, each twice as many as it sends.
pub fn insert_kept(from: usize, to: usize) -> String {
    format!(
        "WITH made AS (
             SELECT gen_random_uuid() AS id, n, md5('organisation ' || n % 200)::uuid AS referrer,
                    md5('organisation ' || (n + 1) % 200)::uuid AS provider, md5('patient ' || n / 4)::uuid AS patient,
                    now() - n * interval '10 s' AS at
             FROM generate_series({from}, {to}) AS n
         ), referrals AS (
             INSERT INTO referral.referral (id, number, state, version, convention_id, convention_version, service_system,
                 service_code, referrer_id, patient_id, provider_id, requested_date, priority, create_time, update_time,
                 owner_id, due_at, situation)
             SELECT id, to_char(n, 'FM0000\"-\"0000\"-\"000'), 'submitted', 1, gen_random_uuid(), 1, 'http://loinc.org', '24323-8',
                    referrer, patient, provider, '2026-05-04', 'routine', at, at, provider, at + interval '5 days', '{{}}'
             FROM made
         ), parties AS (
             INSERT INTO referral.referral_party (referral_id, organisation_id, capacity, create_time, referrer_id)
             SELECT id, referrer, 'referrer', at, referrer FROM made UNION ALL
             SELECT id, provider, 'provider', at, referrer FROM made
         ), steps AS (
             INSERT INTO referral.referral_transition (referral_id, version, state, at, actor)
             SELECT id, 1, 'submitted', at, 'somebody' FROM made
         ), patients AS (
             INSERT INTO referral.patient (id, organisation_id, create_time)
             SELECT patient, referrer, at FROM made WHERE n % 4 = 0
         )
         INSERT INTO referral.patient_token (organisation_id, patient_id, kind, token)
         SELECT referrer, patient, 'name', decode(md5(patient::text || t), 'hex')
         FROM made, generate_series(1, 4) AS t WHERE n % 4 = 0"
    )
}

/// A connection to a suite's database, for all schemas.
pub(super) struct Rows(PgConnection);

impl Rows {
    pub(super) async fn connect(suite: &Suite) -> Result<Self> {
        let options: PgConnectOptions = suite.servers.database_url.as_str().parse()?;
        Ok(Self(options.database(&suite.name).connect().await?))
    }

    /// Puts events into referral's outbox in one transaction: they are there all at once.
    pub(super) async fn fill_outbox(&mut self, events: &[Envelope]) -> Result<()> {
        let mut transaction = self.0.begin().await?;
        for events in events.chunks(STRETCH) {
            let query = sqlx::query(
                "INSERT INTO referral.outbox (id, type, aggregate_kind, aggregate_id, version, time, payload, trace)
                 SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[],
                                      $7::bytea[], $8::jsonb[])",
            );
            query
                .bind(events.iter().map(|event| event.id).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.type_name.as_str()).collect::<Vec<_>>())
                .bind(events.iter().map(Envelope::aggregate_kind).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.aggregate_id).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.time).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.payload.as_slice()).collect::<Vec<_>>())
                .bind(events.iter().map(|event| event.trace.clone()).collect::<Vec<_>>())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Makes referrals without all that they stand on: for whoever needs them only to be there.
    pub(super) async fn insert_referrals(&mut self, ids: &[ReferralId]) -> Result<()> {
        self.0.execute("SET session_replication_role = replica").await?; // foreign keys are not looked at
        for (index, ids) in ids.chunks(STRETCH).enumerate() {
            let query = sqlx::query(
                "INSERT INTO referral.referral (id, number, state, version, convention_id, convention_version,
                     service_system, service_code, referrer_id, patient_id, provider_id, requested_date, priority,
                     create_time, update_time)
                 SELECT id, to_char($2 + ordinality, 'FM0000\"-\"0000\"-\"000'), 'submitted', 1, gen_random_uuid(), 1,
                        'http://loinc.org', '24323-8', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                        '2026-05-04', 'routine', now(), now()
                 FROM unnest($1::uuid[]) WITH ORDINALITY AS given(id)",
            );
            let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            query.bind(ids).bind(i64::try_from(index * STRETCH)?).execute(&mut self.0).await?;
        }
        self.0.execute("RESET session_replication_role").await?;
        Ok(())
    }

    /// Makes parties of the referrals that have none, two for each out of two hundred organisations.
    pub(super) async fn insert_parties(&mut self) -> Result<()> {
        self.0.execute("SET session_replication_role = replica").await?;
        let inserting =
            "INSERT INTO referral.referral_party (referral_id, organisation_id, capacity, create_time, referrer_id)
             SELECT r.id, md5((ascii(right(r.id::text, 1)) * side + ascii(right(r.id::text, 2)))::text)::uuid,
                    CASE side WHEN 1 THEN 'referrer' ELSE 'provider' END, r.create_time, r.referrer_id
             FROM referral.referral r, generate_series(1, 2) AS side
             WHERE NOT EXISTS (SELECT FROM referral.referral_party p WHERE p.referral_id = r.id)
             ON CONFLICT DO NOTHING";
        self.0.execute(inserting).await?;
        self.0.execute("RESET session_replication_role").await?;
        Ok(())
    }

    /// Makes referrals of two hundred organisations as they are kept: each with two parties and its first step, a patient for every
    /// fourth, and four tokens by which that one is found.
    pub(super) async fn insert_kept(&mut self, count: usize) -> Result<()> {
        self.0.execute("SET session_replication_role = replica").await?; // foreign keys are not looked at
        for from in (0..count).step_by(KEPT_AT_ONCE) {
            let to = count.min(from + KEPT_AT_ONCE) - 1;
            self.0.execute(AssertSqlSafe(insert_kept(from, to))).await?;
        }
        self.0.execute("RESET session_replication_role").await?;
        Ok(())
    }

    /// How many bytes a referral, its first event and a row of the audit take; none when no event has been sent yet.
    pub(super) async fn sizes(&mut self) -> Result<Option<Sizes>> {
        let asking = "SELECT (SELECT avg(pg_column_size(r.*))::int FROM referral.referral r),
                             (SELECT avg(pg_column_size(o.*))::int FROM referral.outbox_sent o
                              WHERE o.type = 'relais.referral.referral.submitted.v1'),
                             (SELECT avg(pg_column_size(a.*))::int FROM referral.audit a WHERE a.referral IS NOT NULL)";
        let (row, event, audit): (Option<i32>, Option<i32>, Option<i32>) =
            sqlx::query_as(asking).fetch_one(&mut self.0).await?;
        let bytes = |size: Option<i32>| size.and_then(|size| usize::try_from(size).ok());
        Ok(bytes(row).zip(bytes(event)).zip(bytes(audit)).map(|((row, event), audit)| Sizes { row, event, audit }))
    }

    /// Ids that a query tells.
    pub(super) async fn ids(&mut self, asking: &'static str) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar(asking).fetch_all(&mut self.0).await?)
    }

    /// Runs statements that tell nothing.
    pub(super) async fn run(&mut self, statements: &'static str) -> Result<()> {
        self.0.execute(statements).await?;
        Ok(())
    }

    /// Brings the planner's figures up to date, as autovacuum would in time.
    pub(super) async fn analyse(&mut self) -> Result<()> {
        self.0.execute("VACUUM ANALYZE").await?;
        Ok(())
    }

    /// Switches the policies of a schema's tables on or off. Plans of running programs are made anew.
    pub(super) async fn policies(&mut self, schema: &str, on: bool) -> Result<()> {
        let asking = "SELECT DISTINCT format('%I.%I', schemaname, tablename) FROM pg_policies WHERE schemaname = $1";
        let tables: Vec<String> = sqlx::query_scalar(asking).bind(schema).fetch_all(&mut self.0).await?;
        let verb = if on { "ENABLE" } else { "DISABLE" };
        for table in tables {
            self.0.execute(AssertSqlSafe(format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY"))).await?;
        }
        Ok(())
    }

    /// How many rows a table has.
    pub(super) async fn count(&mut self, table: &str) -> Result<i64> {
        let counting = format!("SELECT count(*) FROM {table}");
        Ok(sqlx::query_scalar(AssertSqlSafe(counting)).fetch_one(&mut self.0).await?)
    }

    /// How many rows a second were committed, from the first commit of a table to its last.
    pub(super) async fn commit_rate(&mut self, table: &str) -> Result<f64> {
        let asking = format!(
            "WITH rows AS (SELECT pg_xact_commit_timestamp(xmin) AS at FROM {table}),
                  span AS (SELECT min(at) AS first, max(at) AS last FROM rows)
             SELECT (count(*) FILTER (WHERE at > first) / extract(epoch FROM last - first))::float8
             FROM rows, span GROUP BY first, last"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(asking)).fetch_one(&mut self.0).await?)
    }

    /// How many rows of a table were committed within a time.
    pub(super) async fn committed(&mut self, table: &str, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<i64> {
        let counting = format!("SELECT count(*) FROM {table} WHERE pg_xact_commit_timestamp(xmin) BETWEEN $1 AND $2");
        Ok(sqlx::query_scalar(AssertSqlSafe(counting)).bind(from).bind(to).fetch_one(&mut self.0).await?)
    }

    /// Milliseconds from a referral's commit to that of its appointment, for those referrals that were committed within a
    /// time: p50 and p99.
    pub(super) async fn hop(&mut self, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<(f64, f64)> {
        let query = sqlx::query_as(
            "WITH pair AS (
                 SELECT pg_xact_commit_timestamp(r.xmin) AS cause, pg_xact_commit_timestamp(a.xmin) AS effect
                 FROM referral.referral r JOIN scheduling.appointment a ON a.referral_id = r.id
             ), hop AS (
                 SELECT (1000 * extract(epoch FROM effect - cause))::float8 AS ms FROM pair WHERE cause BETWEEN $1 AND $2
             )
             SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.99) WITHIN GROUP (ORDER BY ms)
             FROM hop",
        );
        Ok(query.bind(from).bind(to).fetch_one(&mut self.0).await?)
    }
}
