//! The header of a token, read before anything else and cheaply: what is refused here costs no key, no fetch, no signature.
//!
//! It is the sender's word. It chooses among keys that we hold; it never brings one (`jwk`, `jku`, `x5u` are not read).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::{Deserialize, de::IgnoredAny};

use super::refused;
use crate::error::Result;

/// The longest token taken, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;
/// The longest key id taken, in bytes.
const LONGEST_KID: usize = 128;
/// The `typ` of tokens that services sign, which no issuer of people's tokens may use.
pub(super) const SERVICE_TYPE: &str = "relais-service+jwt";

/// Who is to have signed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    /// The issuer of the settings.
    Issuer,
    /// A service.
    Service,
}

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    pub algorithm: Algorithm,
    pub kid: String,
    pub signer: Signer,
}

#[derive(Deserialize)]
struct Fields {
    alg: String,
    kid: String,
    #[serde(default)]
    typ: Option<String>,
    /// Extensions that must be understood: we know none.
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// Reads the header of a token.
pub(super) fn read(token: &str) -> Result<Header> {
    let broken = || refused("the token cannot be read or its signature is wrong");
    if token.len() > LONGEST || token.split('.').count() != 3 {
        return Err(broken());
    }
    let first = token.split('.').next().unwrap_or_default();
    let json = URL_SAFE_NO_PAD.decode(first).map_err(|_| broken())?;
    let fields: Fields = serde_json::from_slice(&json).map_err(|_| broken())?;
    if fields.crit.is_some() {
        return Err(refused("the token asks for an extension that is not known"));
    }
    let algorithm = algorithm(&fields.alg).ok_or_else(|| refused("the token's algorithm is not taken"))?;
    let signer = signer(fields.typ.as_deref()).ok_or_else(|| refused("this type of token is not taken"))?;
    if !is_plain(&fields.kid) {
        return Err(refused("the token's key is not known"));
    }
    Ok(Header { algorithm, kid: fields.kid, signer })
}

/// The signatures taken: asymmetric ones alone.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "EdDSA" => Some(Algorithm::EdDSA),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        _ => None,
    }
}

fn signer(typ: Option<&str>) -> Option<Signer> {
    let typ = typ.map(str::to_ascii_lowercase);
    match typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ)) {
        None | Some("jwt" | "at+jwt") => Some(Signer::Issuer),
        Some(SERVICE_TYPE) => Some(Signer::Service),
        Some(_) => None,
    }
}

/// Whether a key id may be one: short, and nothing like a path.
pub(super) fn is_plain(kid: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:=+~@".contains(c);
    (1..=LONGEST_KID).contains(&kid.len()) && kid.chars().all(plain) && !kid.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn what_a_header_may_say() -> Result<()> {
        for (typ, expected) in [
            ("", Signer::Issuer),
            (r#","typ":"JWT""#, Signer::Issuer),
            (r#","typ":"application/AT+JWT""#, Signer::Issuer),
        ] {
            let header = read(&token(&format!(r#"{{"alg":"ES256","kid":"k1"{typ}}}"#)))?;
            assert_eq!((header.algorithm, header.kid.as_str(), header.signer), (Algorithm::ES256, "k1", expected));
        }
        let ours = read(&token(r#"{"alg":"EdDSA","kid":"results","typ":"relais-service+jwt"}"#))?;
        assert_eq!(ours.signer, Signer::Service);
        // Keys that a token brings along are not even read.
        read(&token(r#"{"alg":"EdDSA","kid":"k","jku":"http://e.invalid","x5u":1,"jwk":{"kty":"oct"}}"#))?;
        Ok(())
    }

    #[test]
    fn what_is_refused_before_a_key_is_looked_up() {
        let long = "k".repeat(129);
        let wrong = [
            r#"{"alg":"none","kid":"k"}"#.to_string(),
            r#"{"alg":"HS256","kid":"k"}"#.into(),
            r#"{"alg":"PS256","kid":"k"}"#.into(),
            r#"{"alg":["EdDSA"],"kid":"k"}"#.into(),
            r#"{"alg":"EdDSA"}"#.into(),
            r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k"}"#.into(),
            r#"{"alg":"EdDSA","kid":"k","crit":["exp"]}"#.into(),
            r#"{"alg":"EdDSA","kid":"k","typ":"id_token"}"#.into(),
            r#"{"alg":"EdDSA","kid":"k","typ":"logout+jwt"}"#.into(),
            format!(r#"{{"alg":"EdDSA","kid":"{long}"}}"#),
            r#"{"alg":"EdDSA","kid":""}"#.into(),
            r#"{"alg":"EdDSA","kid":"../../etc/passwd"}"#.into(),
            r#"{"alg":"EdDSA","kid":"a/b"}"#.into(),
            r#"{"alg":"EdDSA","kid":"' OR 1=1"}"#.into(),
            r#"{"alg":"EdDSA","kid":"k\u0000"}"#.into(),
        ];
        for header in wrong {
            assert!(read(&token(&header)).is_err(), "{header}");
        }
        for text in ["", ".", "..", "a.b", "a.b.c.d.e", "%%.e30.AAAA"] {
            assert!(read(text).is_err(), "{text}");
        }
        let huge = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k"}"#), "A".repeat(LONGEST));
        assert!(read(&huge).is_err());
    }
}
