//! What handlers work with: settings, database, broker, clock, pages. One per process, cheap to clone.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures::FutureExt;
use prost::Message;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::Request;
use uuid::Uuid;

use crate::{
    Service,
    broker::Broker,
    calls::{
        Call, Recall,
        fingerprint::Fingerprints,
        idempotency::Key,
        page::Pages,
        token::service_key::{self, ServiceKey},
    },
    clock::Clock,
    consumer::{Activity, Consumer},
    database::{Database, UseCase},
    error::{Error, Result},
    outbox::relay::Lead,
    settings::Settings,
    telemetry::Peer,
    tls::peers::Channels,
    vault::{KeyService, MasterKeys},
};

/// Frames of what is published, in bytes: an event's headers hold a trace, and whatever of it came in with a call's.
const PUBLISHED: u32 = 20 * 1024;

/// The process's parts.
#[derive(Clone)]
pub struct Context {
    /// The settings in force.
    pub settings: Arc<Settings>,
    /// The service's name.
    pub service: &'static str,
    /// The service's database.
    pub database: Database,
    /// The broker, for all but the relay, which has a connection of its own.
    pub broker: Broker,
    /// The relay's way to the broker.
    pub(crate) publishing: Broker,
    /// Whether this process leads the relay.
    pub lead: Arc<Lead>,
    /// The clock by which rules are applied.
    pub clock: Clock,
    /// Page tokens.
    pub pages: Pages,
    /// The service's own key, when it has one.
    key: Option<ServiceKey>,
    channels: Channels,
    pub(crate) consumer: Consumer,
    fingerprints: Fingerprints,
    vault: Option<Arc<dyn KeyService>>,
    tasks: TaskTracker,
    /// Cancelled first: no more calls are taken, streams end.
    closing: CancellationToken,
    /// Cancelled last: the relay ends.
    stopping: CancellationToken,
    /// Cancelled when a background task panicked.
    broken: CancellationToken,
}

impl Context {
    /// Puts the parts together; nothing is connected yet.
    ///
    /// # Errors
    /// When a setting is not what it should be.
    pub fn new(service: &'static str, settings: Settings) -> anyhow::Result<Self> {
        let clock = Clock::default();
        let planted = settings.planted();
        let key = ServiceKey::open(&settings, service, clock.clone())?;
        let database = Database::new(&settings.database, clock.clone())?.with(planted);
        let broker = Broker::new(&settings.broker, &settings.tls, "consume");
        let publishing = Broker::new(&settings.broker, &settings.tls, "publish").in_frames_of(PUBLISHED);
        let consumer = Consumer::new(service, database.clone(), broker.clone(), settings.consumer.clone(), planted);
        let fingerprints = Fingerprints::new(settings.auth.token_key.expose());
        let pages = Pages::new(fingerprints.clone());
        let settings = Arc::new(settings);
        let channels = Channels::new(settings.clone());
        Ok(Self {
            settings,
            service,
            database,
            broker,
            publishing,
            lead: Arc::default(),
            clock,
            pages,
            key,
            channels,
            consumer,
            fingerprints,
            vault: None,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            stopping: CancellationToken::new(),
            broken: CancellationToken::new(),
        })
    }

    /// With the master keys, where the service needs them.
    ///
    /// # Errors
    /// When it does and they are not there, or not keys: the message names the setting.
    pub(crate) fn with_vault<S: Service>(mut self) -> anyhow::Result<Self> {
        if S::VAULT {
            self.vault = Some(Arc::new(MasterKeys::load(&self.settings.vault)?));
        }
        Ok(self)
    }

    /// Who wraps organisations' keys.
    ///
    /// # Errors
    /// INTERNAL in a service that said it needs none.
    pub fn key_service(&self) -> Result<Arc<dyn KeyService>> {
        self.vault.clone().ok_or_else(|| Error::internal(anyhow::anyhow!("a service without a vault")))
    }

    /// Takes a request apart: who calls, and the body.
    ///
    /// # Errors
    /// INTERNAL when the access layer did not run before, which no served RPC allows.
    pub fn open<T>(&self, request: Request<T>) -> Result<(Call, T)> {
        let call = request.extensions().get::<Call>().cloned();
        let call = call.ok_or_else(|| Error::internal(anyhow::anyhow!("a call that nobody admitted")))?;
        Ok((call, request.into_inner()))
    }

