//! Idempotency by `request_id` (AIP-155): a key is a row of the transaction that it guards.
//!
//! The row keeps a keyed hash of the body and the id and version of what came out, never the answer's text. The same
//! request again recalls that version; another body under the same id is refused; a refusal is not kept.
//!
//! Nearly every request is new, so nobody looks first: the key of one that was answered before refuses the unit's own at its
//! commit, or the use case refuses what was done already. Then the unit is undone and the key is looked up.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::{
    audit::Subject,
    database::{Unit, UseCase},
    error::{Error, Kind, Result, Violation},
};

/// What came out of a request, by id and version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The id of what was created or changed.
    pub id: Uuid,
    /// Its version then.
    pub version: i64,
}

/// An outcome that can be read again as it was.
pub trait Recall: Sized + Send + 'static {
    /// Which one it is, in which version.
    fn outcome(&self) -> Outcome;

    /// Reads it again as it was in that version.
    fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> impl Future<Output = Result<Self>> + Send;
}

/// A request's key.
#[derive(Debug, Clone, Default)]
pub struct Key {
    /// Who asks, and for whom ([`crate::calls::Caller::scope`]).
    pub caller: String,
    /// The RPC's path.
    pub rpc: String,
    /// The caller's id of the request.
    pub request_id: Uuid,
    /// The keyed hash of the body.
    pub body_hash: Vec<u8>,
    /// What came out; set when it is known.
    pub outcome: Outcome,
}

/// A use case run once per key.
pub(crate) struct Once<U> {
    pub key: Key,
    pub use_case: U,
    /// Whether it was tried before: then the key may be there.
    tried: AtomicBool,
}

impl<U> Once<U> {
    /// Not tried yet.
    pub fn new(key: Key, use_case: U) -> Self {
        Self { key, use_case, tried: AtomicBool::new(false) }
    }
}

/// Only looks whether the request of a [`Once`] has been answered.
pub(crate) struct Earlier<U>(pub Arc<Once<U>>);

impl<U> UseCase for Once<U>
where
    U: UseCase,
    U::Outcome: Recall,
{
    type Outcome = U::Outcome;
    const NAME: &'static str = U::NAME;
    const SYSTEM: bool = U::SYSTEM;

    fn asks(&self) -> Subject {
        self.use_case.asks()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<U::Outcome> {
        if self.tried.swap(true, Ordering::Relaxed)
            && let Some(earlier) = find(unit, &self.key).await?
        {
            return U::Outcome::recall(unit, earlier).await;
        }
        unit.changes();
        let result = self.use_case.run(unit).await?;
        unit.keep(Key { outcome: result.outcome(), ..self.key.clone() });
        Ok(result)
    }
}

impl<U> UseCase for Earlier<U>
where
    U: UseCase,
    U::Outcome: Recall,
{
    type Outcome = Option<U::Outcome>;
    const NAME: &'static str = U::NAME;
    const SYSTEM: bool = U::SYSTEM;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<U::Outcome>> {
        match find(unit, &self.0.key).await? {
            Some(earlier) => U::Outcome::recall(unit, earlier).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn find(unit: &mut Unit<'_>, key: &Key) -> Result<Option<Outcome>> {
    let query = sqlx::query!(
        "SELECT body_hash, outcome_id, outcome_version FROM idempotency_key
         WHERE caller = $1 AND rpc = $2 AND request_id = $3",
        key.caller,
        key.rpc,
        key.request_id,
    );
    match query.with_operation("SELECT", "idempotency_key").fetch_optional(unit.sql()).await? {
        Some(row) if row.body_hash != key.body_hash => Err(reused()),
        Some(row) => Ok(Some(Outcome { id: row.outcome_id, version: row.outcome_version })),
        None => Ok(None),
    }
}

fn reused() -> Error {
    let violations = vec![Violation::new("request_id", "was used for another request")];
    let error = Error::new(Kind::InvalidArgument, "REQUEST_ID_REUSED", "this request_id was used for another request");
    Error { violations, ..error }
}
