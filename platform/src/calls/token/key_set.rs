//! Public keys of a JWKS (RFC 7517), each with the one algorithm it is for.

use std::{collections::HashMap, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;

use super::header;

/// More keys than any issuer has.
const MOST: usize = 100;
/// The word in the id of every key that development and tests draw, see [`is_development`].
const DEVELOPMENT: &str = "development";

/// A key and what it may have signed with.
pub(super) struct Key {
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// Keys by their id.
#[derive(Default)]
pub(super) struct KeySet(HashMap<String, Arc<Key>>);

#[derive(Deserialize)]
struct Told {
    // One by one: a key of a kind that we do not know must not hide the others.
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a JWKS. Keys that sign nothing we take are passed over.
    ///
    /// # Errors
    /// When it is none, holds no usable key, or in production one of development.
    pub fn parse(json: &[u8], production: bool) -> anyhow::Result<Self> {
        let told: Told = serde_json::from_slice(json).map_err(|_| anyhow::anyhow!("not a JWKS"))?;
        anyhow::ensure!(told.keys.len() <= MOST, "a JWKS of more than {MOST} keys");
        let mut keys = HashMap::new();
        for (kid, key) in told.keys.into_iter().filter_map(usable) {
            anyhow::ensure!(
                !(production && is_development(&kid)),
                "key {kid} is one of development: it is never taken in production"
            );
            keys.entry(kid).or_insert(Arc::new(key));
        }
        anyhow::ensure!(!keys.is_empty(), "a JWKS without a usable key: kid, and EdDSA, ES256 or RS256");
        Ok(Self(keys))
    }

    /// The key of an id.
    pub fn get(&self, kid: &str) -> Option<&Arc<Key>> {
        self.0.get(kid)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether a key was drawn for development: its id says so, as `development` or `referral:development`.
pub fn is_development(kid: &str) -> bool {
    kid.split(':').any(|part| part == DEVELOPMENT)
}

fn usable(told: serde_json::Value) -> Option<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(told).ok()?;
    let common = &jwk.common;
    let kid = common.key_id.clone().filter(|kid| header::is_plain(kid))?;
    let signs = common.public_key_use.as_ref().is_none_or(|told| *told == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|told| told.contains(&KeyOperations::Verify));
    let algorithm = of_kind(&jwk.algorithm)?;
    let named = common.key_algorithm.is_none_or(|named| header::algorithm(&named.to_string()) == Some(algorithm));
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (signs && verifies && named).then_some((kid, Key { algorithm, key }))
}

/// A kind of key is good for one algorithm, whether its `alg` says so or is left out.
fn of_kind(parameters: &AlgorithmParameters) -> Option<Algorithm> {
    match parameters {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn ed(kid: &str, more: &str) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{X}"{more}}}"#)
    }

    fn parse(keys: &[String], production: bool) -> anyhow::Result<KeySet> {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes(), production)
    }

    #[test]
    fn what_cannot_sign_for_us_is_passed_over() -> anyhow::Result<()> {
        let others = [
            ed("good", r#","alg":"EdDSA","use":"sig""#),
            ed("encrypts", r#","use":"enc""#),
            ed("signs-only", r#","key_ops":["sign"]"#),
            ed("mismatch", r#","alg":"HS256""#),
            ed("a/b", ""),
            r#"{"kty":"oct","kid":"shared","k":"AAAA","alg":"HS256"}"#.into(),
            r#"{"kty":"EC","crv":"P-384","kid":"p384","x":"AA","y":"AA"}"#.into(),
            r#"{"kty":"new","kid":"new"}"#.into(),
            "17".into(),
        ];
        let set = parse(&others, false)?;
        assert_eq!((set.len(), set.get("good").map(|key| key.algorithm)), (1, Some(Algorithm::EdDSA)));
        Ok(())
    }

    #[test]
    fn nonsense_is_no_key_set() {
        for json in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#, "<html>", r#"{"keys":[{"kty":"oct"}]}"#] {
            assert!(KeySet::parse(json.as_bytes(), false).is_err(), "{json}");
        }
        let many: Vec<_> = (0..101).map(|n| ed(&format!("k{n}"), "")).collect();
        assert!(parse(&many, false).is_err());
    }

    #[test]
    fn a_development_key_is_refused_in_production() {
        for kid in ["development", "referral:development"] {
            assert!(parse(&[ed(kid, "")], false).is_ok());
            assert!(parse(&[ed("good", ""), ed(kid, "")], true).is_err(), "{kid}");
        }
        assert!(parse(&[ed("developments", "")], true).is_ok());
    }
}
