mod journeys;
mod meters;

use relais_platform::broker::topology::HEARS;
use uuid::Uuid;

use super::*;
use crate::faults::{
    found::{Change, Consumed, Effect, Key, Left, Mailbox, Message, Noted, Recount, Referral, Sent},
    record::{Answer, Cancel, Reading, Submission},
};

/// The referral that stays open, and the one that is cancelled.
const OPEN: Uuid = Uuid::from_u128(1);
const CLOSED: Uuid = Uuid::from_u128(2);

/// The n-th id of a kind of thing that belongs to a referral.
fn id(referral: Uuid, thing: u128) -> Uuid {
    Uuid::from_u128(referral.as_u128() + thing * 100)
}

fn record() -> Record {
    let submission = |referral, cancel| Submission {
        request: id(referral, 1),
        answer: Answer::Done(referral),
        cancel,
        reads: vec![Reading { rpc: "GetReferral", trace: referral.to_string() }],
        ..Submission::default()
    };
    let cancel = Cancel { request: id(CLOSED, 2), answer: Answer::Done(()) };
    Record { submissions: vec![submission(OPEN, None), submission(CLOSED, Some(cancel))], journeys: Vec::new() }
}

/// What two referrals leave behind when all is well.
fn found() -> Found {
    let mut found = Found::default();
    for (n, referral, closed) in [(1, OPEN, false), (2, CLOSED, true)] {
        let version = 1 + i64::from(closed);
        let effect = |thing| Effect { id: id(referral, thing), referral, closed, given_up: false, version };
        let state = if closed { "cancelled" } else { "submitted" };
        found.referrals.push(Referral { id: referral, state: state.into(), closed, version });
        found.appointments.push(effect(3));
        found.orders.push(effect(4));
        found.noted.push(Noted { referral, appointment: id(referral, 3), closed });
        found.audited.insert(("GetReferral".into(), referral.to_string()));
        found.messages.push(message(referral, false, n));
        ask(&mut found, "SubmitReferral", id(referral, 1), ("referral", referral, 1));
        send(&mut found, "relais.referral.referral", referral, version);
        send(&mut found, "relais.scheduling.appointment", id(referral, 3), version);
        send(&mut found, "relais.results.order", id(referral, 4), version);
        send(&mut found, "relais.notification.message", id(referral, 5), 1);
    }
    ask(&mut found, "CancelReferral", id(CLOSED, 2), ("referral", CLOSED, 2));
    found.messages.push(message(CLOSED, true, 3));
    send(&mut found, "relais.notification.message", id(CLOSED, 6), 1);
    found.mailboxes.push(Mailbox { organisation: Uuid::nil(), unit: Uuid::nil(), last: 3 });
    found.meters.differences = Some(0);
    found.reports.recount = Some(Recount { total: 0, reported: 0, differences: 0 });
    found
}

/// A request by a call, and what it made.
fn ask(found: &mut Found, rpc: &str, request: Uuid, (kind, outcome, version): (&str, Uuid, i64)) {
    found.keys.push(Key { request, rpc: rpc.into(), outcome, version });
    found.changes.push(Change { kind: kind.into(), id: outcome, version });
}

fn message(referral: Uuid, closed: bool, sequence: i64) -> Message {
    let (organisation, unit) = (Uuid::nil(), Uuid::nil());
    Message {
        id: id(referral, 5 + u128::from(closed)),
        referral,
        kind: if closed { "referral-cancelled" } else { "referral-submitted" }.into(),
        state: String::new(),
        opened: !closed,
        closed,
        organisation,
        unit,
        sequence,
    }
}

fn send(found: &mut Found, kind: &str, aggregate: Uuid, versions: i64) {
    for version in 1..=versions {
        found.sent.push(Sent { kind: kind.into(), aggregate, version });
    }
    for (consumer, _) in HEARS.iter().filter(|(_, kinds)| kinds.contains(&kind)) {
        let (consumer, kind) = ((*consumer).into(), kind.into());
        found.consumed.push(Consumed { consumer, kind, aggregate, version: versions });
    }
}

/// The kinds of violations, each once, after something was spoilt.
fn broken(spoil: impl FnOnce(&mut Record, &mut Found)) -> Vec<Kind> {
    let (mut record, mut found) = (record(), found());
    spoil(&mut record, &mut found);
    let mut kinds: Vec<Kind> = check(&record, &found).into_iter().map(|violation| violation.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn nothing_is_said_when_all_is_well() {
    assert_eq!(check(&record(), &found()), []);
}

#[test]
fn what_was_acknowledged_and_is_not_there_is_lost() {
    assert!(broken(|_, found| found.referrals.retain(|row| row.id != OPEN)).contains(&Kind::Lost));
    assert!(broken(|_, found| found.referrals[1].closed = false).contains(&Kind::Lost));
    let forgotten = broken(|_, found| found.keys.retain(|key| key.request != id(CLOSED, 2)));
    assert_eq!(forgotten, [Kind::Lost, Kind::Doubled], "done, and by no request that is known");
    assert_eq!(broken(|_, found| found.referrals[0].version = 2), [Kind::Lost], "its second event was never sent");
}

#[test]
fn an_effect_that_did_not_happen_is_lost() {
    assert_eq!(broken(|_, found| found.appointments.retain(|row| row.referral != OPEN)), [Kind::Lost, Kind::Unasked]);
    assert_eq!(broken(|_, found| found.orders.retain(|row| row.referral != CLOSED)), [Kind::Lost, Kind::Unasked]);
    assert_eq!(broken(|_, found| found.noted.retain(|row| row.referral != OPEN)), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.appointments[1].closed = false), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.noted[0].appointment = Uuid::nil()), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.messages.retain(|row| !row.closed)), [Kind::Lost, Kind::Unasked, Kind::Gap]);
    assert_eq!(broken(|_, found| found.consumed[0].version = 0), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.consumed.retain(|row| row.aggregate != OPEN)), [Kind::Lost]);
}

