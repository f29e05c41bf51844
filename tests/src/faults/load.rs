//! The load: a few clients at once, at a steady pace, through both instances of each service.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use fastrand::Rng;
use futures::future::{try_join, try_join_all};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{
    client::{Client, Phase},
    fleet::Fleet,
    journey::Guide,
    laboratory::Laboratory,
    record::{Journey, Record, Submission},
    senders::Senders,
    tally::Tally,
};

/// Clients that submit and cancel: with their pace, nearly thirty calls a second.
const CLIENTS: u64 = 4;
/// Clients that take referrals on: with theirs, forty calls a second more.
const GUIDES: u64 = 4;

/// Clients at work.
pub struct Load {
    /// What they count.
    pub tally: Arc<Tally>,
    phase: watch::Sender<Phase>,
    clients: Vec<JoinHandle<Vec<Submission>>>,
    guides: Vec<JoinHandle<Vec<Journey>>>,
}

impl Load {
    /// Starts the clients; what they do beside their answers follows the seed.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(super) fn start(fleet: &Fleet, senders: Arc<Senders>, lab: Arc<Laboratory>, seed: u64) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let phase = watch::Sender::new(Phase::Load);
        let mut clients = Vec::new();
        for n in 0..CLIENTS {
            // A channel of its own, as clients have.
            let desks = fleet.sessions("referral", &senders.partners.sender)?;
            let random = Rng::with_seed(seed.wrapping_add(n));
            let client = Client::new(desks, senders.clone(), random, tally.clone(), phase.subscribe());
            clients.push(tokio::spawn(client.run()));
        }
        let mut guides = Vec::new();
        for n in CLIENTS..CLIENTS + GUIDES {
            let random = Rng::with_seed(seed.wrapping_add(n));
            let guide = Guide::new(fleet, lab.clone(), random, tally.clone(), phase.subscribe())?;
            guides.push(tokio::spawn(guide.run()));
        }
        Ok(Self { tally, phase, clients, guides })
    }

    /// No new requests; what was asked is asked again until it is answered, for so long at most.
    ///
    /// # Errors
    /// When a client panicked.
    pub async fn finish(self, within: Duration) -> Result<Record> {
        self.phase.send_replace(Phase::Finish);
        let all = try_join(try_join_all(self.clients), try_join_all(self.guides));
        tokio::pin!(all);
        let ended = match timeout(within, &mut all).await {
            Ok(ended) => ended,
            Err(_) => {
                self.phase.send_replace(Phase::GiveUp);
                all.await
            }
        };
        let (submissions, journeys) = ended?;
        Ok(Record {
            submissions: submissions.into_iter().flatten().collect(),
            journeys: journeys.into_iter().flatten().collect(),
        })
    }
}
