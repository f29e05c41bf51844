//! A referral that was booked twice, seen and reported twice: all is well, and then something is spoilt.

use chrono::{DateTime, TimeDelta, Utc};
use relais_proto::results::v1::report::Status;

use super::*;
use crate::faults::{
    found::{Booking, Claim, Entry, News, Noticed, Release, Slot, Version},
    record::{Act, Deed, Journey, Told},
};

const REFERRAL: Uuid = Uuid::from_u128(3);

fn patient() -> Uuid {
    id(REFERRAL, 30)
}

/// The appointment that was given up, and the one that was kept.
fn appointments() -> [Uuid; 2] {
    [id(REFERRAL, 31), id(REFERRAL, 32)]
}

/// Their slots.
fn slots() -> [Uuid; 2] {
    [id(REFERRAL, 33), id(REFERRAL, 34)]
}

fn order() -> Uuid {
    id(REFERRAL, 35)
}

fn report() -> Uuid {
    id(REFERRAL, 36)
}

/// What was done: by which call, to what, in which version, in which slot.
type Done = (Deed, &'static str, &'static str, Uuid, i64, Option<Uuid>);

/// In order.
fn deeds() -> Vec<Done> {
    let ([first, second], [early, late]) = (appointments(), slots());
    vec![
        (Deed::Enter, "CreatePatient", "patient", patient(), 1, None),
        (Deed::Submit, "SubmitReferral", "referral", REFERRAL, 1, None),
        (Deed::Accept, "AcceptReferral", "referral", REFERRAL, 2, None),
        (Deed::Book, "BookAppointment", "appointment", first, 2, Some(early)),
        (Deed::Cancel, "CancelAppointment", "appointment", first, 3, Some(early)),
        (Deed::Book, "BookAppointment", "appointment", second, 2, Some(late)),
        (Deed::Arrive, "RecordArrival", "appointment", second, 3, Some(late)),
        (Deed::Fulfil, "RecordFulfilment", "appointment", second, 4, Some(late)),
        (Deed::Place, "PlaceOrder", "order", order(), 2, None),
        (Deed::Sample, "RecordSampling", "order", order(), 3, None),
        (Deed::Report(Status::Partial), "CreateReport", "report", report(), 1, None),
        (Deed::Revise(Status::Final), "ReviseReport", "report", report(), 2, None),
        (Deed::Acknowledge, "AcknowledgeReport", "acknowledgement", id(REFERRAL, 37), 2, None),
    ]
}

/// The n-th request.
fn request(n: usize) -> Uuid {
    id(REFERRAL, 60 + n as u128)
}

fn travelled() -> (Record, Found) {
    let (mut record, mut found) = (record(), found());
    let mut journey = Journey { reads: vec![Reading { rpc: "GetReport", trace: "t".into() }], ..Journey::default() };
    found.audited.insert(("GetReport".into(), "t".into()));
    for (n, (deed, rpc, kind, outcome, version, slot)) in deeds().into_iter().enumerate() {
        let id = if deed == Deed::Acknowledge { Uuid::nil() } else { outcome };
        let answer = Answer::Done(Told { id, version, slot });
        journey.acts.push(Act { request: request(n), sent: 1, answer, ..Act::new(deed) });
        ask(&mut found, rpc, request(n), (kind, outcome, version));
    }
    record.journeys.push(journey);
    leave_behind(&mut found);
    be_told(&mut found);
    (record, found)
}

