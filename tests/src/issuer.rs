//! The development issuer: an Ed25519 key of its own, a JWKS, and tokens with any claims.
//!
//! It knows nobody and asks nothing: it is for development and tests alone. Services take it because their settings name its
//! JWKS.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{calls::token::service_key, clock::machine_now};
use serde_json::{Value, json};

use crate::SigningKey;

/// The `aud` of its tokens.
const AUDIENCE: &str = "relais";
/// Every key with this name in its id is refused in production.
const KEY_ID: &str = "development";

/// Issues tokens.
#[derive(Clone)]
pub struct Issuer {
    key: SigningKey,
    jwks: PathBuf,
}

/// Whom a token names.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The subject.
    pub subject: String,
    /// The organisation, `organisations/{uuid}`; empty for none.
    pub organisation: String,
    /// The unit, `organisations/{uuid}/units/{uuid}`; empty for none.
    pub unit: String,
    /// The entry of the register, `organisations/{uuid}/practitioners/{uuid}`; empty for none.
    pub practitioner: String,
    /// Roles, in lower case.
    pub roles: Vec<String>,
}

impl Identity {
    /// Somebody with one role, who acts for no organisation.
    pub fn new(subject: &str, role: &str) -> Self {
        Self { subject: subject.into(), roles: vec![role.into()], ..Self::default() }
    }

    /// Somebody of whom the issuer knows that they are, and nothing of organisations.
    pub fn bare(subject: &str) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// Acting for an organisation.
    pub fn of(mut self, organisation: &str) -> Self {
        self.organisation = organisation.into();
        self
    }

    /// With one more role.
    pub fn and(mut self, role: &str) -> Self {
        self.roles.push(role.into());
        self
    }

    /// A practitioner of that organisation.
    pub fn registered(mut self, practitioner: &str) -> Self {
        self.practitioner = practitioner.into();
        self
    }

    /// Acting for a unit of that organisation.
    pub fn at(mut self, unit: &str) -> Self {
        self.unit = unit.into();
        self
    }
}

impl Issuer {
    /// The `iss` of its tokens, which is refused in production.
    pub const NAME: &str = "https://issuer.relais.invalid";
    /// For how many seconds a token is good that is made without another word.
    pub const GOOD_FOR: i64 = 3_600;

    /// The issuer whose key is in `folder`; draws one when there is none.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self> {
        let (key, jwks) = (folder.join("issuer.jwk.json"), folder.join("jwks.json"));
        if !key.exists() {
            std::fs::create_dir_all(folder)?;
            let (private, public) = service_key::generate(KEY_ID)?;
            std::fs::write(&jwks, json!({"keys": [public]}).to_string())?;
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
            file.write_all(private.to_string().as_bytes())?;
        }
        Ok(Self { key: SigningKey::of_jwk(&serde_json::from_slice(&std::fs::read(&key)?)?)?, jwks })
    }

    /// Its key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The file of its public key.
    pub fn jwks(&self) -> &Path {
        &self.jwks
    }

    /// A token, good for an hour, by the clock as it was last moved.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, identity: &Identity) -> Result<String> {
        self.token_until(identity, (machine_now() + self.ahead()).timestamp() + Self::GOOD_FOR)
    }

    /// Notes how far the services' clock was moved ahead of the machine's: their tokens live by theirs.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn note_ahead(&self, ahead: TimeDelta) -> Result<()> {
        Ok(std::fs::write(self.ahead_file(), ahead.num_seconds().to_string())?)
    }

    /// How far that was.
    pub fn ahead(&self) -> TimeDelta {
        let noted = std::fs::read_to_string(self.ahead_file()).ok().and_then(|text| text.trim().parse().ok());
        TimeDelta::seconds(noted.unwrap_or_default())
    }

    fn ahead_file(&self) -> PathBuf {
        self.jwks.with_file_name("seconds-ahead")
    }

    /// A token that expires at `exp`, in seconds since 1970.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token_until(&self, identity: &Identity, exp: i64) -> Result<String> {
        self.sign(&Self::claims(identity, exp))
    }

    /// The claims of such a token.
    pub fn claims(identity: &Identity, exp: i64) -> Value {
        let mut claims = json!({
            "iss": Self::NAME, "aud": AUDIENCE, "sub": identity.subject, "exp": exp, "roles": identity.roles,
        });
        let named = [
            ("organisation", &identity.organisation),
            ("unit", &identity.unit),
            ("practitioner", &identity.practitioner),
        ];
        for (claim, name) in named.into_iter().filter(|(_, name)| !name.is_empty()) {
            claims[claim] = name.as_str().into();
        }
        claims
    }

    /// A token with any claims, to try what is refused.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        self.key.sign(claims)
    }
}
