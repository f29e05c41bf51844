//! Keyed hashes (HMAC-SHA-256): of requests, so that another body under the same `request_id` is noticed without keeping
//! the body, of page tokens, so that none can be made up, and of secrets that are given out.

use aws_lc_rs::{hkdf, hmac};

/// Hashes under keys derived from `auth.token_key`, one for each purpose.
#[derive(Debug, Clone)]
pub struct Fingerprints {
    bodies: hmac::Key,
    pages: hmac::Key,
    secrets: hmac::Key,
}

impl Fingerprints {
    /// Derives the keys (HKDF-SHA-256) from the secret of the settings.
    pub fn new(secret: &str) -> Self {
        Self {
            bodies: derive(secret, b"relais request bodies"),
            pages: derive(secret, b"relais page tokens"),
            secrets: derive(secret, b"relais secrets"),
        }
    }

    /// The fingerprint of a request's body.
    pub fn body(&self, body: &[u8]) -> Vec<u8> {
        hmac::sign(&self.bodies, body).as_ref().to_vec()
    }

    /// What is kept of a secret that somebody else holds.
    pub fn secret(&self, secret: &[u8]) -> Vec<u8> {
        hmac::sign(&self.secrets, secret).as_ref().to_vec()
    }

    /// The seal of a page token.
    pub(super) fn seal_page(&self, token: &[u8]) -> Vec<u8> {
        hmac::sign(&self.pages, token).as_ref().to_vec()
    }

    /// Whether `seal` is the seal of `token`, in constant time.
    pub(super) fn is_sealed(&self, token: &[u8], seal: &[u8]) -> bool {
        hmac::verify(&self.pages, token, seal).is_ok()
    }
}

fn derive(secret: &str, purpose: &[u8]) -> hmac::Key {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"relais").extract(secret.as_bytes());
    let mut key = [0_u8; 32];
    // 32 bytes are one block of HKDF-SHA-256: neither step can fail.
    if let Ok(okm) = prk.expand(&[purpose], hkdf::HKDF_SHA256) {
        let _ = okm.fill(&mut key);
    }
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}