/// What it leaves behind in each service.
fn leave_behind(found: &mut Found) {
    let ([first, second], [early, late]) = (appointments(), slots());
    let state = "completed".to_string();
    found.referrals.push(Referral { id: REFERRAL, state, closed: false, version: 8 });
    let appointment = |id, given_up, version| Effect { id, referral: REFERRAL, closed: given_up, given_up, version };
    found.appointments.extend([appointment(first, true, 3), appointment(second, false, 4)]);
    found.orders.push(Effect { id: order(), referral: REFERRAL, closed: false, given_up: false, version: 5 });
    found.noted.push(Noted { referral: REFERRAL, appointment: second, closed: false });
    let sent = [("relais.referral.referral", REFERRAL, 8), ("relais.results.order", order(), 5)];
    let moved = [first, second].map(|id| ("relais.scheduling.appointment", id, if id == first { 3 } else { 4 }));
    for (kind, id, versions) in sent.into_iter().chain(moved).chain([("relais.results.report", report(), 5)]) {
        send(found, kind, id, versions);
    }
    let booking = |id, state: &str, slot| {
        let (referral, walk_in) = (REFERRAL, false);
        Booking { id, referral, state: state.into(), slot: Some(slot), walk_in }
    };
    found.bookings.appointments.extend([booking(first, "cancelled", early), booking(second, "fulfilled", late)]);
    found.bookings.claims.push(claim(second, late, 1));
    found.bookings.slots.extend(slots().map(|id| Slot { id, seats: 1, walk_in_seats: 0 }));
    for (n, version, status, shown) in [(10, 1, "partial", false), (11, 2, "final", true)] {
        let (status, report) = (status.to_string(), report());
        let row = Version { report, referral: REFERRAL, version, status, shown, acts: 1, revision: 5 };
        found.reports.versions.push(row);
        found.reports.releases.push(Release { report, version, acknowledged: shown });
        found.reports.entries.push(Entry { report, version, quantity: 1 });
        found.reports.said.insert((report, version), request(n).to_string());
    }
    found.reports.read.insert((report(), 2), request(11).to_string());
    found.reports.noticed.push(Noticed { report: report(), version: 2, status: "final".into(), acknowledged: true });
    found.reports.recount = Some(Recount { total: 2, reported: 2, differences: 0 });
}

fn claim(appointment: Uuid, slot: Uuid, number: i16) -> Claim {
    let start = DateTime::<Utc>::UNIX_EPOCH;
    let (end, rule) = (start + TimeDelta::minutes(5), Uuid::nil());
    Claim { appointment, slot, rule, number, start, end, held: false }
}

/// Of what somebody was told: each once for each time that it happened.
fn be_told(found: &mut Found) {
    let told = [
        ("referral-submitted", "", 1),
        ("referral-moved", "accepted", 1),
        ("referral-moved", "completed", 1),
        ("appointment-moved", "booked", 2),
        ("appointment-moved", "fulfilled", 1),
        ("appointment-cancelled", "", 1),
        ("report-released", "partial", 1),
        ("report-released", "final", 1),
        ("report-acknowledged", "final", 1),
    ];
    for (kind, state, count) in told {
        for _ in 0..count {
            let sequence = i64::try_from(found.messages.len()).unwrap() + 1;
            let (id, kind, state) = (Uuid::from_u128(900_000 + sequence as u128), kind.into(), state.into());
            found.messages.push(Message { id, kind, state, ..message(REFERRAL, false, sequence) });
            let last = found.messages.last_mut().unwrap();
            last.opened = last.kind == "referral-submitted";
            send(found, "relais.notification.message", id, 1);
            found.mailboxes[0].last = sequence;
        }
        if kind != "referral-submitted" {
            found.news.push(News { referral: REFERRAL, kind: kind.into(), state: state.into(), count });
        }
    }
}

