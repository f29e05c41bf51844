//! A certificate authority of a test's own: certificates in any name, of any time.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

/// When a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Now.
    Now,
    /// Now, and not for as long.
    Shorter,
    /// It was.
    Over,
}

/// Issues certificates into a folder.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Draws an authority.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        std::fs::write(folder.join("ca.pem"), &pem)?;
        Ok(Self { folder: folder.into(), issuer: Issuer::new(params, key), pem })
    }

    /// Issues a certificate in these names (DNS or addresses) to `whom`: `WHOM.pem` and `WHOM.key`.
    ///
    /// # Errors
    /// When a name is none.
    pub fn issue(&self, whom: &str, names: &[&str], validity: Validity) -> Result<()> {
        let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = match validity {
            Validity::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(4096, 1, 1)),
            Validity::Shorter => (date_time_ymd(2020, 1, 1), date_time_ymd(2100, 1, 1)),
            Validity::Over => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
        };
        let key = KeyPair::generate()?;
        std::fs::write(self.file(whom, "pem"), params.signed_by(&key, &self.issuer)?.pem())?;
        Ok(std::fs::write(self.file(whom, "key"), key.serialize_pem())?)
    }

    /// The settings by which a service shows the certificate of `whom`, by their names in the environment.
    pub fn settings(&self, whom: &str) -> [(String, String); 3] {
        let file = |path: PathBuf| path.display().to_string();
        [
            ("RELAIS__TLS__CERT_FILE".into(), file(self.file(whom, "pem"))),
            ("RELAIS__TLS__KEY_FILE".into(), file(self.file(whom, "key"))),
            ("RELAIS__TLS__CA_FILE".into(), file(self.folder.join("ca.pem"))),
        ]
    }

    /// A client that believes this authority, and shows nothing.
    pub fn nobody(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem))
    }

    /// A client that shows the certificate of `whom`.
    ///
    /// # Errors
    /// When none was issued.
    pub fn client(&self, whom: &str) -> Result<ClientTlsConfig> {
        Ok(self.nobody().identity(self.pair(whom)?))
    }

    /// The certificate of `whom` with its key.
    ///
    /// # Errors
    /// When none was issued.
    pub fn pair(&self, whom: &str) -> Result<Identity> {
        Ok(Identity::from_pem(std::fs::read(self.file(whom, "pem"))?, std::fs::read(self.file(whom, "key"))?))
    }

    fn file(&self, whom: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{whom}.{kind}"))
    }
}
