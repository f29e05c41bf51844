//! Ten thousand faults made at random, each of which is found.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use super::{Fault, GENESIS, Hash, Seal, Verifier};
use crate::audit::Row;

const TRIALS: usize = 10_000;

#[derive(Clone, PartialEq)]
struct Audit {
    rows: Vec<Row>,
    seals: Vec<Seal>,
    heads: BTreeMap<i64, Hash>,
}

impl Audit {
    /// Seals of one to six rows each, every head of which was exported.
    fn new(random: &mut fastrand::Rng) -> Self {
        let (mut rows, mut seals, mut heads) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut head = (0, GENESIS);
        for _ in 0..8 {
            let members: Vec<Row> = (0..random.usize(1..7)).map(|_| row(random)).collect();
            let at = Utc.timestamp_micros(random.i64(0..4_000_000_000_000_000)).unwrap();
            let seal = Seal::new(head, at, members.iter().map(|row| row.id).collect(), &members);
            head = (seal.seq, seal.hash);
            heads.insert(seal.seq, seal.hash);
            rows.extend(members);
            seals.push(seal);
        }
        Self { rows, seals, heads }
    }

    fn verify(&self) -> Result<(i64, Hash), Fault> {
        let mut verifier = Verifier::new(self.heads.clone(), None);
        for seal in &self.seals {
            let rows: Vec<_> = self.rows.iter().filter(|row| seal.members.contains(&row.id)).cloned().collect();
            verifier.take(seal, &rows)?;
        }
        let sealed = |row: &&Row| self.seals.iter().any(|seal| seal.members.contains(&row.id));
        verifier.end(self.rows.iter().find(|row| !sealed(row)).map(|row| row.id))
    }
}

fn row(random: &mut fastrand::Rng) -> Row {
    let mut text =
        |longest: usize| -> String { (0..random.usize(0..longest)).map(|_| random.alphanumeric()).collect() };
    let (caller, actor, action, purpose) = (text(20), text(4), text(20), text(9));
    let (resource, outcome, reason, trace_id) = (text(20), text(7), text(9), text(32));
    let mut some = || random.bool().then(|| Uuid::from_u128(random.u128(..)));
    let (organisation, unit, practitioner, patient, referral) = (some(), some(), some(), some(), some());
    let (id, at) = (Uuid::from_u128(random.u128(..)), Utc.timestamp_micros(random.i64(0..4_000_000_000_000_000)));
    let at = at.unwrap();
    Row {
        id,
        at,
        caller,
        actor,
        organisation,
        unit,
        practitioner,
        action,
        purpose,
        resource,
        patient,
        referral,
        outcome,
        reason,
        trace_id,
    }
}

fn mutate(audit: &mut Audit, random: &mut fastrand::Rng) -> &'static str {
    let (row, seal) = (random.usize(..audit.rows.len()), random.usize(..audit.seals.len()));
    match random.u8(0..9) {
        0..=2 => change_row(&mut audit.rows[row], random),
        3 => change_seal(&mut audit.seals[seal], random),
        4 => {
            audit.rows.remove(row);
            "a row removed"
        }
        5 => {
            audit.seals.remove(seal);
            "a seal removed"
        }
        6 => {
            // Two rows change their contents, as an UPDATE of one with the other would.
            let other = random.usize(..audit.rows.len());
            let (one, two) = (audit.rows[row].clone(), audit.rows[other].clone());
            audit.rows[row] = Row { id: one.id, ..two.clone() };
            audit.rows[other] = Row { id: two.id, ..one };
            "two rows swapped"
        }
        7 => {
            // The tail is cut: seals with all their rows.
            let keep = random.usize(..audit.seals.len());
            for cut in audit.seals.drain(keep..) {
                audit.rows.retain(|row| !cut.members.contains(&row.id));
            }
            "the tail cut"
        }
        _ => {
            audit.rows.push(self::row(random));
            "a row inserted"
        }
    }
}

fn change_row(row: &mut Row, random: &mut fastrand::Rng) -> &'static str {
    match random.u8(0..15) {
        0 => change_id(&mut row.id, random),
        1 => row.at += TimeDelta::microseconds(1 << random.u8(0..20)),
        2 => change_text(&mut row.caller, random),
        3 => change_text(&mut row.actor, random),
        4 => change_some(&mut row.organisation, random),
        5 => change_some(&mut row.unit, random),
        6 => change_some(&mut row.practitioner, random),
        7 => change_text(&mut row.action, random),
        8 => change_text(&mut row.purpose, random),
        9 => change_text(&mut row.resource, random),
        10 => change_some(&mut row.patient, random),
        11 => change_some(&mut row.referral, random),
        12 => change_text(&mut row.outcome, random),
        13 => change_text(&mut row.reason, random),
        _ => change_text(&mut row.trace_id, random),
    }
    "a byte of a row changed"
}

fn change_seal(seal: &mut Seal, random: &mut fastrand::Rng) -> &'static str {
    let place = random.usize(..32);
    let bit = 1 << random.u8(0..8);
    match random.u8(0..7) {
        0 => seal.seq ^= i64::from(bit),
        1 => seal.at += TimeDelta::microseconds(1),
        2 => seal.digest[place] ^= bit,
        3 => seal.prev[place] ^= bit,
        4 => seal.hash[place] ^= bit,
        5 => {
            let member = random.usize(..seal.members.len());
            change_id(&mut seal.members[member], random);
        }
        _ => seal.members.rotate_left(1),
    }
    "a seal changed"
}

