//! One key, and what is encrypted under it.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, hmac, rand,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes of a key.
pub(super) const LENGTH: usize = 32;
/// Bytes of a nonce, before each ciphertext.
const NONCE: usize = 12;
/// Bytes kept of a token: too many to fall together, too few to be worth more.
const TOKEN: usize = 16;

/// Where a ciphertext stands. It opens there alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The service's name: of its schema, wherever that stands.
    pub schema: &'static str,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row, by its primary key.
    pub row: String,
    /// The organisation the row belongs to.
    pub organisation: Uuid,
}

impl Place {
    /// All of it with the key's version, each part behind its length, so that no two places read alike.
    fn bytes(&self, version: i32) -> Vec<u8> {
        let (organisation, version) = (self.organisation.as_bytes(), version.to_be_bytes());
        let texts = [self.schema, self.table, self.column, self.row.as_str()].map(str::as_bytes);
        let parts = texts.into_iter().chain([organisation.as_slice(), version.as_slice()]);
        parts.flat_map(|part| [&(part.len() as u64).to_be_bytes(), part].concat()).collect()
    }
}

/// A ciphertext: nonce, encrypted bytes and tag, with the version of the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key's version.
    pub version: i32,
    /// Nonce, encrypted bytes, tag.
    pub bytes: Vec<u8>,
}

/// A key of 256 bits. It is never printed, and overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; LENGTH]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// Draws a new one.
    ///
    /// # Errors
    /// INTERNAL when the operating system has no randomness to give.
    pub fn draw() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::fill(bytes.as_mut()).map_err(|_| Error::internal(anyhow::anyhow!("no randomness")))?;
        Ok(Self(bytes))
    }

    /// Of bytes; none when they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Encrypts for one place, under this key as `version`. The nonce is drawn anew each time: keys are used for far fewer
    /// than 2^32 messages, below which random nonces are safe.
    ///
    /// # Errors
    /// INTERNAL when it cannot be encrypted.
    pub fn seal(&self, version: i32, place: &Place, plain: &[u8]) -> Result<Sealed> {
        let mut bytes = plain.to_vec();
        let sealed = self.cipher()?.seal_in_place_append_tag(Aad::from(place.bytes(version)), &mut bytes);
        let nonce = sealed.map_err(|_| Error::internal(anyhow::anyhow!("cannot encrypt")))?;
        Ok(Sealed { version, bytes: [nonce.as_ref().as_slice(), &bytes].concat() })
    }

    /// Decrypts what was encrypted for this place.
    ///
    /// # Errors
    /// INTERNAL when it is not what was encrypted for this place: somebody moved or changed it, or the key is another.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>> {
        let opened = || {
            let (nonce, bytes) = sealed.bytes.split_first_chunk::<NONCE>()?;
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let mut bytes = Zeroizing::new(bytes.to_vec());
            let aad = Aad::from(place.bytes(sealed.version));
            let length = self.cipher().ok()?.open_in_place(nonce, aad, &mut bytes).ok()?.len();
            bytes.truncate(length);
            Some(bytes)
        };
        // The place names no person: it may stand in the log.
        opened().ok_or_else(|| Error::internal(anyhow::anyhow!("{place} does not open")))
    }

    /// Encrypts another key.
    ///
    /// # Errors
    /// As [`Key::seal`].
    pub fn wrap(&self, version: i32, place: &Place, key: &Self) -> Result<Sealed> {
        self.seal(version, place, key.0.as_slice())
    }

    /// Decrypts another key.
    ///
    /// # Errors
    /// As [`Key::open`].
    pub fn unwrap(&self, place: &Place, sealed: &Sealed) -> Result<Self> {
        let opened = self.open(place, sealed)?;
        Self::from_bytes(&opened).ok_or_else(|| Error::internal(anyhow::anyhow!("{place} holds no key")))
    }

    /// The key of search tokens that belongs to this one (HKDF-SHA-256).
    pub fn token_key(&self) -> TokenKey {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"relais vault").extract(self.0.as_slice());
        let mut key = Zeroizing::new([0; LENGTH]);
        // 32 bytes are one block of HKDF-SHA-256: neither step can fail.
        if let Ok(okm) = prk.expand(&[b"search tokens"], hkdf::HKDF_SHA256) {
            let _ = okm.fill(key.as_mut());
        }
        TokenKey(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, self.0.as_slice());
        cipher.map_err(|_| Error::internal(anyhow::anyhow!("not a key")))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{} of {}", self.schema, self.table, self.column, self.row)
    }
}

/// Makes search tokens: the same text has the same token under this key, and another under every other.
#[derive(Clone)]
pub struct TokenKey(hmac::Key);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

impl TokenKey {
    /// The token of a text of one kind.
    pub fn token(&self, kind: &str, text: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        [kind.as_bytes(), &[0], text.as_bytes()].iter().for_each(|part| context.update(part));
        context.sign().as_ref()[..TOKEN].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            schema: "referral",
            table: "patient",
            column: "data_key",
            row: "1".into(),
            organisation: Uuid::from_u128(1),
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() -> Result<()> {
        let key = Key::draw()?;
        let sealed = key.seal(1, &place(), b"Lef\xc3\xa8vre")?;
        assert_eq!(key.open(&place(), &sealed)?.as_slice(), b"Lef\xc3\xa8vre");
        let elsewhere = [
            Place { schema: "results", ..place() },
            Place { table: "other", ..place() },
            Place { column: "other", ..place() },
            Place { row: "2".into(), ..place() },
            Place { organisation: Uuid::from_u128(2), ..place() },
            // The same letters, otherwise divided.
            Place { table: "patientd", column: "ata_key", ..place() },
        ];
        for other in elsewhere {
            assert!(key.open(&other, &sealed).is_err(), "{other}");
        }
        assert!(key.open(&place(), &Sealed { version: 2, ..sealed.clone() }).is_err());
        assert!(Key::draw()?.open(&place(), &sealed).is_err());
        Ok(())
    }

    #[test]
    fn every_byte_that_is_changed_or_cut_is_noticed() -> Result<()> {
        let key = Key::draw()?;
        let sealed = key.seal(1, &place(), b"name")?;
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert!(key.open(&place(), &changed).is_err(), "byte {at}");
            changed.bytes.truncate(at);
            assert!(key.open(&place(), &changed).is_err(), "cut at {at}");
        }
        Ok(())
    }

    #[test]
    fn the_same_twice_is_never_the_same_and_a_key_is_never_printed() -> Result<()> {
        let key = Key::from_bytes(&[7; LENGTH]).expect("32 bytes");
        let seen: std::collections::HashSet<_> = (0..1000)
            .map(|_| key.seal(1, &place(), b"").map(|sealed| sealed.bytes[..NONCE].to_vec()))
            .collect::<Result<_>>()?;
        assert_eq!(seen.len(), 1000);
        assert!(!format!("{key:?} {:?}", key.token_key()).contains('7'));
        Ok(())
    }

    #[test]
    fn a_token_differs_by_key_and_kind() -> Result<()> {
        let (one, other) = (Key::draw()?.token_key(), Key::draw()?.token_key());
        assert_eq!(one.token("name", "x"), one.token("name", "x"));
        assert_ne!(one.token("name", "x"), other.token("name", "x"));
        assert_ne!(one.token("name", "x"), one.token("phone", "x"));
        Ok(())
    }
}