/// The kinds of violations, each once, after something was spoilt.
fn broken(spoil: impl FnOnce(&mut Record, &mut Found)) -> Vec<Kind> {
    let (mut record, mut found) = travelled();
    spoil(&mut record, &mut found);
    let mut kinds: Vec<Kind> = check(&record, &found).into_iter().map(|violation| violation.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn nothing_is_said_of_a_journey_when_all_is_well() {
    let (record, found) = travelled();
    assert_eq!(check(&record, &found), []);
}

#[test]
fn a_booking_that_was_acknowledged_and_is_not_there_is_lost() {
    let elsewhere = |found: &mut Found| {
        found.bookings.appointments[1].slot = Some(slots()[0]);
        found.bookings.claims[0].slot = slots()[0];
    };
    assert_eq!(broken(|_, found| elsewhere(found)), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.bookings.claims.clear()), [Kind::Lost]);
    let proposed = |found: &mut Found| {
        found.bookings.appointments[1].state = "proposed".into();
        found.bookings.claims.clear();
    };
    assert_eq!(broken(|_, found| proposed(found)), [Kind::Lost]);
    let kept = |found: &mut Found| found.bookings.appointments[0].state = "booked".into();
    assert!(broken(|_, found| kept(found)).contains(&Kind::Lost), "the cancellation");
    assert_eq!(broken(|_, found| found.keys.retain(|key| key.request != request(5))), [Kind::Lost, Kind::Doubled]);
    assert_eq!(broken(|_, found| found.changes.retain(|change| change.id != appointments()[1])), [Kind::Lost]);
}

#[test]
fn a_seat_that_two_have_is_doubled() {
    let (another, [_, late]) = (Uuid::max(), slots());
    let twice = |found: &mut Found, number| {
        let booking = Booking { id: another, ..found.bookings.appointments[1].clone() };
        found.bookings.appointments.push(booking);
        found.bookings.claims.push(claim(another, late, number));
    };
    assert_eq!(broken(|_, found| twice(found, 1)), [Kind::Doubled], "the same chair");
    assert_eq!(broken(|_, found| twice(found, 2)), [Kind::Doubled], "more sitters than seats");
    let two = |found: &mut Found| {
        twice(found, 2);
        found.bookings.slots[1].seats = 2;
    };
    assert_eq!(broken(|_, found| two(found)), [], "a slot of two seats");
    assert_eq!(broken(|_, found| found.bookings.claims.push(claim(appointments()[1], slots()[0], 2))), [Kind::Doubled]);
    // Two clients were told of it, whatever the table says.
    let told = |record: &mut Record| {
        let mut other = record.journeys[0].clone();
        other.acts.iter_mut().filter(|act| act.deed == Deed::Book).for_each(|act| {
            act.answer = Answer::Done(Told { id: another, version: 2, slot: Some(late) });
        });
        record.journeys.push(other);
    };
    assert!(broken(|record, _| told(record)).contains(&Kind::Doubled));
}

#[test]
fn one_request_has_one_effect() {
    let again = |found: &mut Found, version| {
        found.changes.push(Change { kind: "appointment".into(), id: appointments()[1], version });
    };
    assert_eq!(broken(|_, found| again(found, 5)), [Kind::Doubled]);
    assert_eq!(broken(|record, _| record.journeys[0].acts[5].others.push("another".into())), [Kind::Doubled]);
    let refused = |record: &mut Record| {
        let act = &mut record.journeys[0].acts[3];
        (act.answer, act.expected) = (Answer::Refused("slot-full".into()), true);
    };
    assert_eq!(broken(|record, _| refused(record)), [Kind::Unasked]);
    let unexpected = |record: &mut Record| record.journeys[0].acts[9].answer = Answer::Refused("why".into());
    assert_eq!(broken(|record, _| unexpected(record)), [Kind::Refused]);
    assert_eq!(broken(|record, _| record.journeys[0].acts[9].answer = Answer::None), [Kind::Unanswered]);
    assert_eq!(broken(|record, _| drop(record.journeys[0].acts.remove(9))), [Kind::Unasked]);
}

#[test]
fn a_report_that_was_acknowledged_and_is_not_there_is_lost() {
    let gone = |found: &mut Found| {
        found.reports.versions.remove(1);
        found.reports.versions[0].shown = true;
    };
    assert!(broken(|_, found| gone(found)).contains(&Kind::Lost));
    assert_eq!(broken(|_, found| drop(found.reports.said.remove(&(report(), 1)))), [Kind::Lost]);
    assert_eq!(broken(|_, found| drop(found.reports.read.remove(&(report(), 2)))), [Kind::Lost], "for its prescriber");
    let other = |found: &mut Found| drop(found.reports.said.insert((report(), 1), "something else".into()));
    assert_eq!(broken(|_, found| other(found)), [Kind::Lost]);
    let copy = |found: &mut Found| found.reports.versions.push(found.reports.versions[0].clone());
    assert!(broken(|_, found| copy(found)).contains(&Kind::Doubled));
}

#[test]
fn a_version_is_released_once_and_an_acknowledgement_stays() {
    assert!(broken(|_, found| found.reports.releases.truncate(1)).contains(&Kind::Lost));
    let twice = |found: &mut Found| found.reports.releases.push(found.reports.releases[0].clone());
    assert_eq!(broken(|_, found| twice(found)), [Kind::Doubled]);
    let forgotten = |found: &mut Found| found.reports.releases[1].acknowledged = false;
    assert_eq!(broken(|_, found| forgotten(found)), [Kind::Lost, Kind::AtOdds]);
}

#[test]
fn what_was_given_is_counted_once() {
    assert_eq!(broken(|_, found| found.reports.entries.truncate(1)), [Kind::Lost, Kind::AtOdds]);
    let twice = |found: &mut Found| found.reports.entries.push(found.reports.entries[0].clone());
    assert_eq!(broken(|_, found| twice(found)), [Kind::Doubled, Kind::AtOdds]);
    let differs = Recount { total: 2, reported: 2, differences: 1 };
    assert_eq!(broken(|_, found| found.reports.recount = Some(differs)), [Kind::AtOdds]);
    let fewer = |found: &mut Found| {
        (found.reports.versions[1].acts, found.reports.entries[1].quantity) = (0, 0);
        found.reports.recount = Some(Recount { total: 1, reported: 1, differences: 0 });
    };
    assert_eq!(broken(|_, found| fewer(found)), [Kind::AtOdds], "two analyses were reported");
}

#[test]
fn a_referral_stands_where_its_appointment_and_its_report_have_brought_it() {
    for state in ["attended", "results-available", "scheduled"] {
        assert_eq!(broken(|_, found| found.referrals[2].state = state.into()), [Kind::AtOdds], "{state}");
    }
    // Of a final version somebody took note, and of the one that follows nobody yet.
    let corrected = |found: &mut Found| {
        let final_one = &mut found.reports.versions[1];
        final_one.shown = false;
        let next = Version { version: 3, status: "corrected".into(), shown: true, acts: 0, ..final_one.clone() };
        found.reports.versions.push(next);
        found.reports.releases.push(Release { report: report(), version: 3, acknowledged: false });
    };
    let stands = |found: &mut Found, state: &str| {
        corrected(found);
        found.referrals[2].state = state.into();
    };
    let says = |state: &str| {
        let (record, mut found) = travelled();
        stands(&mut found, state);
        let about = format!("referral {REFERRAL} is {state}, and should be");
        check(&record, &found).iter().any(|violation| violation.about.starts_with(&about))
    };
    assert!(says("completed") && !says("results-available"));
    let noticed = |found: &mut Found| found.reports.noticed[0].version = 1;
    assert_eq!(broken(|_, found| noticed(found)), [Kind::AtOdds]);
    assert_eq!(broken(|_, found| found.heard.push(("scheduling", Vec::new()))), [Kind::AtOdds]);
}

#[test]
fn each_piece_of_news_is_told_once() {
    assert_eq!(broken(|_, found| found.news[2].count = 3), [Kind::Lost]);
    assert_eq!(broken(|_, found| found.news[2].count = 1), [Kind::Doubled]);
    assert_eq!(broken(|_, found| drop(found.news.remove(2))), [Kind::Unasked]);
}