fn change_id(id: &mut Uuid, random: &mut fastrand::Rng) {
    *id = Uuid::from_u128(id.as_u128() ^ (1 << random.u8(0..128)));
}

fn change_some(id: &mut Option<Uuid>, random: &mut fastrand::Rng) {
    match id {
        Some(id) if random.bool() => change_id(id, random),
        Some(_) => *id = None,
        None => *id = Some(Uuid::nil()),
    }
}

/// A byte more, or one less, or another one; or the text's end moved to nowhere.
fn change_text(text: &mut String, random: &mut fastrand::Rng) {
    match text.pop() {
        Some(last) if random.bool() => text.push(if last == 'a' { 'b' } else { 'a' }),
        Some(_) => {}
        None => text.push('\0'),
    }
}

#[test]
fn ten_thousand_mutations_are_all_found() {
    let mut random = fastrand::Rng::with_seed(0x5ea1);
    let mut found = BTreeMap::new();
    let mut trials = 0;
    while trials < TRIALS {
        let sound = Audit::new(&mut random);
        assert!(sound.verify().is_ok(), "what nobody touched is sound");
        for _ in 0..100 {
            let mut audit = sound.clone();
            let what = mutate(&mut audit, &mut random);
            // Two rows with the same contents swapped, or one seal's only member turned round: nothing happened.
            if audit == sound {
                continue;
            }
            assert!(audit.verify().is_err(), "not found: {what}");
            trials += 1;
            *found.entry(what).or_insert(0) += 1;
        }
    }
    assert_eq!(found.len(), 7, "every kind was tried: {found:?}");
}

#[test]
fn a_chain_made_anew_is_found_by_the_exported_heads() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut audit = Audit::new(&mut random);
    audit.rows[0].caller.push('x');
    let mut head = (0, GENESIS);
    for seal in &mut audit.seals {
        *seal = Seal::new(head, seal.at, seal.members.clone(), &members(&audit.rows, seal));
        head = (seal.seq, seal.hash);
    }
    assert_eq!(audit.verify(), Err(Fault::HeadDiffers(1)));
    audit.heads.clear();
    assert!(audit.verify().is_ok(), "without the heads nobody could tell");
}

fn members(rows: &[Row], seal: &Seal) -> Vec<Row> {
    rows.iter().filter(|row| seal.members.contains(&row.id)).cloned().collect()
}

#[test]
fn what_is_missing_when_it_is_sealed_is_missed_for_ever() {
    let mut random = fastrand::Rng::with_seed(2);
    let (gone, kept) = (row(&mut random), row(&mut random));
    let seal = Seal::new((0, GENESIS), gone.at, vec![gone.id, kept.id], std::slice::from_ref(&kept));
    let verdict = Verifier::new(BTreeMap::new(), None).take(&seal, std::slice::from_ref(&kept));
    assert_eq!(verdict, Err(Fault::RowMissing(1, gone.id)));
    assert_eq!(Verifier::new(BTreeMap::new(), None).take(&seal, &[gone, kept]), Err(Fault::RowChanged(1)));
}

#[test]
fn a_byte_cannot_move_from_a_column_to_the_next() {
    let mut random = fastrand::Rng::with_seed(3);
    let row = Row { action: "ab".into(), purpose: "c".into(), ..row(&mut random) };
    let moved = Row { action: "a".into(), purpose: "bc".into(), ..row.clone() };
    let absent = Row { unit: None, ..row.clone() };
    let nil = Row { unit: Some(Uuid::nil()), ..row.clone() };
    assert_ne!(row.canonical(), moved.canonical());
    assert_ne!(absent.canonical(), nil.canonical());
}

/// A seal of two rows, of which the first is gone.
fn broken(made: [i64; 2]) -> (Seal, Vec<Row>) {
    let mut random = fastrand::Rng::with_seed(7);
    let id = |seconds: i64| Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds.cast_unsigned(), 0));
    let rows: Vec<Row> = made.iter().map(|seconds| Row { id: id(*seconds), ..row(&mut random) }).collect();
    let members = rows.iter().map(|row| row.id).collect();
    let seal = Seal::new((0, GENESIS), Utc.timestamp_opt(made[1], 0).unwrap(), members, &rows);
    (seal, rows[1..].to_vec())
}

#[test]
fn what_was_removed_for_its_age_is_not_missed_and_all_else_is() {
    let kept_since = Utc.timestamp_opt(1_000_000, 0).single();
    let take = |made| {
        let (seal, rows) = broken(made);
        Verifier::new(BTreeMap::new(), kept_since).take(&seal, &rows)
    };
    assert_eq!(take([999_999, 1_000_001]), Ok(()));
    assert!(matches!(take([1_000_001, 1_000_002]), Err(Fault::RowMissing(1, _))));
    let (seal, rows) = broken([999_999, 1_000_001]);
    assert!(Verifier::new(BTreeMap::new(), None).take(&seal, &rows).is_err(), "nothing is ever removed here");
    // The chain itself does not age.
    let changed = Seal { digest: [1; 32], ..seal };
    assert_eq!(Verifier::new(BTreeMap::new(), kept_since).take(&changed, &rows), Err(Fault::SealChanged(1)));
}
