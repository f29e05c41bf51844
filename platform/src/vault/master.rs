//! The master key: outside of the database, by a file or the environment, or by a key management service.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{Key, Place, Sealed, key::LENGTH};
use crate::{
    error::{Error, Kind, Result},
    settings::VaultSettings,
};

/// Wraps organisations' keys. One that asks a key management service over the network keeps what it unwrapped for a while.
#[tonic::async_trait]
pub trait KeyService: Send + Sync + fmt::Debug + 'static {
    /// The version of the master key that wraps.
    fn newest(&self) -> i32;

    /// Encrypts a key under the newest master key.
    async fn wrap(&self, place: &Place, key: &Key) -> Result<Sealed>;

    /// Decrypts a key by the master key's version that encrypted it.
    ///
    /// UNAVAILABLE when this process has not that version (yet): another instance may, or will after a restart with the right
    /// keys. INTERNAL when the key does not open: it was moved or changed, and no retry will help.
    async fn unwrap(&self, place: &Place, sealed: &Sealed) -> Result<Key>;
}

/// Master keys of this process's settings, by version; the highest wraps.
pub struct MasterKeys(BTreeMap<i32, Key>);

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({:?})", self.0.keys())
    }
}

impl MasterKeys {
    /// Reads the file or the setting.
    ///
    /// # Errors
    /// Saying which setting is missing, which line is none, and never what stands there.
    pub fn load(settings: &VaultSettings) -> anyhow::Result<Self> {
        let (file, keys) = (settings.master_key_file.as_str(), settings.master_keys.expose());
        ensure!(
            file.is_empty() != keys.is_empty(),
            "vault.master_key_file or vault.master_keys must be set, and one alone"
        );
        if file.is_empty() {
            return Self::parse(keys).context("vault.master_keys");
        }
        let text = std::fs::read_to_string(file).with_context(|| format!("vault.master_key_file {file}"))?;
        let text = Zeroizing::new(text);
        Self::parse(&text).with_context(|| format!("vault.master_key_file {file}"))
    }

    /// Keys as `version:base64 of 32 bytes`, one a line or between commas; lines that begin with `#` say something.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let entries = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty());
        let mut keys = BTreeMap::new();
        for (at, entry) in entries.enumerate() {
            let (version, key) = entry_of(entry).with_context(|| {
                format!("key {} must be a version from 1 on, a colon and 32 bytes in base64", at + 1)
            })?;
            ensure!(keys.insert(version, key).is_none(), "version {version} stands there twice");
        }
        ensure!(!keys.is_empty(), "no key");
        Ok(Self(keys))
    }

    fn key(&self, version: i32) -> Result<&Key> {
        self.0.get(&version).ok_or_else(|| {
            let error = Error::new(Kind::Unavailable, "KEY_UNAVAILABLE", "try again in a moment");
            let source = Some(anyhow::anyhow!("master key {version} is not among vault.master_keys: {self:?}"));
            Error { source, ..error }
        })
    }
}

fn entry_of(entry: &str) -> Option<(i32, Key)> {
    let (version, key) = entry.split_once(':')?;
    let version = version.parse().ok().filter(|version| *version > 0)?;
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).ok()?);
    (bytes.len() == LENGTH).then_some(())?;
    Some((version, Key::from_bytes(&bytes)?))
}

#[tonic::async_trait]
impl KeyService for MasterKeys {
    fn newest(&self) -> i32 {
        self.0.keys().next_back().copied().unwrap_or_default()
    }

    async fn wrap(&self, place: &Place, key: &Key) -> Result<Sealed> {
        let newest = self.newest();
        self.key(newest)?.wrap(newest, place, key)
    }

    async fn unwrap(&self, place: &Place, sealed: &Sealed) -> Result<Key> {
        self.key(sealed.version)?.unwrap(place, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const TWO: &str = "2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn the_newest_of_lines_or_commas_wraps() -> anyhow::Result<()> {
        assert_eq!(MasterKeys::parse(&format!("# old\n{ONE}\n\n{TWO}\n"))?.newest(), 2);
        assert_eq!(MasterKeys::parse(&format!("{TWO}, {ONE}"))?.newest(), 2);
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_told_without_the_key() {
        let short = "3:c2VjcmV0";
        for wrong in ["", "# nothing", "secret", "0:AAAA", short, &format!("{ONE},{ONE}")] {
            let error = format!("{:#}", MasterKeys::parse(wrong).expect_err("refused"));
            assert!(!error.contains("c2VjcmV0") && !error.contains("AAAA"), "{error}");
        }
        let none = MasterKeys::load(&VaultSettings::default()).expect_err("neither is set");
        assert!(format!("{none:#}").contains("vault.master_key_file"));
    }

    #[tokio::test]
    async fn a_version_that_is_not_there_is_unavailable_and_told_by_number_alone() -> anyhow::Result<()> {
        let (old, new) = (MasterKeys::parse(ONE)?, MasterKeys::parse(TWO)?);
        let place = Place { schema: "s", table: "t", column: "c", row: String::new(), organisation: uuid::Uuid::nil() };
        let sealed = old.wrap(&place, &Key::draw()?).await?;
        let error = new.unwrap(&place, &sealed).await.expect_err("version 1 is not there");
        assert_eq!((error.kind, error.reason), (Kind::Unavailable, "KEY_UNAVAILABLE"));
        assert!(!error.message.contains('1'));
        assert!(MasterKeys::parse(&format!("{ONE},{TWO}"))?.unwrap(&place, &sealed).await.is_ok());
        Ok(())
    }
}
