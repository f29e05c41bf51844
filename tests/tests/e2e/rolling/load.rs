//! Clients that go on whatever happens: each call at one of two addresses in turn, and at the other one when nobody is there.
//!
//! They do what gRPC's retry policy would (`UNAVAILABLE` alone, `docs/operations.md` shows it), and nothing else: any other failure
//! ends the load.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use relais_proto::referral::v1::{GetReferralRequest, SubmitReferralRequest};
use relais_tests::{Session, Suite, eventually, partnership::Partners};
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use super::instance::session;

/// Clients at once.
const CLIENTS: usize = 3;
/// How often a call is tried, and how long is waited in between: nobody waits longer than for an instance to be replaced.
const TRIES: usize = 100;
const REST: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Counted {
    acknowledged: AtomicUsize,
    retried: AtomicUsize,
    enough: AtomicBool,
}

/// A load that goes on.
pub struct Load {
    counted: Arc<Counted>,
    clients: JoinSet<Result<()>>,
}

impl Load {
    /// Begins.
    pub fn begin(suite: &Suite, partners: &Arc<Partners>, addresses: [SocketAddr; 2]) -> Result<Self> {
        let (counted, mut clients) = (Arc::<Counted>::default(), JoinSet::new());
        for first in 0..CLIENTS {
            let desks = addresses.map(|address| session(suite, address, &partners.sender));
            let [one, other] = desks;
            let client = Client { desks: [one?, other?], counted: counted.clone() };
            clients.spawn(client.run(partners.clone(), first));
        }
        Ok(Self { counted, clients })
    }

    /// Waits until so many more were acknowledged.
    pub async fn until_more(&mut self, more: usize) -> Result<()> {
        let goal = self.counted.acknowledged.load(Ordering::SeqCst) + more;
        let reached = eventually("more referrals are taken", || async {
            Ok((self.counted.acknowledged.load(Ordering::SeqCst) >= goal).then_some(()))
        })
        .await;
        match self.clients.try_join_next() {
            Some(ended) => ended?.and_then(|()| bail!("a client has ended")),
            None => reached,
        }
    }

    /// Ends it: how many referrals were acknowledged, and how often a call was tried again.
    pub async fn end(mut self) -> Result<(usize, usize)> {
        self.counted.enough.store(true, Ordering::SeqCst);
        while let Some(ended) = self.clients.join_next().await {
            ended??;
        }
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        Ok((count(&self.counted.acknowledged), count(&self.counted.retried)))
    }
}

struct Client {
    desks: [Session; 2],
    counted: Arc<Counted>,
}

impl Client {
    async fn run(self, partners: Arc<Partners>, first: usize) -> Result<()> {
        let mut turn = first;
        while !self.counted.enough.load(Ordering::SeqCst) {
            let request = partners.request();
            let sent = self.call(turn, |desk| submit(desk, request.clone())).await?;
            self.counted.acknowledged.fetch_add(1, Ordering::SeqCst);
            let name = sent.into_inner().referral.context("no referral")?.name;
            // At the other instance: what one version wrote, the other reads.
            let read = self.call(turn + 1, |desk| get(desk, name.clone())).await?.into_inner();
            anyhow::ensure!(read.referral.is_some_and(|referral| referral.name == name), "another referral");
            turn += 1;
        }
        Ok(())
    }

    /// A call under the retry policy.
    async fn call<T, F>(&self, turn: usize, ask: impl Fn(Session) -> F) -> Result<Response<T>>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        for attempt in 0..TRIES {
            match ask(self.desks[(turn + attempt) % 2].clone()).await {
                Err(status) if status.code() == Code::Unavailable => {
                    self.counted.retried.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(REST).await;
                }
                answer => return answer.context("a call failed"),
            }
        }
        bail!("nobody was there for {TRIES} tries")
    }
}

async fn submit(
    desk: Session,
    request: SubmitReferralRequest,
) -> Result<Response<relais_proto::referral::v1::SubmitReferralResponse>, Status> {
    desk.referrals().submit_referral(request).await
}

async fn get(desk: Session, name: String) -> Result<Response<relais_proto::referral::v1::GetReferralResponse>, Status> {
    desk.referrals().get_referral(GetReferralRequest { name }).await
}
