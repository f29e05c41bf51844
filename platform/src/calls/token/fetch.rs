//! Fetches the issuer's keys over HTTP: no redirect is followed, and neither a slow nor an endless answer is waited for.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::{Request, StatusCode, Uri, header::ACCEPT};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};

/// The largest JWKS taken, in bytes.
pub(super) const LARGEST: usize = 256 * 1024;

type Body = Empty<&'static [u8]>;

/// A client for one address.
pub(super) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    url: Uri,
    timeout: Duration,
}

impl Fetcher {
    /// For `url`, `https` or `http`.
    ///
    /// # Errors
    /// When it is none, or the system has no certificates to check it by.
    pub fn try_new(url: &str, timeout: Duration) -> anyhow::Result<Self> {
        let url: Uri = url.parse().context("not a URL")?;
        let secure = url.scheme_str() == Some("https");
        ensure!(secure || url.scheme_str() == Some("http"), "must begin with https:// or http://");
        let tls = ClientConfig::builder();
        let tls = match secure {
            true => tls.with_native_roots().context("the system's certificates")?,
            false => tls.with_root_certificates(RootCertStore::empty()),
        };
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls.with_no_client_auth());
        let connector = if secure { connector.https_only() } else { connector.https_or_http() };
        // Asked every few minutes: a connection kept for that long is only one more that may be dead.
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_max_idle_per_host(0).build(connector.enable_http1().build());
        Ok(Self { client, url, timeout })
    }

    /// What the address answers.
    ///
    /// # Errors
    /// Anything but a 200 of a sensible size within the time.
    pub async fn get(&self) -> anyhow::Result<Vec<u8>> {
        let answer = tokio::time::timeout(self.timeout, self.answer()).await;
        // The host alone: a URL may hold a password.
        answer.context("no answer in time").flatten().with_context(|| self.url.host().unwrap_or_default().to_string())
    }

    async fn answer(&self) -> anyhow::Result<Vec<u8>> {
        let request = Request::get(&self.url).header(ACCEPT, "application/jwk-set+json, application/json");
        let response = self.client.request(request.body(Body::new())?).await?;
        ensure!(response.status() == StatusCode::OK, "answered {}", response.status());
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("its answer: {error}"))?;
        Ok(body.to_bytes().to_vec())
    }
}
