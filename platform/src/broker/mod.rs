//! RabbitMQ: two connections per process, each rebuilt by one supervisor.
//!
//! One publishes, one consumes: a broker that runs out of memory or disk stops reading from connections that publish, and
//! what consumes must still acknowledge.
//!
//! lapin's own recovery is off: with it, publishing hangs for seconds after a broker was killed, and as long as a memory
//! alarm lasts. Whoever works on a channel takes one with [`Broker::channel`], sets its own time-out on every operation,
//! and on any failure gives up the channel and asks again; [`Broker::suspect`] has the connection rebuilt. Before
//! anybody gets a channel of a new connection, the whole topology is declared.

pub mod envelope;
pub mod feed;
pub mod topology;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::FutureExt;
use lapin::{Channel, Connection, ConnectionBuilder, ConnectionProperties, types::FrameSize, uri::AMQPUri};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use crate::{
    settings::{BrokerSettings, TlsSettings},
    tls,
};
use topology::Topology;

/// An operation on a channel, given up after a while: lapin's own never are.
///
/// # Errors
/// Those of the operation, and that it takes too long.
pub async fn within_step<T>(operation: impl Future<Output = lapin::Result<T>>) -> anyhow::Result<T> {
    Ok(timeout(STEP, operation).await.context("the broker does not answer in time")??)
}

/// Within this time a connection, a channel or a declaration is there, or given up.
const STEP: Duration = Duration::from_secs(10);
/// The longest delay before connecting again; its jitter may double it. All that waits for the broker waits so long more.
const LONGEST: Duration = Duration::from_secs(1);
/// How often a connection is looked at.
const WATCH: Duration = Duration::from_millis(200);

/// The process's way to the broker. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    purpose: &'static str,
    frame: Option<FrameSize>,
    url: crate::settings::Secret,
    tls: TlsSettings,
    topology: Topology,
    live: Arc<watch::Sender<Option<Arc<Connection>>>>,
    suspected: Arc<Notify>,
}

impl Broker {
    /// Not connected yet: [`Broker::supervise`] connects. The broker's own tools show the purpose.
    pub fn new(settings: &BrokerSettings, tls: &TlsSettings, purpose: &'static str) -> Self {
        let topology = Topology::new(&settings.prefix);
        let live = Arc::new(watch::Sender::new(None));
        let url = settings.url.clone();
        Self { purpose, frame: None, url, tls: tls.clone(), topology, live, suspected: Arc::default() }
    }

    /// With frames of at most so many bytes. lapin keeps 32 of them to send and 32 to receive, which is 8 MB with the broker's 128 KiB.
    /// A body goes in several frames, the headers in one: only for whoever knows what headers pass, so not for a consumer.
    #[must_use]
    pub fn in_frames_of(self, frame: FrameSize) -> Self {
        Self { frame: Some(frame), ..self }
    }

    /// The names of exchanges and queues.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Whether the connection stands.
    pub fn is_connected(&self) -> bool {
        self.live.borrow().as_ref().is_some_and(|connection| connection.status().connected())
    }

    /// A new channel of the live connection; waits for one.
    ///
    /// # Errors
    /// When the connection breaks meanwhile: ask again.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        let mut live = self.live.subscribe();
        let connection = live.wait_for(Option::is_some).await.context("the supervisor has ended")?.clone();
        let connection = connection.context("no connection")?;
        within_step(connection.create_channel()).await
    }

    /// Says that the connection does not answer: the supervisor drops it and builds a new one.
    pub fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Connects, declares the topology, watches, and begins again; ends with its task.
    pub async fn supervise(self) {
        let mut delays = backoff();
        loop {
            match self.connect().await {
                Ok(connection) => {
                    tracing::info!(purpose = self.purpose, "connected to the broker");
                    // A suspicion of the connection before this one is no suspicion of this one.
                    let _ = self.suspected.notified().now_or_never();
                    delays = backoff();
                    self.live.send_replace(Some(connection.clone()));
                    self.until_lost(&connection).await;
                    self.live.send_replace(None);
                    tracing::warn!(purpose = self.purpose, "the connection to the broker was lost");
                    let _ = timeout(Duration::from_secs(1), connection.close(320, "rebuilding".into())).await;
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the broker cannot be reached")
                }
            }
            tokio::time::sleep(delays.next().unwrap_or(LONGEST)).await;
        }
    }

    async fn until_lost(&self, connection: &Connection) {
        while connection.status().connected() {
            tokio::select! {
                () = tokio::time::sleep(WATCH) => {}
                () = self.suspected.notified() => return,
            }
        }
    }

    async fn connect(&self) -> anyhow::Result<Arc<Connection>> {
        let properties =
            ConnectionProperties::default().with_connection_name(format!("relais {}", self.purpose).into());
        let builder = ConnectionBuilder::new()?.with_uri(self.address()?).with_properties(properties);
        let builder = builder.with_tls_config(tls::broker(&self.tls)?);
        let connection = within_step(builder.connect()).await?;
        let channel = within_step(connection.create_channel()).await?;
        timeout(STEP * 3, self.topology.declare(&channel)).await.context("declaring takes too long")??;
        let _ = within_step(channel.close(200, "declared".into())).await;
        Ok(Arc::new(connection))
    }

    /// The broker's address. Its text may hold a password, so an error does not.
    fn address(&self) -> anyhow::Result<AMQPUri> {
        let url: Result<AMQPUri, _> = self.url.expose().parse();
        let mut address = url.map_err(|_| anyhow::anyhow!("broker.url is no AMQP URL"))?;
        address.query.frame_max = address.query.frame_max.or(self.frame);
        Ok(address)
    }
}

fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(LONGEST)
        .without_max_times()
        .build()
}
