//! Keys that change: read from a file or from the issuer, kept for a while, read again when an unknown key is named.
//!
//! However many tokens name keys that nobody knows, one reading serves them all, and the next is not before
//! `auth.jwks_refetch_ms` has passed. What cannot be read again stays as it was: an issuer that is down locks nobody out.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    io::AsyncReadExt,
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};

use super::{
    fetch::{Fetcher, LARGEST},
    key_set::{Key, KeySet},
};
use crate::{
    error::{Error, Result},
    settings::{Auth, EnvironmentKind, Settings, millis},
};

/// While nobody can be let in at all, the next reading comes sooner.
const FIRST: Duration = Duration::from_secs(1);

enum Source {
    File(PathBuf),
    Url(Box<Fetcher>),
}

/// Keys of one source.
pub(super) struct Keys {
    source: Source,
    production: bool,
    ttl: Duration,
    refetch: Duration,
    cache: RwLock<Arc<Cache>>,
    reading: Arc<Mutex<()>>,
}

#[derive(Default)]
struct Cache {
    keys: Arc<KeySet>,
    /// When they were read.
    read: Option<Instant>,
    /// When that was tried, whether it succeeded or not.
    tried: Option<Instant>,
}

impl Keys {
    /// Of the issuer: `auth.jwks_file` or `auth.jwks_url`. A file is read at once; a URL with the first token, for the issuer
    /// may come up later than we do.
    ///
    /// # Errors
    /// When the file holds no usable key.
    pub fn of_issuer(settings: &Settings) -> anyhow::Result<Arc<Self>> {
        let auth = &settings.auth;
        match auth.jwks_url.as_str() {
            "" => Self::of_file(settings, &auth.jwks_file).context("auth.jwks_file"),
            url => {
                let fetcher = Fetcher::try_new(url, millis(auth.jwks_timeout_ms)).context("auth.jwks_url")?;
                Ok(Arc::new(Self::new(Source::Url(Box::new(fetcher)), settings)))
            }
        }
    }

    /// Of a JWKS file.
    ///
    /// # Errors
    /// When it holds no usable key.
    pub fn of_file(settings: &Settings, path: &str) -> anyhow::Result<Arc<Self>> {
        let keys = Self::new(Source::File(path.into()), settings);
        let text = std::fs::read(path).with_context(|| path.to_string())?;
        keys.keep(Ok(KeySet::parse(&text, keys.production).with_context(|| path.to_string())?));
        Ok(Arc::new(keys))
    }

    fn new(source: Source, settings: &Settings) -> Self {
        let Auth { jwks_ttl_ms, jwks_refetch_ms, .. } = settings.auth;
        Self {
            source,
            production: settings.environment == EnvironmentKind::Production,
            ttl: millis(jwks_ttl_ms),
            refetch: millis(jwks_refetch_ms),
            cache: RwLock::default(),
            reading: Arc::default(),
        }
    }

    /// The key of an id; none when the source does not know it.
    ///
    /// # Errors
    /// UNAVAILABLE when no key could be read since the start.
    pub async fn find(self: &Arc<Self>, kid: &str) -> Result<Option<Arc<Key>>> {
        if self.is_due(kid) {
            // Who names a key that is known does not wait for another's reading: a silent issuer would hold everybody up.
            match (self.reading.clone().try_lock_owned(), self.cache().keys.get(kid)) {
                (Ok(turn), _) => self.refresh(kid, turn).await,
                (Err(_), Some(_)) => {}
                (Err(_), None) => self.refresh(kid, self.reading.clone().lock_owned().await).await,
            }
        }
        let cache = self.cache();
        match cache.read {
            None => Err(Error::unavailable(anyhow::anyhow!("the issuer's keys could not be read yet"))),
            Some(_) => Ok(cache.keys.get(kid).cloned()),
        }
    }

    /// Reads them now, and says how many there are.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self) -> anyhow::Result<usize> {
        Ok(self.read().await?.len())
    }

    /// In a task of its own, which a call that gives up does not end: else each such call would read again.
    async fn refresh(self: &Arc<Self>, kid: &str, turn: OwnedMutexGuard<()>) {
        // Whoever waited for its turn finds what the one before has read.
        if !self.is_due(kid) {
            return;
        }
        let keys = self.clone();
        let reading = tokio::spawn(async move {
            let read = keys.read().await;
            keys.keep(read);
            drop(turn);
        });
        // A panic of it leaves the keys as they were.
        let _ = reading.await;
    }

    /// Whether to read before this key is looked up: the keys are old, or do not hold it; and the last try was a while ago.
    fn is_due(&self, kid: &str) -> bool {
        let cache = self.cache();
        let old = cache.read.is_none_or(|read| read.elapsed() >= self.ttl);
        let pause = if cache.read.is_none() { FIRST.min(self.refetch) } else { self.refetch };
        let rested = cache.tried.is_none_or(|tried| tried.elapsed() >= pause);
        rested && (old || cache.keys.get(kid).is_none())
    }

    async fn read(&self) -> anyhow::Result<KeySet> {
        let json = match &self.source {
            Source::Url(fetcher) => fetcher.get().await?,
            Source::File(path) => {
                let mut json = Vec::new();
                let file = tokio::fs::File::open(path).await.with_context(|| path.display().to_string())?;
                file.take(LARGEST as u64).read_to_end(&mut json).await?;
                json
            }
        };
        KeySet::parse(&json, self.production)
    }

    fn keep(&self, read: anyhow::Result<KeySet>) {
        let (before, now) = (self.cache(), Some(Instant::now()));
        let next = match read {
            Ok(keys) => Cache { keys: Arc::new(keys), read: now, tried: now },
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "keys cannot be read: those known stay");
                Cache { keys: before.keys.clone(), read: before.read, tried: now }
            }
        };
        *self.cache.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    fn cache(&self) -> Arc<Cache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
