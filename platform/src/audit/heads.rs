//! Heads of the chain, exported so that a cut tail and a chain made anew are found.
//!
//! One line for each head: what it is, the service, the seal's number and time, its hash, and an HMAC over all of that under
//! a key derived from `auth.token_key`. Lines are appended to `audit.heads_file`, which belongs where the database's
//! administrator cannot write, and are logged.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::io::AsyncWriteExt;

use super::chain::{GENESIS, Hash, Seal};
use crate::calls::fingerprint::Fingerprints;

const FORM: &str = "relais-audit-head-1";

/// The line of a head.
pub(crate) fn line(service: &str, seal: &Seal, keys: &Fingerprints) -> String {
    let at = seal.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let told = format!("{FORM} {service} {} {at} {}", seal.seq, URL_SAFE_NO_PAD.encode(seal.hash));
    let mac = URL_SAFE_NO_PAD.encode(keys.seal_head(told.as_bytes()));
    format!("{told} {mac}")
}

/// Appends a line; it is on the disk when this returns.
pub(crate) async fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = tokio::fs::OpenOptions::new().create(true).append(true).open(file).await?;
    // One write, so that instances that share a file do not mix their lines.
    file.write_all(format!("{line}\n").as_bytes()).await?;
    file.sync_data().await
}

/// The heads of a service out of a file, by number.
///
/// # Errors
/// When it cannot be read, or a line of it was not written by this service: heads that may be forged prove nothing.
pub fn read(file: &Path, service: &str, keys: &Fingerprints) -> anyhow::Result<BTreeMap<i64, Hash>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    parse(&text, service, keys).with_context(|| file.display().to_string())
}

fn parse(text: &str, service: &str, keys: &Fingerprints) -> anyhow::Result<BTreeMap<i64, Hash>> {
    let mut heads = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((told, (seq, hash))) = line.rsplit_once(' ').and_then(|(told, _)| Some((told, head(told, service)?)))
        else {
            bail!("line {} is no head of {service}", number + 1);
        };
        let mac = URL_SAFE_NO_PAD.decode(line[told.len() + 1..].trim_end()).unwrap_or_default();
        if !keys.is_head(told.as_bytes(), &mac) {
            bail!("line {} is not signed with this service's key", number + 1);
        }
        if heads.insert(seq, hash).is_some_and(|before| before != hash) {
            bail!("line {}: two heads of seal {seq} were exported", number + 1);
        }
    }
    Ok(heads)
}

fn head(told: &str, service: &str) -> Option<(i64, Hash)> {
    let words: Vec<_> = told.split(' ').collect();
    let [form, of, seq, _, hash] = words.as_slice() else { return None };
    let bytes = URL_SAFE_NO_PAD.decode(hash).ok().filter(|bytes| bytes.len() == GENESIS.len())?;
    let mut hash = GENESIS;
    hash.copy_from_slice(&bytes);
    (*form == FORM && *of == service).then_some((seq.parse().ok()?, hash))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_head_is_read_back_and_a_forged_one_is_not() {
        let keys = Fingerprints::new("0123456789abcdef0123456789abcdef");
        let at = Utc.timestamp_opt(1_790_000_000, 0).unwrap();
        let seal = Seal::new((6, GENESIS), at, vec![Uuid::now_v7()], &[]);
        let line = line("referral", &seal, &keys);
        let heads = parse(&format!("{line}\n{line}\n"), "referral", &keys).expect("read");
        assert_eq!(heads, BTreeMap::from([(7, seal.hash)]));

        let other = Fingerprints::new("another key of thirty-two letters");
        assert!(parse(&line, "referral", &other).is_err(), "another key");
        assert!(parse(&line, "results", &keys).is_err(), "another service");
        assert!(parse(&line.replace(" 7 ", " 8 "), "referral", &keys).is_err(), "another number");
        assert!(parse(&line[..line.len() - 8], "referral", &keys).is_err(), "a line cut off");
    }
}
