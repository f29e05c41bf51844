//! Where calls are measured: one service as it is shipped, with its traces going somewhere, and its limit beside it.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use tonic_health::pb::health_check_response::ServingStatus::Serving;

use super::sink;
use crate::{
    Identity, Options, Session, Suite,
    bench::{
        limit::{Limit, POOL, Sizes},
        stage::Stage,
    },
    eventually,
    partnership::Partners,
};

/// Connections of the callers: as at several desks.
const CONNECTIONS: usize = 8;

/// The service `referral` with two partners, and the limit.
pub(super) struct Place {
    pub(super) stage: Stage,
    pub(super) partners: Arc<Partners>,
    pub(super) sizes: Sizes,
    /// The sending desk's connections to ours.
    pub(super) ours: Arc<Vec<Session>>,
    /// And to the limit.
    pub(super) bare: Arc<Vec<Session>>,
    _limit: Limit,
}

impl Place {
    /// With everything on.
    pub(super) async fn open() -> Result<Self> {
        let mut stage = Stage::prepare_as(traced().await?).await?;
        serve(&mut stage, "referral").await?;
        let partners = Arc::new(Partners::meet(&stage.suite).await?);
        let sizes = sizes(&mut stage, &partners).await?;
        let limit = Limit::start(&stage, sizes, None).await?;
        let ours = sessions(&stage.suite, "referral", &partners.sender)?;
        let bare = Arc::new((0..CONNECTIONS).map(|_| limit.session()).collect::<Result<_>>()?);
        Ok(Self { stage, partners, sizes, ours, bare, _limit: limit })
    }

    /// The callers of a side: 0 is ours.
    pub(super) fn side(&self, side: usize) -> Arc<Vec<Session>> {
        if side == 0 { self.ours.clone() } else { self.bare.clone() }
    }

    pub(super) async fn end(self) -> Result<()> {
        self.stage.end().await
    }
}

/// As shipped, with traces on: spans and metrics are sent to somebody who takes them.
pub(super) async fn traced() -> Result<Options> {
    let mut options = untraced();
    let endpoint = format!("http://{}", sink::open().await?);
    options.settings.insert("RELAIS__TELEMETRY__OTLP_ENDPOINT".into(), endpoint);
    Ok(options)
}

/// As shipped, and nobody takes traces.
pub(super) fn untraced() -> Options {
    // A slow machine is measured, not refused: no more follows from the last of them.
    let settings = [
        ("DATABASE__MAX_CONNECTIONS", POOL.to_string()),
        ("BROKER__POLL_MS", "500".into()),
        ("DATABASE__ACQUIRE_TIMEOUT_MS", "30000".into()),
    ];
    let settings = settings.map(|(key, value)| (format!("RELAIS__{key}"), value));
    Options { settings: HashMap::from(settings) }
}

/// Starts a program and waits until it serves.
pub(super) async fn serve(stage: &mut Stage, service: &'static str) -> Result<()> {
    stage.suite.launch(service)?;
    stage.suite.until_health(service, "", Serving).await
}

/// Somebody's connections to a service.
pub(super) fn sessions(suite: &Suite, service: &str, identity: &Identity) -> Result<Arc<Vec<Session>>> {
    Ok(Arc::new((0..CONNECTIONS).map(|_| suite.session(service, identity)).collect::<Result<_>>()?))
}

/// What ours keep of a referral, once it is kept.
pub(super) async fn sizes(stage: &mut Stage, partners: &Partners) -> Result<Sizes> {
    partners.submit(partners.request()).await?;
    let rows = tokio::sync::Mutex::new(&mut stage.rows);
    eventually("a referral's event is sent", || async { rows.lock().await.sizes().await }).await
}
