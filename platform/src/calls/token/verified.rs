//! Tokens whose signature held: a token comes with every call of its caller, and says the same each time.
//!
//! Kept is what the token claims, by its digest, never the token. Its times, its audience and its issuer are judged with each call;
//! its signature is verified anew when its key was read again, so that a key that was withdrawn opens nothing.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest::{SHA256, digest};

use super::{claims::Claims, key_set::Key};

/// So many are kept at the most, some hundred bytes each; then all are verified anew.
const MOST: usize = 4096;

type Digest = [u8; 32];

/// What a token claims, and the key that had signed it.
struct Kept {
    key: Arc<Key>,
    claims: Arc<Claims>,
}

/// The claims of tokens.
#[derive(Default)]
pub(super) struct Verified(RwLock<HashMap<Digest, Kept>>);

impl Verified {
    /// What a token claims, if its signature was verified with this very key.
    pub fn find(&self, token: &str, key: &Arc<Key>) -> Option<Arc<Claims>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&digest_of(token))?;
        Arc::ptr_eq(&kept.key, key).then(|| kept.claims.clone())
    }

    /// Keeps what a token claims, whose signature was verified with this key.
    pub fn keep(&self, token: &str, key: &Arc<Key>, claims: &Arc<Claims>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(digest_of(token), Kept { key: key.clone(), claims: claims.clone() });
    }
}

fn digest_of(token: &str) -> Digest {
    let mut whole = Digest::default();
    whole.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    whole
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey};

    use super::*;

    fn key() -> Arc<Key> {
        Arc::new(Key { algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(&[7; 32]) })
    }

    fn claims() -> Arc<Claims> {
        Arc::new(serde_json::from_str(r#"{"iss":"i","sub":"s","aud":"a","exp":1}"#).expect("claims"))
    }

    #[test]
    fn a_token_is_known_under_the_key_that_verified_it_and_under_no_other() {
        let (verified, (first, again)) = (Verified::default(), (key(), key()));
        verified.keep("a.b.c", &first, &claims());
        assert!(verified.find("a.b.c", &first).is_some());
        assert!(verified.find("a.b.d", &first).is_none(), "another token");
        assert!(verified.find("a.b.c", &again).is_none(), "the key was read again, and may be another one");
    }

    #[test]
    fn no_more_are_kept_than_fit() {
        let (verified, key, claims) = (Verified::default(), key(), claims());
        for number in 0..=MOST {
            verified.keep(&number.to_string(), &key, &claims);
        }
        assert_eq!(verified.0.read().expect("kept").len(), 1);
    }
}
