//! Bearer tokens: signature against the issuer's keys, then issuer, audience and times, checked by hand against the injected
//! clock (the JWT crate reads the machine's).
//!
//! Two kinds are taken: those of the issuer of the settings (`keys` says how its keys are kept), and those that services
//! sign for one another ([`service_key`]). All that does not hold is answered alike: UNAUTHENTICATED, TOKEN_INVALID.

mod claims;
mod fetch;
mod header;
mod key_set;
mod keys;
pub mod service_key;
mod verified;

use std::sync::Arc;

use anyhow::Context as _;
use http::HeaderMap;
use jsonwebtoken::Validation;

use self::{
    claims::Claims,
    header::{Header, Signer},
    key_set::Key,
    keys::Keys,
    service_key::{name_of, owner},
    verified::Verified,
};
use super::Caller;
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    settings::Settings,
};

/// Checks tokens. Made once at start.
pub struct Verifier {
    keys: Arc<Keys>,
    /// None when no service may call this one.
    services: Option<Arc<Keys>>,
    /// The name under which services know this one.
    own_name: String,
    issuer: String,
    audience: String,
    leeway_s: i64,
    clock: Clock,
    verified: Verified,
}

/// What a token claims, once its signature is verified.
fn decode(token: &str, header: &Header, key: &Key) -> Result<Arc<Claims>> {
    let broken = || refused("the token cannot be read or its signature is wrong");
    if header.algorithm != key.algorithm {
        return Err(broken());
    }
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|_| broken())?;
    Ok(Arc::new(decoded.claims))
}

fn refused(message: &str) -> Error {
    Error::new(Kind::Unauthenticated, "TOKEN_INVALID", message)
}

impl Verifier {
    /// A verifier of the settings, for `service`.
    ///
    /// # Errors
    /// When a file of keys is not a JWKS with at least one usable key, or holds one of development in production.
    pub fn new(settings: &Settings, service: &str, clock: Clock) -> anyhow::Result<Self> {
        let auth = &settings.auth;
        let services = match auth.services_jwks_file.as_str() {
            "" => None,
            path => Some(Keys::of_file(settings, path).context("auth.services_jwks_file")?),
        };
        Ok(Self {
            keys: Keys::of_issuer(settings)?,
            services,
            own_name: name_of(service),
            issuer: auth.issuer.clone(),
            audience: auth.audience.clone(),
            leeway_s: auth.leeway_s.into(),
            clock,
            verified: Verified::default(),
        })
    }

    /// Reads the issuer's keys now, and says how many there are.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self) -> anyhow::Result<usize> {
        self.keys.check().await
    }

    /// The caller whom the request's bearer token names.
    ///
    /// # Errors
    /// UNAUTHENTICATED when there is no token or it does not hold; UNAVAILABLE when the issuer's keys could never be read.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(refused("send one authorization header: Bearer and a token"));
        };
        let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).unzip();
        let bearer = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        let token =
            token.filter(|_| bearer).ok_or_else(|| refused("the authorization header is not a bearer token"))?;
        self.verify(token).await
    }

    async fn verify(&self, token: &str) -> Result<Caller> {
        let header = header::read(token)?;
        let keys = match header.signer {
            Signer::Issuer => Some(&self.keys),
            Signer::Service => self.services.as_ref(),
        };
        let unknown = || refused("the token's key is not known");
        let key = keys.ok_or_else(unknown)?.find(&header.kid).await?.ok_or_else(unknown)?;
        if let Some(claims) = self.verified.find(token, &key) {
            return self.judge(&header, &claims);
        }
        let claims = decode(token, &header, &key)?;
        let caller = self.judge(&header, &claims)?;
        // After it was judged: what is refused takes no place.
        self.verified.keep(token, &key, &claims);
        Ok(caller)
    }

    fn judge(&self, header: &Header, claims: &Claims) -> Result<Caller> {
        if let Some(wrong) = claims.wrong_time(self.clock.now().timestamp(), self.leeway_s) {
            return Err(refused(wrong));
        }
        if claims.is_no_access_token() {
            return Err(refused("an access token is needed, and this is another kind"));
        }
        let (audience, issuer) = match header.signer {
            Signer::Issuer => (&self.audience, Some(self.issuer.as_str())),
            Signer::Service => (&self.own_name, None),
        };
        if issuer.is_some_and(|issuer| claims.iss != issuer) {
            return Err(refused("the token is of another issuer"));
        }
        if !claims.is_for(audience) {
            return Err(refused("the token is meant for somebody else"));
        }
        let caller = match header.signer {
            Signer::Issuer => claims.clone().of_issuer(),
            Signer::Service => claims.clone().of_service(owner(&header.kid)),
        };
        caller.ok_or_else(|| refused("the token's subject, organisation, unit or link to the register cannot be read"))
    }
}