    /// The key by which this service signs.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the settings name none.
    pub fn key(&self) -> Result<&ServiceKey> {
        self.key.as_ref().ok_or_else(service_key::missing)
    }

    /// The keyed hash under which a secret that was given out is kept.
    pub fn hash(&self, secret: &[u8]) -> Vec<u8> {
        self.fingerprints.secret(secret)
    }

    /// The way to the service `peer`, which connects when it is used; each call over it is a span.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when no setting says where it listens.
    pub fn peer(&self, peer: &str) -> Result<Peer> {
        self.channels.to(peer)
    }

    /// Addresses a request to the service `peer` on behalf of a call's caller, whose rights count there, within what is left of the
    /// call's time.
    ///
    /// # Errors
    /// As [`Context::key`] and [`ServiceKey::on_behalf`].
    pub fn on_behalf<T>(&self, call: &Call, peer: &str, body: T) -> Result<Request<T>> {
        Ok(within(call.deadline, addressed(body, &self.key()?.on_behalf(&call.caller, peer)?)?))
    }

    /// Addresses a request to the service `peer` in this service's own name: it has the role `service` alone. `deadline` is that of the
    /// call for which it asks; none for what nobody waits for: a delivery's, a release's.
    ///
    /// # Errors
    /// As [`Context::key`] and [`ServiceKey::itself`].
    pub fn itself<T>(&self, peer: &str, deadline: Option<Instant>, body: T) -> Result<Request<T>> {
        Ok(within(deadline, addressed(body, &self.key()?.itself(peer)?)?))
    }

    /// Runs a use case that changes nothing but the audit.
    ///
    /// # Errors
    /// Those of the use case.
    pub async fn read<U: UseCase>(&self, call: Call, use_case: U) -> Result<U::Outcome> {
        self.database.execute(call, use_case).await
    }

    /// Runs a use case once per `request_id`.
    ///
    /// # Errors
    /// Those of the use case; INVALID_ARGUMENT when the id was used for another body.
    pub async fn change<U>(&self, call: Call, request_id: Uuid, body: &impl Message, use_case: U) -> Result<U::Outcome>
    where
        U: UseCase,
        U::Outcome: Recall,
    {
        let (caller, rpc) = (call.caller.scope(), call.rpc.to_string());
        let body_hash = self.fingerprints.body(&body.encode_to_vec());
        let key = Key { caller, rpc, request_id, body_hash, ..Key::default() };
        self.database.execute_once(call, key, use_case).await
    }

    /// The keys of this installation's hashes.
    pub(crate) fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// Runs `task` in the background until the process stops.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until(self.stopping.clone(), task);
    }

    /// Runs `task` in the background until no more calls are taken.
    pub fn spawn_while_open(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until(self.closing.clone(), task);
    }

    /// A panic ends the process: a service without its relay or its consumer would look healthy and do nothing.
    fn spawn_until(&self, end: CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
        let broken = self.broken.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                ended = AssertUnwindSafe(task).catch_unwind() => if ended.is_err() {
                    tracing::error!("a background task panicked");
                    broken.cancel();
                }
            }
        });
    }

    /// Whether both connections to the broker stand.
    pub fn is_connected(&self) -> bool {
        self.broker.is_connected() && self.publishing.is_connected()
    }

    /// Ends when a background task has panicked.
    pub(crate) async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Cancelled when no more calls are taken: streams end with it.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// How busy the consumer is.
    pub fn activity(&self) -> &Activity {
        &self.consumer.activity
    }

    /// Takes no more calls, and ends streams.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Ends what runs in the background.
    pub(crate) async fn stop_tasks(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What is left of the time is told to whoever is asked.
fn within<T>(deadline: Option<Instant>, mut request: Request<T>) -> Request<T> {
    if let Some(deadline) = deadline {
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    request
}

fn addressed<T>(body: T, token: &str) -> Result<Request<T>> {
    let mut request = Request::new(body);
    let bearer = format!("Bearer {token}").parse();
    let bearer = bearer.map_err(|_| Error::internal(anyhow::anyhow!("a token of odd signs")))?;
    request.metadata_mut().insert("authorization", bearer);
    Ok(request)
}