#[test]
fn what_happened_twice_is_doubled() {
    assert_eq!(broken(|_, found| found.orders.push(found.orders[0].clone())), [Kind::Doubled]);
    let another = Effect { id: Uuid::max(), closed: true, ..found().appointments[0].clone() };
    assert!(broken(|_, found| found.appointments.push(another)).contains(&Kind::Doubled));
    assert_eq!(broken(|_, found| found.sent.push(found.sent[0].clone())), [Kind::Doubled]);
    assert_eq!(broken(|_, found| found.messages.push(message(OPEN, false, 4))), [Kind::Doubled]);
    assert_eq!(broken(|record, _| record.submissions[0].others.push("another".into())), [Kind::Doubled]);
    let key = Key { outcome: CLOSED, ..found().keys[0].clone() };
    assert_eq!(broken(|_, found| found.keys.push(key)), [Kind::Doubled]);
    assert!(broken(|record, _| record.submissions[1].answer = Answer::Done(OPEN)).contains(&Kind::Lost));
}

#[test]
fn what_nobody_asked_for_is_said() {
    assert!(broken(|record, _| drop(record.submissions.remove(0))).contains(&Kind::Unasked));
    assert_eq!(broken(|record, _| record.submissions[1].cancel = None), [Kind::Unasked]);
    assert_eq!(broken(|_, found| found.orders[0].closed = true), [Kind::Unasked]);
    assert_eq!(broken(|_, found| found.consumed[0].version = 9), [Kind::Unasked]);
    let referral = |found: &mut Found| found.referrals[0].version = 0;
    assert_eq!(broken(|_, found| referral(found)), [Kind::Unasked], "an event of what was never committed");
    let stray = Effect { id: Uuid::max(), referral: Uuid::max(), closed: false, given_up: false, version: 0 };
    assert_eq!(broken(|_, found| found.appointments.push(stray)), [Kind::Unasked]);
    assert!(broken(|_, found| found.messages.push(message(OPEN, true, 4))).contains(&Kind::Unasked));
}

#[test]
fn a_gap_is_found() {
    let first_of_two = |sent: &Sent| sent.aggregate == CLOSED && sent.version == 1;
    assert_eq!(broken(|_, found| found.sent.retain(|sent| !first_of_two(sent))), [Kind::Gap]);
    assert_eq!(broken(|_, found| found.messages[2].sequence = 7), [Kind::Gap]);
    assert_eq!(broken(|_, found| found.mailboxes[0].last = 4), [Kind::Gap]);
}

#[test]
fn an_inversion_is_found() {
    let swap = |found: &mut Found| {
        found.messages[1].sequence = 3;
        found.messages[2].sequence = 2;
    };
    assert_eq!(broken(|_, found| swap(found)), [Kind::Inverted]);
}

#[test]
fn what_was_shown_and_is_not_in_the_audit_is_said() {
    assert_eq!(broken(|_, found| found.audited.retain(|(_, trace)| *trace != OPEN.to_string())), [Kind::Unaudited]);
    let another = |reading: &mut Reading| reading.rpc = "GetPatient";
    assert_eq!(broken(|record, _| another(&mut record.submissions[1].reads[0])), [Kind::Unaudited]);
}

#[test]
fn what_is_left_or_given_up_is_said() {
    let left = |place: &str| Left { place: place.into(), about: "something".into() };
    assert_eq!(broken(|_, found| found.left.push(left("outbox"))), [Kind::Left]);
    assert_eq!(broken(|_, found| found.left.push(left("retry"))), [Kind::Left]);
    assert_eq!(broken(|_, found| found.left.push(left("parked"))), [Kind::Parked]);
    assert_eq!(broken(|_, found| found.left.push(left("queue"))), [Kind::Left]);
}

#[test]
fn a_good_request_is_answered() {
    let refused = |record: &mut Record| record.submissions[0].answer = Answer::Refused("Internal".into());
    assert_eq!(broken(|record, _| refused(record)), [Kind::Unasked, Kind::Refused]);
    let silent = |record: &mut Record| {
        record.submissions[1].cancel = Some(Cancel { request: id(CLOSED, 2), answer: Answer::None });
    };
    assert_eq!(broken(|record, _| silent(record)), [Kind::Unanswered]);
}
