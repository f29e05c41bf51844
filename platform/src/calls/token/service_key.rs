//! The key of a service, and the tokens it signs.
//!
//! A service that calls another does so for a caller: its token names that caller with the same rights and no more, and itself
//! as the one who acts (RFC 8693). It lives for a minute and is good at one service. A key's id begins with the service it
//! belongs to (`scheduling`, `scheduling:2027`), so that none signs in the name of another.
//!
//! The referral service, which knows who belongs to which organisation, also signs sessions: the tokens of people whose identity
//! provider says nothing of organisations. They are good at all services.

use anyhow::{Context as _, ensure};
use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    header::{self, SERVICE_TYPE},
    key_set::is_development,
};
use crate::{
    calls::{Caller, Role, caller::Grant},
    clock::Clock,
    error::{Error, Kind, Result},
    ids::{Child, MemberId, OrganisationId, UnitId},
    settings::{EnvironmentKind, Settings},
};

/// How long a token for a call between services lives.
pub(super) const CALL: TimeDelta = TimeDelta::seconds(60);
/// How long a partner may look at what a link opened.
pub(super) const VISIT: TimeDelta = TimeDelta::minutes(15);
/// How long a member's session lives: a suspension is felt after so long at the most.
pub(super) const SESSION: TimeDelta = TimeDelta::minutes(15);
/// The services at which a session is good.
const EVERYWHERE: [&str; 4] = ["referral", "scheduling", "results", "notification"];
const NAMES: &str = "urn:relais:service:";

/// What no organisation makes of its members.
pub(super) const NOT_OF_MEMBERS: [Role; 4] = [Role::Operator, Role::Network, Role::Service, Role::Partner];

/// The name of a service in tokens.
pub fn name_of(service: &str) -> String {
    format!("{NAMES}{service}")
}

/// The service of such a name.
pub(super) fn service_of(name: &str) -> Option<&str> {
    name.strip_prefix(NAMES).filter(|service| !service.is_empty())
}

/// The service to which a key belongs.
pub(super) fn owner(kid: &str) -> &str {
    kid.split(':').next().unwrap_or_default()
}

/// Whom a partner link lets in.
#[derive(Debug, Clone, Copy)]
pub struct Partner {
    /// The organisation that made it.
    pub organisation: OrganisationId,
    /// The unit that made it.
    pub unit: Option<UnitId>,
    /// What it opens, and for what.
    pub grant: Grant,
}

/// Signs tokens of one service.
#[derive(Clone)]
pub struct ServiceKey {
    name: String,
    kid: String,
    key: EncodingKey,
    clock: Clock,
}

impl ServiceKey {
    /// The key of `auth.service_key_file`: a private JWK, or a PEM whose key id is the service's name. None when it is not set.
    ///
    /// # Errors
    /// When the file holds no Ed25519 key of this service, or in production one of development.
    pub fn open(settings: &Settings, service: &str, clock: Clock) -> anyhow::Result<Option<Self>> {
        let path = settings.auth.service_key_file.as_str();
        if path.is_empty() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("auth.service_key_file: {path}"))?;
        let (kid, key) = read(&text, service).context("auth.service_key_file")?;
        ensure!(owner(&kid) == service, "auth.service_key_file: key {kid} is not of the {service} service");
        let production = settings.environment == EnvironmentKind::Production;
        ensure!(
            !(production && is_development(&kid)),
            "auth.service_key_file: key {kid} is one of development: it is never taken in production"
        );
        Ok(Some(Self { name: name_of(service), kid, key, clock }))
    }

    /// A token for a call at the service `peer` on behalf of `caller`: the same subject, organisation, unit, roles and link to the
    /// register. There is no way to add to them.
    ///
    /// # Errors
    /// PERMISSION_DENIED for a partner, whose rights end here; INTERNAL when it cannot be signed.
    pub fn on_behalf(&self, caller: &Caller, peer: &str) -> Result<String> {
        if caller.grant.is_some() || caller.has_any(&[Role::Service, Role::Partner]) {
            return Err(Error::denied("nothing is asked elsewhere for this caller"));
        }
        let act = match &caller.actor {
            Some(before) => json!({"sub": self.name, "act": {"sub": name_of(before)}}),
            None => json!({"sub": self.name}),
        };
        let mut claims = person(caller);
        claims["act"] = act;
        // Not even a minute longer than the caller's own.
        self.sign(claims, peer, caller.expires_at.min(self.clock.now() + CALL))
    }

    /// A token for a call that nobody asked for: with the role `service` alone.
    ///
    /// # Errors
    /// INTERNAL when it cannot be signed.
    pub fn itself(&self, peer: &str) -> Result<String> {
        let claims = json!({"sub": self.name, "roles": [Role::Service.as_str()]});
        self.sign(claims, peer, self.clock.now() + CALL)
    }

    /// A token for the holder of a partner link, good at the referral service for one referral, and until when.
    ///
    /// # Errors
    /// INTERNAL when it cannot be signed.
    pub fn partner(&self, partner: &Partner) -> Result<(String, DateTime<Utc>)> {
        let mut claims = json!({
            "sub": partner.grant.link.to_string(), "roles": [Role::Partner.as_str()],
            "organisation": partner.organisation.to_string(),
            "referral": partner.grant.referral.to_string(), "purpose": partner.grant.purpose.as_str(),
        });
        if let Some(unit) = partner.unit {
            claims["unit"] = Child::new(partner.organisation, unit).to_string().into();
        }
        let expires_at = self.clock.now() + VISIT;
        Ok((self.sign(claims, "referral", expires_at)?, expires_at))
    }

    /// A token for a member of an organisation, good at all services, and until when. `caller` is the person with what that
    /// organisation made of them.
    ///
    /// # Errors
    /// PERMISSION_DENIED for roles that no organisation gives; INTERNAL when it cannot be signed.
    pub fn session(&self, caller: &Caller, member: Child<MemberId>) -> Result<(String, DateTime<Utc>)> {
        if caller.has_any(&NOT_OF_MEMBERS) {
            return Err(Error::denied("no organisation gives such a role"));
        }
        let mut claims = person(caller);
        claims["member"] = member.to_string().into();
        let expires_at = self.clock.now() + SESSION;
        let everywhere: Vec<_> = EVERYWHERE.into_iter().map(name_of).collect();
        Ok((self.sign_for(claims, json!(everywhere), expires_at)?, expires_at))
    }

    fn sign(&self, claims: Value, peer: &str, expires_at: DateTime<Utc>) -> Result<String> {
        self.sign_for(claims, name_of(peer).into(), expires_at)
    }

    fn sign_for(&self, mut claims: Value, audience: Value, expires_at: DateTime<Utc>) -> Result<String> {
        let now = self.clock.now().timestamp();
        claims["iss"] = self.name.as_str().into();
        claims["aud"] = audience;
        (claims["iat"], claims["nbf"], claims["exp"]) = (now.into(), now.into(), expires_at.timestamp().into());
        claims["jti"] = Uuid::now_v7().to_string().into();
        let header =
            Header { typ: Some(SERVICE_TYPE.into()), kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(Error::internal)
    }
}

