//! Rebuilding: what events should have told, from the present state of whom they tell of.
//!
//! The owner of a kind of aggregates streams all of them with their versions ([`Snapshot`]). Here, each is held against how
//! far this consumer has come, under the lock that applying an event takes: behind, it is brought forward and takes the
//! version over; level, it is mended; ahead, events have gone on meanwhile. So events keep coming, and none counts twice.

use serde_json::json;
use tracing::Instrument;
use uuid::Uuid;

use super::{Consumer, Handler, Restored, versions::Versions};
use crate::{broker::envelope::Envelope, clock::machine_now, error::Result, events::Event};

/// The most aggregates read at once for a snapshot.
pub const STRETCH: i64 = 500;

/// An aggregate of this service, for others to rebuild from.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The aggregate.
    pub id: Uuid,
    /// Its present version.
    pub version: i64,
    /// The fewest events that lead from nothing to its present state, in order.
    pub events: Vec<Event>,
}

/// What a snapshot was to this consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It was behind and is not any more.
    Advanced,
    /// It was there already.
    Level,
    /// Events have gone further.
    Ahead,
}

impl Consumer {
    /// Brings what this service made of an aggregate to its present state.
    pub(crate) async fn restore<H: Handler>(&self, kind: &str, snapshot: Snapshot) -> Result<Progress> {
        let consumer = self.clone();
        let key = Envelope {
            id: snapshot.id,
            type_name: format!("{kind}.snapshot"),
            aggregate_id: snapshot.id,
            version: snapshot.version,
            time: machine_now(),
            payload: Vec::new(),
            trace: json!({}),
        };
        let work = async move {
            let mut unit = consumer.database.open().await?;
            match consumer.fill_restored::<H>(&mut unit, &key, snapshot.events).await {
                Ok(progress) => {
                    consumer.database.finish(unit).await?;
                    consumer.ripe.notify_one();
                    Ok(progress)
                }
                Err(error) => {
                    unit.roll_back().await;
                    Err(error)
                }
            }
        };
        self.database.detached(tracing::info_span!("restore"), work.in_current_span()).await
    }

    async fn fill_restored<H: Handler>(
        &self,
        unit: &mut crate::database::Unit<'_>,
        key: &Envelope,
        events: Vec<Event>,
    ) -> Result<Progress> {
        let mut versions = Versions::lock(unit, self.name, std::slice::from_ref(key)).await?;
        let consumed = versions.consumed(key);
        if *consumed > key.version {
            return Ok(Progress::Ahead);
        }
        let progress = if *consumed < key.version { Progress::Advanced } else { Progress::Level };
        H::restore(unit, &Restored { events, version: key.version, consumed: *consumed }).await?;
        *consumed = key.version;
        versions.save(unit, self.name).await?;
        Ok(progress)
    }
}
