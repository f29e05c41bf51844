//! The inbox: which messages of a batch were never seen, and which come under the id of another.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::{broker::envelope::Envelope, database::Unit, error::Result};

/// What a message is to the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It was never seen.
    Never,
    /// The same came before.
    Before,
    /// Another came under its id.
    AsAnother,
}

/// A batch, held against the inbox.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Digests of what is new.
    fresh: HashMap<Uuid, Vec<u8>>,
    /// Digests of what had come before, where it differs from nothing.
    known: HashMap<Uuid, Option<Vec<u8>>>,
}

impl Intake {
    /// What a message is; of two under one id in a batch, the first is new.
    pub(super) fn take(&mut self, envelope: &Envelope) -> Seen {
        if let Some(digest) = self.fresh.remove(&envelope.id) {
            self.known.insert(envelope.id, Some(digest));
            return Seen::Never;
        }
        match self.known.get(&envelope.id) {
            // A row from before digests were kept.
            None | Some(None) => Seen::Before,
            Some(Some(digest)) if *digest == digest_of(envelope) => Seen::Before,
            Some(Some(_)) => Seen::AsAnother,
        }
    }
}

/// What makes a message that message: all but the trace, which each sending has its own of.
pub(super) fn digest_of(envelope: &Envelope) -> Vec<u8> {
    let head = format!("{}\0{}\0{}\0", envelope.type_name, envelope.aggregate_id, envelope.version);
    digest(&SHA256, &[head.as_bytes(), &envelope.payload].concat()).as_ref().to_vec()
}

/// Notes messages in the inbox, inside the transaction that applies them.
pub(super) async fn take_in(unit: &mut Unit<'_>, consumer: &str, envelopes: &[Envelope]) -> Result<Intake> {
    let ids: Vec<Uuid> = envelopes.iter().map(|envelope| envelope.id).collect();
    let digests: Vec<Vec<u8>> = envelopes.iter().map(digest_of).collect();
    let query = sqlx::query_scalar!(
        "INSERT INTO inbox (message_id, consumer, digest)
         SELECT id, $1, digest FROM unnest($2::uuid[], $3::bytea[]) AS m(id, digest)
         ON CONFLICT DO NOTHING RETURNING message_id",
        consumer,
        &ids,
        &digests,
    );
    let new: HashSet<Uuid> = query.with_operation("INSERT", "inbox").fetch_all(unit.sql()).await?.into_iter().collect();
    let (mut fresh, mut old) = (HashMap::with_capacity(new.len()), Vec::new());
    for (id, digest) in ids.into_iter().zip(digests) {
        if new.contains(&id) {
            fresh.entry(id).or_insert(digest);
        } else {
            old.push(id);
        }
    }
    let known = if old.is_empty() { HashMap::new() } else { known(unit, consumer, &old).await? };
    Ok(Intake { fresh, known })
}

async fn known(unit: &mut Unit<'_>, consumer: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Option<Vec<u8>>>> {
    let query = sqlx::query!(
        "SELECT message_id, digest FROM inbox WHERE consumer = $1 AND message_id = ANY($2)",
        consumer,
        ids,
    );
    let rows = query.with_operation("SELECT", "inbox").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.message_id, row.digest)).collect())
}
