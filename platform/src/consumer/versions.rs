//! How far a consumer has come with each aggregate: one row each, locked by whoever applies the next version.

use std::collections::HashMap;

use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::{broker::envelope::Envelope, database::Unit, error::Result};

/// The aggregates of a batch, each under lock until the unit ends.
pub(super) struct Versions {
    rows: HashMap<(String, Uuid), Row>,
    /// Whether messages of any of them are held back.
    pub(super) held: bool,
}

struct Row {
    /// What the table says.
    kept: i64,
    consumed: i64,
}

impl Versions {
    /// Locks the rows of sorted envelopes in order, making missing ones. Most aggregates of most batches are new: their rows
    /// are made with the version they will have when all goes well, so that nothing is left to save.
    pub(super) async fn lock(unit: &mut Unit<'_>, consumer: &str, envelopes: &[Envelope]) -> Result<Self> {
        let mut versions = Self { rows: HashMap::with_capacity(envelopes.len()), held: false };
        versions.make_missing(unit, consumer, envelopes).await?;
        let mut known: Vec<_> = envelopes.iter().map(key).filter(|key| !versions.rows.contains_key(key)).collect();
        known.dedup();
        if !known.is_empty() {
            versions.lock_known(unit, consumer, known).await?;
        }
        Ok(versions)
    }

    async fn make_missing(&mut self, unit: &mut Unit<'_>, consumer: &str, envelopes: &[Envelope]) -> Result<()> {
        let (mut kinds, mut ids, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for of_one in envelopes.chunk_by(|a, b| key(a) == key(b)) {
            let (kind, id) = key(&of_one[0]);
            kinds.push(kind);
            ids.push(id);
            ends.push(of_one.iter().fold(0, |end, envelope| end + i64::from(envelope.version == end + 1)));
        }
        let query = sqlx::query!(
            "INSERT INTO consumed_version (consumer, aggregate_kind, aggregate_id, version)
             SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::bigint[])
             ON CONFLICT DO NOTHING RETURNING aggregate_kind, aggregate_id, version",
            consumer,
            &kinds,
            &ids,
            &ends,
        );
        let made = query.with_operation("INSERT", "consumed_version").fetch_all(unit.sql()).await?;
        let row = |kept| Row { kept, consumed: 0 };
        self.rows.extend(made.into_iter().map(|made| ((made.aggregate_kind, made.aggregate_id), row(made.version))));
        Ok(())
    }

    /// One by one, by the index: a join could be planned as a scan of all aggregates there ever were.
    async fn lock_known(&mut self, unit: &mut Unit<'_>, consumer: &str, known: Vec<(String, Uuid)>) -> Result<()> {
        let (kinds, ids): (Vec<String>, Vec<Uuid>) = known.into_iter().unzip();
        let query = sqlx::query!(
            r#"SELECT k.kind AS "kind!", k.id AS "id!", v.version AS "version!",
                      EXISTS (SELECT FROM retry r WHERE r.consumer = $1 AND r.aggregate_kind = k.kind
                              AND r.aggregate_id = k.id) AS "held!"
               FROM unnest($2::text[], $3::uuid[]) AS k(kind, id) CROSS JOIN LATERAL (
                   SELECT version FROM consumed_version
                   WHERE consumer = $1 AND aggregate_kind = k.kind AND aggregate_id = k.id FOR UPDATE) AS v"#,
            consumer,
            &kinds,
            &ids,
        );
        for row in query.with_operation("SELECT", "consumed_version").fetch_all(unit.sql()).await? {
            self.held |= row.held;
            self.rows.insert((row.kind, row.id), Row { kept: row.version, consumed: row.version });
        }
        Ok(())
    }

    /// How far the consumer has come with a message's aggregate; the caller moves it on.
    pub(super) fn consumed(&mut self, envelope: &Envelope) -> &mut i64 {
        &mut self.rows.entry(key(envelope)).or_insert(Row { kept: 0, consumed: 0 }).consumed
    }

    /// Keeps how far the consumer has come. Without it, the unit must not commit.
    pub(super) async fn save(self, unit: &mut Unit<'_>, consumer: &str) -> Result<()> {
        let moved = self.rows.into_iter().filter(|(_, row)| row.kept != row.consumed);
        let (keys, ends): (Vec<_>, Vec<i64>) = moved.map(|(key, row)| (key, row.consumed)).unzip();
        if keys.is_empty() {
            return Ok(());
        }
        let (kinds, ids): (Vec<String>, Vec<Uuid>) = keys.into_iter().unzip();
        // Never an insert, for all rows are there; but it finds each by the index, whatever the planner thinks of the table.
        let query = sqlx::query!(
            "INSERT INTO consumed_version (consumer, aggregate_kind, aggregate_id, version)
             SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::bigint[])
             ON CONFLICT (consumer, aggregate_kind, aggregate_id) DO UPDATE SET version = EXCLUDED.version",
            consumer,
            &kinds,
            &ids,
            &ends,
        );
        query.with_operation("UPDATE", "consumed_version").execute(unit.sql()).await?;
        Ok(())
    }
}

fn key(envelope: &Envelope) -> (String, Uuid) {
    (envelope.aggregate_kind().to_string(), envelope.aggregate_id)
}
