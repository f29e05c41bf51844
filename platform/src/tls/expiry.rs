//! When certificates end, as a metric: whoever renews them must hear of it before callers are turned away.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use opentelemetry::{KeyValue, global};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::parse_x509_certificate;

use super::Files;

/// Ends of the service's certificate (with those between it and the CA) and of the CA, in seconds since 1970. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Expiry(Arc<[AtomicI64; 2]>);

/// Which file, in the order of the ends.
const FILES: [&str; 2] = ["cert", "ca"];

impl Expiry {
    /// One that a gauge looks at: `relais.tls.certificate.end`.
    pub fn watched() -> Self {
        let ends = Self::default();
        let seen = ends.clone();
        global::meter("relais")
            .i64_observable_gauge("relais.tls.certificate.end")
            .with_unit("s")
            .with_callback(move |observer| {
                for (file, end) in FILES.iter().zip(seen.0.iter()) {
                    observer.observe(end.load(Ordering::Relaxed), &[KeyValue::new("relais.tls.file", *file)]);
                }
            })
            .build();
        ends
    }

    /// Notes what was read.
    pub fn note(&self, files: &Files) {
        for (end, pem) in self.0.iter().zip([&files.cert, &files.ca]) {
            end.store(first_end(pem), Ordering::Relaxed);
        }
    }
}

/// When the first of the certificates in a file ends. One that cannot be read has ended: whoever looks at the alert finds out why.
fn first_end(pem: &[u8]) -> i64 {
    let certificates = CertificateDer::pem_slice_iter(pem).map(|certificate| {
        let certificate = certificate.ok()?;
        let (_, parsed) = parse_x509_certificate(&certificate).ok()?;
        Some(parsed.validity().not_after.timestamp())
    });
    certificates.map(Option::unwrap_or_default).min().unwrap_or_default()
}
