//! Keys that sign tokens, right and wrong ones.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use relais_platform::calls::token::service_key;
use serde_json::{Value, json};

use crate::SERVICES;

/// A key and its id.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    key: EncodingKey,
    public: Value,
}

impl SigningKey {
    /// Draws one for EdDSA.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn ed25519(kid: &str) -> Result<Self> {
        let (private, _) = service_key::generate(kid)?;
        Self::of_jwk(&private)
    }

    /// Draws one for ES256.
    ///
    /// # Errors
    /// As there.
    pub fn p256(kid: &str) -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Self::try_new(kid, Algorithm::ES256, EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref()))
    }

    /// Draws one for RS256.
    ///
    /// # Errors
    /// As there.
    pub fn rsa(kid: &str) -> Result<Self> {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?;
        let der: Pkcs8V1Der<'_> = pair.as_der()?;
        let lines: Vec<_> = STANDARD.encode(der.as_ref()).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let pem =
            [b"-----BEGIN PRIVATE KEY-----".to_vec(), lines.join(&b'\n'), b"-----END PRIVATE KEY-----\n".to_vec()];
        Self::try_new(kid, Algorithm::RS256, EncodingKey::from_rsa_pem(&pem.join(&b'\n'))?)
    }

    /// Of a private JWK (Ed25519).
    ///
    /// # Errors
    /// When it is none.
    pub fn of_jwk(jwk: &Value) -> Result<Self> {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default());
        let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes("d")?, &bytes("x")?)?;
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1()?.as_ref());
        let kid = jwk["kid"].as_str().context("a key without an id")?;
        let mut public = jwk.clone();
        public.as_object_mut().context("no JWK")?.remove("d");
        Ok(Self { kid: kid.into(), algorithm: Algorithm::EdDSA, key, public })
    }

    fn try_new(kid: &str, algorithm: Algorithm, key: EncodingKey) -> Result<Self> {
        let mut public = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm)?)?;
        public["kid"] = kid.into();
        Ok(Self { kid: kid.into(), algorithm, key, public })
    }

    /// The public JWK.
    pub fn public(&self) -> Value {
        self.public.clone()
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"})
    }

    /// A token with any claims.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        self.sign_as(&self.header(), &claims.to_string())
    }

    /// A token with any header and any body.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_as(&self, header: &Value, claims: &str) -> Result<String> {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let signature = crypto::sign(message.as_bytes(), &self.key, self.algorithm)?;
        Ok(format!("{message}.{signature}"))
    }
}

/// The keys of the four services: a file for each, and one of their public keys.
#[derive(Clone)]
pub struct ServiceKeys {
    folder: PathBuf,
}

impl ServiceKeys {
    /// Those of a folder; draws them when there are none.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self> {
        let keys = Self { folder: folder.into() };
        if !keys.jwks().exists() {
            std::fs::create_dir_all(folder)?;
            let mut public = Vec::new();
            for service in SERVICES {
                let (private, shown) = service_key::generate(&format!("{service}:development"))?;
                std::fs::write(keys.file(service), private.to_string())?;
                public.push(shown);
            }
            std::fs::write(keys.jwks(), json!({"keys": public}).to_string())?;
        }
        Ok(keys)
    }

    /// The private key of a service.
    pub fn file(&self, service: &str) -> PathBuf {
        self.folder.join(format!("{service}.jwk.json"))
    }

    /// The public keys of all.
    pub fn jwks(&self) -> PathBuf {
        self.folder.join("services.json")
    }

    /// The key of a service, to sign what that service would not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(&self, service: &str) -> Result<SigningKey> {
        SigningKey::of_jwk(&serde_json::from_slice(&std::fs::read(self.file(service))?)?)
    }
}
