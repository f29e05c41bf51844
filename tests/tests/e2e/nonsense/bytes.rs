//! Bytes in place of messages, made out of the descriptors of every RPC.

use anyhow::{Result, ensure};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MethodDescriptor};
use relais_tests::{Identity, Options, SERVICES, Suite};
use uuid::Uuid;

use super::{OURS, is_well};
use crate::matrix::call::call;

/// One that may call everything but what is a service's or a partner's.
const ROLES: [&str; 10] = [
    "coordinator",
    "desk",
    "clinician",
    "referent",
    "visiting",
    "researcher",
    "funder",
    "network",
    "operator",
    "admin",
];
/// Longer than any text may be, shorter than what a server takes.
const LONG: usize = 64 * 1024;
/// Texts that PostgreSQL, a terminal or a reader would stumble over.
const TEXTS: [&str; 9] = [
    "\0",
    "a\u{0}b",
    "\u{202e}cod",
    "\u{200b}\u{feff}",
    "\u{1b}[31m",
    "'; DROP TABLE referral; --",
    "%s{}\r\n",
    "../../etc/passwd",
    "referrals/00000000-0000-0000-0000-000000000000",
];

#[tokio::test]
async fn whatever_bytes_an_rpc_is_sent_it_answers_that_they_are_wrong() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let pool = DescriptorPool::decode(relais_proto::FILE_DESCRIPTOR_SET)?;
    let somebody = ROLES.iter().fold(Identity::bare("nobody-in-particular"), |identity, role| identity.and(role));
    let somebody = somebody.of(&format!("organisations/{}", Uuid::now_v7()));
    let mut sent = 0;
    for service in SERVICES {
        let session = suite.session(service, &somebody)?;
        for path in served(&suite, service).await? {
            let method = method(&pool, &path);
            for body in method.iter().flat_map(bodies) {
                let outcome = call(&session, &path, body.clone()).await;
                let told = format!("{path}: {:?} {:?} for {:02x?}", outcome.code, outcome.message, start(&body));
                ensure!(!OURS.contains(&outcome.code), "{told}");
                ensure!(!outcome.message.contains("decode") && !outcome.message.contains("sqlx"), "{told}");
                sent += 1;
            }
        }
        is_well(&suite).await?;
    }
    ensure!(sent > 2_000, "{sent} were sent");
    suite.stop().await
}

/// The RPCs that a service has rows for.
async fn served(suite: &Suite, service: &'static str) -> Result<Vec<String>> {
    let output = suite.command(service).args(["rules", "--json"]).output().await?;
    let table: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout)?;
    Ok(table.iter().filter_map(|row| row["rpc"].as_str().map(ToString::to_string)).collect())
}

fn method(pool: &DescriptorPool, path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.trim_start_matches('/').split_once('/')?;
    pool.get_service_by_name(service)?.methods().find(|found| found.name() == method)
}

fn start(body: &[u8]) -> &[u8] {
    &body[..body.len().min(24)]
}

/// What the RPC is sent: what is wrong whatever the message, then what is wrong for each of its fields.
fn bodies(method: &MethodDescriptor) -> Vec<Vec<u8>> {
    let mut bodies = vec![
        vec![0xff; 16],                       // a varint without an end
        vec![0x0b, 0x0c],                     // groups, which nobody uses
        vec![0x00],                           // field 0
        vec![0x0a, 0x7f],                     // longer than what follows
        vec![0x0a; LONG],                     // depth without an end
        [0x98, 0xf9, 0x3e, 0x01].repeat(999), // fields that nobody knows
    ];
    for field in method.input().fields() {
        bodies.extend(wrong(&field));
    }
    bodies
}

fn wrong(field: &FieldDescriptor) -> Vec<Vec<u8>> {
    let number = field.number();
    let wires = (0..8).map(|wire| [key(number, wire), vec![1; 9]].concat());
    let mut bodies: Vec<_> = wires.collect();
    match field.kind() {
        Kind::String | Kind::Bytes => {
            bodies.extend(TEXTS.iter().map(|text| delimited(number, text.as_bytes())));
            bodies.push(delimited(number, &[0xff, 0xfe, 0xed, 0xa0, 0x80]));
            bodies.push(delimited(number, "é".repeat(LONG / 2).as_bytes()));
            bodies.push([delimited(number, b"one"), delimited(number, b"two")].concat());
            bodies.push(delimited(number, b"x").repeat(20_000));
        }
        Kind::Message(inner) => {
            bodies.push(delimited(number, &[0xff; 16]));
            bodies.push(delimited(number, b"").repeat(20_000));
            bodies.extend(extremes(inner.full_name()).iter().map(|extreme| delimited(number, extreme)));
            let deep = (0..200).fold(Vec::new(), |inner, _| delimited(number, &inner));
            bodies.push(deep);
            for inner in inner.fields() {
                bodies.extend(texts(&inner).iter().map(|body| delimited(number, body)));
            }
        }
        _ => {
            let numbers = [u64::MAX, u64::MAX - 6, i64::MAX as u64, 1 << 31, 999];
            bodies.extend(numbers.iter().map(|value| [key(number, 0), varint(*value)].concat()));
            let doubles = [f64::NAN, f64::INFINITY, f64::MIN];
            bodies.extend(doubles.iter().map(|value| [key(number, 1), value.to_le_bytes().to_vec()].concat()));
        }
    }
    bodies
}

fn texts(field: &FieldDescriptor) -> Vec<Vec<u8>> {
    match field.kind() {
        Kind::String => TEXTS.iter().map(|text| delimited(field.number(), text.as_bytes())).collect(),
        Kind::Enum(_) => vec![[key(field.number(), 0), varint(999)].concat()],
        Kind::Message(_) => vec![delimited(field.number(), &[0xff; 16])],
        _ => vec![[key(field.number(), 0), varint(u64::MAX)].concat()],
    }
}

/// Times and days that cannot be, as (seconds or year, nanos or month).
fn extremes(message: &str) -> Vec<Vec<u8>> {
    let pairs: &[(i64, i64)] = match message {
        "google.protobuf.Timestamp" => {
            &[(-62_135_596_800, 0), (253_402_300_799, 0), (i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)]
        }
        "google.protobuf.Duration" => &[(i64::MAX, 0), (i64::MIN, 0), (1, -1)],
        "google.type.Date" => &[(1899, 12), (2201, 1), (2026, 13), (-1, 1), (0, 0), (i64::from(i32::MAX), 1)],
        _ => &[],
    };
    let pair = |(first, second): &(i64, i64)| {
        [key(1, 0), varint(first.cast_unsigned()), key(2, 0), varint(second.cast_unsigned())].concat()
    };
    pairs.iter().map(pair).collect()
}

fn key(number: u32, wire: u64) -> Vec<u8> {
    varint(u64::from(number) << 3 | wire)
}

fn delimited(number: u32, content: &[u8]) -> Vec<u8> {
    [key(number, 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}
