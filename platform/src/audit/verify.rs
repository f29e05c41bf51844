//! Reads a whole audit and says its first fault: `SERVICE verify-audit [--heads FILE]`.

use std::{fmt, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection, Executor, PgConnection};

use super::{
    chain::{Fault, Hash, Verifier},
    heads, store,
};
use crate::{calls::fingerprint::Fingerprints, clock::machine_now, database, settings::Settings};

/// Seals read at once.
const STRETCH: i64 = 100;
/// A row that waits longer for its seal was inserted past the sealer, or the sealer stands still.
const SEALED_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// A row so far ahead of this machine's clock was dated by nobody's clock.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

/// An audit without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Seals of the chain.
    pub seals: i64,
    /// Rows that they hold.
    pub rows: usize,
    /// Exported heads that were held against them; none of a file that was not given.
    pub heads: usize,
    /// Lines of that file that are no heads, since writing them was cut short.
    pub torn: usize,
    /// The hash of the last seal.
    pub head: Hash,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = URL_SAFE_NO_PAD.encode(self.head);
        write!(f, "sound: {} rows in {} seals, {} exported heads, head {head}", self.rows, self.seals, self.heads)?;
        if self.torn > 0 {
            write!(f, "\nlines of the heads' file that were torn and prove nothing: {}", self.torn)?;
        }
        if self.heads == 0 {
            write!(
                f,
                "\nwithout exported heads a tail that was cut is not seen: set audit.heads_file, or give --heads FILE"
            )?;
        }
        Ok(())
    }
}

/// Verifies the audit of a service with the heads of a file, by default those of `audit.heads_file`. Without heads a tail
/// that was cut is not found.
///
/// # Errors
/// The first [`Fault`], a file that cannot be read or was forged, or a database that cannot be reached.
pub async fn verify(settings: &Settings, service: &str, file: Option<&Path>) -> anyhow::Result<Verified> {
    let own = Some(Path::new(&settings.audit.heads_file)).filter(|file| !file.as_os_str().is_empty());
    let keys = Fingerprints::new(settings.auth.token_key.expose());
    // Read before the database: each head in it is of a seal that was committed before.
    let heads = file.or(own).map(|file| heads::read(file, service, &keys)).transpose()?.unwrap_or_default();
    let (heads, torn) = (heads.heads, heads.torn);
    let known = heads.len();
    anyhow::ensure!(file.is_none() || known > 0, "the file of --heads holds no head");
    anyhow::ensure!(!settings.database.url.expose().is_empty(), "database.url is not set");
    let options = database::options(&settings.database)?.options([("statement_timeout", "0")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    // One view of everything while the service goes on.
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let (mut verifier, mut rows, mut seq) = (Verifier::new(heads, kept_since(settings)), 0, 0);
    loop {
        let seals = store::seals_after(&mut connection, seq, STRETCH).await?;
        let Some(last) = seals.last().map(|seal| seal.seq) else { break };
        for seal in &seals {
            let found = store::rows(&mut connection, &seal.members).await?;
            verifier.take(seal, &found)?;
            rows += found.len();
        }
        seq = last;
    }
    let now = machine_now();
    let unsealed = store::unsealed(&mut connection, now - SEALED_WITHIN, now + CLOCKS_DIFFER).await?;
    let (seals, head) = verifier.end(unsealed)?;
    connection.close().await?;
    Ok(Verified { seals, rows, heads: known, torn, head })
}

/// The fault in an error of [`verify`], if it is one.
pub fn fault(error: &anyhow::Error) -> Option<&Fault> {
    error.downcast_ref()
}

/// Since when rows must be there; none: since ever.
fn kept_since(settings: &Settings) -> Option<DateTime<Utc>> {
    let days = i64::from(settings.retention.audit_days);
    (days > 0).then(|| machine_now() - TimeDelta::days(days))
}
