//! The development issuer: an Ed25519 key of its own, a JWKS, and tokens with any claims.
//!
//! It knows nobody and asks nothing: it is for development and tests alone. Services take it because their settings name its
//! JWKS.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use relais_platform::clock::machine_now;
use serde_json::{Value, json};

/// The `iss` of its tokens.
const ISSUER: &str = "https://issuer.relais.invalid";
/// The `aud` of its tokens.
const AUDIENCE: &str = "relais";
const KEY_ID: &str = "development";

/// Issues tokens.
#[derive(Clone)]
pub struct Issuer {
    key: EncodingKey,
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
    /// Roles, in lower case.
    pub roles: Vec<String>,
}

impl Identity {
    /// Somebody with one role, who acts for no organisation.
    pub fn new(subject: &str, role: &str) -> Self {
        Self { subject: subject.into(), roles: vec![role.into()], ..Self::default() }
    }

    /// Acting for an organisation.
    pub fn of(mut self, organisation: &str) -> Self {
        self.organisation = organisation.into();
        self
    }

    /// Acting for a unit of that organisation.
    pub fn at(mut self, unit: &str) -> Self {
        self.unit = unit.into();
        self
    }
}

impl Issuer {
    /// The issuer whose key is in `folder`; draws one when there is none.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self> {
        let (key, jwks) = (folder.join("issuer.pk8"), folder.join("jwks.json"));
        if !key.exists() {
            std::fs::create_dir_all(folder)?;
            let pair = Ed25519KeyPair::generate().context("drawing a key")?;
            std::fs::write(&jwks, key_set(pair.public_key().as_ref()).to_string())?;
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&key)?;
            file.write_all(pair.to_pkcs8().context("keeping the key")?.as_ref())?;
        }
        Ok(Self { key: EncodingKey::from_ed_der(&std::fs::read(&key)?), jwks })
    }

    /// The file of its public key.
    pub fn jwks(&self) -> &Path {
        &self.jwks
    }

    /// A token, good for an hour of the machine's time.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, identity: &Identity) -> Result<String> {
        self.token_until(identity, machine_now().timestamp() + 3_600)
    }

    /// A token that expires at `exp`, in seconds since 1970.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token_until(&self, identity: &Identity, exp: i64) -> Result<String> {
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": identity.subject, "exp": exp, "roles": identity.roles,
        });
        if !identity.organisation.is_empty() {
            claims["organisation"] = identity.organisation.as_str().into();
        }
        if !identity.unit.is_empty() {
            claims["unit"] = identity.unit.as_str().into();
        }
        self.sign(&claims)
    }

    /// A token with any claims, to try what is refused.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = Header { kid: Some(KEY_ID.into()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }
}

fn key_set(public: &[u8]) -> Value {
    let x = URL_SAFE_NO_PAD.encode(public);
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KEY_ID, "x": x}]})
}
