//! The chain of seals: values in, seals and verdicts out. Nothing here knows a database.
//!
//! A seal holds rows in order and the hash of the seal before it. Its digest is SHA-256 over each row's id and canonical
//! bytes; its hash is SHA-256 over the hash before, its number, its time and the digest. A row that is gone when it is to be
//! sealed is sealed as missing, so that it is missed for ever.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::row::{Row, put};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first seal.
pub const GENESIS: Hash = [0; 32];

/// A seal as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its number, from 1 on without gaps.
    pub seq: i64,
    /// When it was made, by the machine's clock.
    pub at: DateTime<Utc>,
    /// Its rows, in order.
    pub members: Vec<Uuid>,
    /// The hash over its rows.
    pub digest: Hash,
    /// The hash of the seal before.
    pub prev: Hash,
    /// Its own hash: the head of the chain up to here.
    pub hash: Hash,
}

impl Seal {
    /// Seals `members`, whose rows are `rows`, behind the head `(seq, hash)`.
    pub fn new((seq, prev): (i64, Hash), at: DateTime<Utc>, members: Vec<Uuid>, rows: &[Row]) -> Self {
        let (digest, seq) = (digest_of(&members, rows), seq + 1);
        Self { seq, at, members, digest, prev, hash: link(&prev, seq, at, &digest) }
    }
}

/// The first fault of an audit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A number of the chain is not there, while later ones or heads are.
    #[error("seal {0} is missing")]
    SealMissing(i64),
    /// The seal is not the one that was made.
    #[error("seal {0} was changed, or one before it")]
    SealChanged(i64),
    /// A head that was exported is not the chain's.
    #[error("seal {0} is not the one whose head was exported: the chain was made anew")]
    HeadDiffers(i64),
    /// The exported heads go on where the chain ends.
    #[error("the chain ends before seal {0}, whose head was exported: its tail was cut")]
    TailCut(i64),
    /// A sealed row is not there.
    #[error("row {1} of seal {0} was removed")]
    RowMissing(i64, Uuid),
    /// A row is not as it was sealed.
    #[error("a row of seal {0} was changed, inserted or swapped")]
    RowChanged(i64),
    /// A row has stood there for more than a minute, or is dated ahead, and no seal holds it.
    #[error("row {0} is in no seal: it was inserted past the sealer, or the sealer stands still")]
    Unsealed(Uuid),
}

/// Follows a chain from its first seal.
#[derive(Debug)]
pub struct Verifier {
    seq: i64,
    hash: Hash,
    heads: BTreeMap<i64, Hash>,
    kept_since: Option<DateTime<Utc>>,
}

impl Verifier {
    /// With the heads that were exported; rows from before `kept_since` may have been removed, if there is such a day.
    pub fn new(heads: BTreeMap<i64, Hash>, kept_since: Option<DateTime<Utc>>) -> Self {
        Self { seq: 0, hash: GENESIS, heads, kept_since }
    }

    /// Whether a row is so old that it may have been removed: its id tells when it was made.
    fn aged(&self, id: Uuid) -> bool {
        let made = id.get_timestamp().and_then(|made| DateTime::from_timestamp(made.to_unix().0.cast_signed(), 0));
        made.zip(self.kept_since).is_some_and(|(made, since)| made < since)
    }

    /// Holds the next seal against its rows, those found of its members in any order.
    ///
    /// # Errors
    /// Its first fault.
    pub fn take(&mut self, seal: &Seal, rows: &[Row]) -> Result<(), Fault> {
        if seal.seq != self.seq + 1 {
            return Err(Fault::SealMissing(self.seq + 1));
        }
        if seal.prev != self.hash || seal.hash != link(&seal.prev, seal.seq, seal.at, &seal.digest) {
            return Err(Fault::SealChanged(seal.seq));
        }
        if self.heads.get(&seal.seq).is_some_and(|head| *head != seal.hash) {
            return Err(Fault::HeadDiffers(seal.seq));
        }
        let there: HashSet<_> = rows.iter().map(|row| row.id).collect();
        let mut missing = seal.members.iter().filter(|id| !there.contains(id)).peekable();
        let whole = missing.peek().is_none();
        if let Some(missing) = missing.find(|id| !self.aged(**id)) {
            return Err(Fault::RowMissing(seal.seq, *missing));
        }
        // Of a seal whose rows are gone by their age, the digest still stands in the chain.
        if whole && seal.digest != digest_of(&seal.members, rows) {
            return Err(Fault::RowChanged(seal.seq));
        }
        (self.seq, self.hash) = (seal.seq, seal.hash);
        Ok(())
    }

    /// After the last seal: whether one is missing, or a row stands outside. Answers with the head.
    ///
    /// # Errors
    /// The tail that was cut, or the row.
    pub fn end(&self, unsealed: Option<Uuid>) -> Result<(i64, Hash), Fault> {
        match (self.heads.range(self.seq + 1..).next(), unsealed) {
            (Some((seq, _)), _) => Err(Fault::TailCut(*seq)),
            (None, Some(row)) => Err(Fault::Unsealed(row)),
            (None, None) => Ok((self.seq, self.hash)),
        }
    }
}

fn digest_of(members: &[Uuid], rows: &[Row]) -> Hash {
    let rows: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    let mut bytes = Vec::new();
    for id in members {
        put(&mut bytes, Some(id.as_bytes()));
        put(&mut bytes, rows.get(id).map(|row| row.canonical()).as_deref());
    }
    sha256(&bytes)
}

fn link(prev: &Hash, seq: i64, at: DateTime<Utc>, digest: &Hash) -> Hash {
    let mut bytes = Vec::with_capacity(128);
    for value in
        [b"relais.audit.seal.1".as_slice(), prev, &seq.to_be_bytes(), &at.timestamp_micros().to_be_bytes(), digest]
    {
        put(&mut bytes, Some(value));
    }
    sha256(&bytes)
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = GENESIS;
    // SHA-256 has as many bytes as a Hash.
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