/// What a token says of a person: subject and who had issued it (RFC 9493), organisation, unit, roles, entry of the register.
fn person(caller: &Caller) -> Value {
    let roles: Vec<_> = caller.roles.iter().map(|role| role.as_str()).collect();
    let mut claims = json!({
        "sub": caller.subject, "roles": roles,
        "sub_id": {"format": "iss_sub", "iss": caller.issuer, "sub": caller.subject},
    });
    let named = [
        ("organisation", caller.organisation.map(|name| name.to_string())),
        ("unit", caller.unit_name()),
        ("practitioner", caller.practitioner.map(|name| name.to_string())),
    ];
    for (claim, name) in named {
        if let Some(name) = name {
            claims[claim] = name.into();
        }
    }
    claims
}

/// What a service without a key answers when it needs one.
pub fn missing() -> Error {
    Error::new(Kind::FailedPrecondition, "SERVICE_KEY_MISSING", "the setting auth.service_key_file names no key")
}

fn read(text: &str, service: &str) -> anyhow::Result<(String, EncodingKey)> {
    if text.trim_start().starts_with("-----BEGIN") {
        return Ok((service.into(), EncodingKey::from_ed_pem(text.as_bytes()).context("not an Ed25519 key in PEM")?));
    }
    // What is wrong is not told: the error would quote the key.
    let told: Value = serde_json::from_str(text).map_err(|_| anyhow::anyhow!("neither a JWK nor PEM"))?;
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    ensure!(text("crv") == Some("Ed25519"), "not an Ed25519 key");
    let bytes = |name: &str| text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).unwrap_or_default();
    let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes("d"), &bytes("x"));
    let pair = pair.map_err(|_| anyhow::anyhow!("d and x are no key pair"))?;
    let kid = text("kid").filter(|kid| header::is_plain(kid)).context("a key without a kid")?;
    Ok((kid.into(), EncodingKey::from_ed_der(pair.to_pkcs8()?.as_ref())))
}

/// Draws a key: the private JWK, for `auth.service_key_file` of its service, and the public one, for the file of all services.
///
/// # Errors
/// When the system has no randomness to give.
pub fn generate(kid: &str) -> anyhow::Result<(Value, Value)> {
    ensure!(header::is_plain(kid), "a key id holds letters, digits and - _ . : alone");
    let pair = Ed25519KeyPair::generate().map_err(|_| anyhow::anyhow!("no randomness"))?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let x = text(pair.public_key().as_ref());
    let public = json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x});
    let mut private = public.clone();
    private["d"] = text(pair.seed()?.as_be_bytes()?.as_ref()).into();
    Ok((private, public))
}
