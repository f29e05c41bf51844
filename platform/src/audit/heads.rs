//! Heads of the chain, exported so that a cut tail and a chain made anew are found.
//!
//! One line for each head: what it is, the service, the seal's number and time, its hash, and an HMAC over all of that under
//! a key derived from `auth.token_key`. Lines are appended to `audit.heads_file`, which belongs where the database's
//! administrator cannot write, and are logged.
//!
//! A power cut or a full disk may tear a line. Nobody can say any more which head it was, and the rest of the file proves what it
//! did before: a torn line is told of and passed over. The next one begins on a line of its own (`TORN`).

use std::{collections::BTreeMap, io::SeekFrom, path::Path};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::chain::{GENESIS, Hash, Seal};
use crate::calls::fingerprint::Fingerprints;

const FORM: &str = "relais-audit-head-1";
/// What ends a line that was torn, when the next one is written.
const TORN: &str = " torn";
/// Characters of the HMAC of a head: a line that ends before is torn, one with another HMAC is forged.
const MAC: usize = 43;

/// What a file of heads holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// Hashes by number.
    pub heads: BTreeMap<i64, Hash>,
    /// Lines that are none, since writing them was cut short.
    pub torn: usize,
}

/// The line of a head.
pub(crate) fn line(service: &str, seal: &Seal, keys: &Fingerprints) -> String {
    let at = seal.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let told = format!("{FORM} {service} {} {at} {}", seal.seq, URL_SAFE_NO_PAD.encode(seal.hash));
    let mac = URL_SAFE_NO_PAD.encode(keys.seal_head(told.as_bytes()));
    format!("{told} {mac}")
}

/// Appends a line; it is on the disk when this returns.
pub(crate) async fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = tokio::fs::OpenOptions::new().create(true).append(true).read(true).open(file).await?;
    let end = if is_torn(&mut file).await? { format!("{TORN}\n") } else { String::new() };
    // One write, so that instances that share a file do not mix their lines.
    file.write_all(format!("{end}{line}\n").as_bytes()).await?;
    file.sync_data().await
}

/// Whether the last line was not written to its end.
async fn is_torn(file: &mut tokio::fs::File) -> std::io::Result<bool> {
    if file.metadata().await?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1)).await?;
    Ok(file.read_u8().await? != b'\n')
}

/// The heads of a service out of a file, by number.
///
/// # Errors
/// When it cannot be read, or a whole line of it was not written by this service: heads that may be forged prove nothing.
pub fn read(file: &Path, service: &str, keys: &Fingerprints) -> anyhow::Result<Heads> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    parse(&text, service, keys).with_context(|| file.display().to_string())
}

fn parse(text: &str, service: &str, keys: &Fingerprints) -> anyhow::Result<Heads> {
    let (mut heads, mut torn) = (BTreeMap::new(), 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let whole = line.strip_suffix('\n');
        let line = whole.unwrap_or(line);
        if line.ends_with(TORN) || whole.is_none() && is_cut(line) {
            torn += 1;
            continue;
        }
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
    Ok(Heads { heads, torn })
}

/// Whether a line ends before its HMAC does.
fn is_cut(line: &str) -> bool {
    line.split(' ').nth(5).is_none_or(|mac| mac.len() < MAC)
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
        assert_eq!(heads, Heads { heads: BTreeMap::from([(7, seal.hash)]), torn: 0 });

        let other = Fingerprints::new("another key of thirty-two letters");
        assert!(parse(&line, "referral", &other).is_err(), "another key");
        assert!(parse(&line, "results", &keys).is_err(), "another service");
        assert!(parse(&line.replace(" 7 ", " 8 "), "referral", &keys).is_err(), "another number");
        let cut = &line[..line.len() - 8];
        assert!(parse(&format!("{cut}\n{line}\n"), "referral", &keys).is_err(), "a line cut off by somebody");
        assert!(parse(&format!("{line}A"), "referral", &keys).is_err(), "more than a line");
    }

    #[tokio::test]
    async fn wherever_a_line_is_torn_the_others_are_read() {
        let keys = Fingerprints::new("0123456789abcdef0123456789abcdef");
        let at = Utc.timestamp_opt(1_790_000_000, 0).unwrap();
        let seals: Vec<_> = (0..3).map(|seq| Seal::new((seq, GENESIS), at, vec![Uuid::now_v7()], &[])).collect();
        let lines: Vec<_> = seals.iter().map(|seal| line("referral", seal, &keys)).collect();
        let heads = |torn, kept: &[usize]| {
            let heads = kept.iter().map(|at| (seals[*at].seq, seals[*at].hash)).collect();
            Heads { heads, torn }
        };
        for cut in (1..lines[1].len()).step_by(9).chain([lines[1].len() - 1]) {
            let file = std::env::temp_dir().join(format!("relais-heads-{}", Uuid::now_v7()));
            append(&file, &lines[0]).await.expect("appended");
            let torn = format!("{}\n{}", lines[0], &lines[1][..cut]);
            std::fs::write(&file, &torn).expect("torn");
            assert_eq!(read(&file, "referral", &keys).expect("read"), heads(1, &[0]), "{cut}");
            append(&file, &lines[2]).await.expect("appended");
            assert_eq!(read(&file, "referral", &keys).expect("read"), heads(1, &[0, 2]), "{cut}");
            // Only the end of the last line is missing.
            std::fs::write(&file, format!("{}\n{}", lines[0], lines[1])).expect("written");
            assert_eq!(read(&file, "referral", &keys).expect("read"), heads(0, &[0, 1]), "{cut}");
            std::fs::remove_file(file).expect("removed");
        }
    }
}
