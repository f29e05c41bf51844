//! Bearer tokens: signature against a JWKS, then issuer, audience and times, checked by hand against the injected clock
//! (the JWT crate reads the machine's).

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::DateTime;
use http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde::Deserialize;

use super::{Caller, Role};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    ids::{Child, OrganisationId, ResourceId, UnitId},
    settings::Auth,
};

/// The signatures taken: asymmetric ones alone.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// Checks tokens. Made once at start.
pub struct Verifier {
    keys: HashMap<String, (Algorithm, DecodingKey)>,
    issuer: String,
    audience: String,
    leeway_s: i64,
    clock: Clock,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, expected: &str) -> bool {
        match self {
            Self::One(name) => name == expected,
            Self::Many(names) => names.iter().any(|name| name == expected),
        }
    }
}

fn refused(message: &str) -> Error {
    Error::new(Kind::Unauthenticated, "TOKEN_INVALID", message)
}

impl Verifier {
    /// Reads the public keys.
    ///
    /// # Errors
    /// When the file is not a JWKS with at least one usable key.
    pub fn new(settings: &Auth, clock: Clock) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&settings.jwks_file)
            .with_context(|| format!("auth.jwks_file: {}", settings.jwks_file))?;
        let set: JwkSet = serde_json::from_str(&text).context("auth.jwks_file is not a JWKS")?;
        let keys: HashMap<_, _> = set.keys.iter().filter_map(usable).collect();
        anyhow::ensure!(!keys.is_empty(), "auth.jwks_file holds no key with kid and an alg of EdDSA, ES256 or RS256");
        let (issuer, audience) = (settings.issuer.clone(), settings.audience.clone());
        Ok(Self { keys, issuer, audience, leeway_s: settings.leeway_s.into(), clock })
    }

    /// The caller whom the request's bearer token names.
    ///
    /// # Errors
    /// UNAUTHENTICATED when there is no token or it does not hold.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(refused("send one authorization header: Bearer and a token"));
        };
        let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).unzip();
        let bearer = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        self.verify(token.filter(|_| bearer).ok_or_else(|| refused("the authorization header is not a bearer token"))?)
    }

    fn verify(&self, token: &str) -> Result<Caller> {
        let broken = |_| refused("the token cannot be read or its signature is wrong");
        let header = jsonwebtoken::decode_header(token).map_err(broken)?;
        let known = header.kid.as_ref().and_then(|kid| self.keys.get(kid));
        let (algorithm, key) = known.ok_or_else(|| refused("the token's key is not known"))?;
        let mut validation = Validation::new(*algorithm);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(broken)?.claims;
        self.judge(claims)
    }

    fn judge(&self, claims: Claims) -> Result<Caller> {
        let now = self.clock.now().timestamp();
        if claims.sub.is_empty() {
            return Err(refused("the token names nobody"));
        }
        if claims.iss != self.issuer {
            return Err(refused("the token is of another issuer"));
        }
        if !claims.aud.names(&self.audience) {
            return Err(refused("the token is meant for somebody else"));
        }
        if now.saturating_sub(self.leeway_s) >= claims.exp {
            return Err(refused("the token has expired"));
        }
        if claims.nbf.is_some_and(|nbf| now.saturating_add(self.leeway_s) < nbf) {
            return Err(refused("the token is not valid yet"));
        }
        caller(claims).ok_or_else(|| refused("the token's organisation, unit or expiry cannot be read"))
    }
}

fn caller(claims: Claims) -> Option<Caller> {
    let organisation = match &claims.organisation {
        Some(name) => Some(OrganisationId::parse(name)?),
        None => None,
    };
    let unit = match &claims.unit {
        Some(name) => {
            let unit = Child::<UnitId>::parse(name)?;
            (Some(unit.organisation) == organisation).then_some(())?;
            Some(unit.id)
        }
        None => None,
    };
    // A role that this version does not know gives no right.
    let roles = claims.roles.iter().filter_map(|role| Role::parse(role)).collect();
    let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
    let (practitioner, actor) = (None, None);
    Some(Caller { issuer: claims.iss, subject: claims.sub, organisation, unit, roles, practitioner, actor, expires_at })
}

fn usable(jwk: &jsonwebtoken::jwk::Jwk) -> Option<(String, (Algorithm, DecodingKey))> {
    let algorithm: Algorithm = jwk.common.key_algorithm?.to_string().parse().ok()?;
    let key = DecodingKey::from_jwk(jwk).ok()?;
    ALGORITHMS.contains(&algorithm).then_some((jwk.common.key_id.clone()?, (algorithm, key)))
}
