//! The load: a few clients at once, at a steady pace, through both instances of the referral service.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use fastrand::Rng;
use futures::future::try_join_all;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{
    client::{Client, Phase},
    fleet::Fleet,
    record::{Record, Submission},
    tally::Tally,
};
use crate::partnership::Partners;

/// Clients at once: with their pace, somewhat more than forty calls a second.
const CLIENTS: u64 = 6;

/// Clients at work.
pub struct Load {
    /// What they count.
    pub tally: Arc<Tally>,
    phase: watch::Sender<Phase>,
    clients: Vec<JoinHandle<Vec<Submission>>>,
}

impl Load {
    /// Starts the clients; what they do beside their answers follows the seed.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn start(fleet: &Fleet, partners: Partners, seed: u64) -> Result<Self> {
        let (tally, partners) = (Arc::new(Tally::default()), Arc::new(partners));
        let phase = watch::Sender::new(Phase::Load);
        let mut clients = Vec::new();
        for n in 0..CLIENTS {
            // A channel of its own, as clients have.
            let desks = fleet.sessions("referral", &partners.sender)?;
            let random = Rng::with_seed(seed.wrapping_add(n));
            let client = Client::new(desks, partners.clone(), random, tally.clone(), phase.subscribe());
            clients.push(tokio::spawn(client.run()));
        }
        Ok(Self { tally, phase, clients })
    }

    /// No new requests; what was asked is asked again until it is answered, for so long at most.
    ///
    /// # Errors
    /// When a client panicked.
    pub async fn finish(self, within: Duration) -> Result<Record> {
        self.phase.send_replace(Phase::Finish);
        let clients = try_join_all(self.clients);
        tokio::pin!(clients);
        let ended = match timeout(within, &mut clients).await {
            Ok(ended) => ended,
            Err(_) => {
                self.phase.send_replace(Phase::GiveUp);
                clients.await
            }
        };
        Ok(Record { submissions: ended?.into_iter().flatten().collect() })
    }
}
