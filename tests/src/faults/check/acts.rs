//! Every request of a journey was answered once and for all; one request had one effect, and no effect is without its request.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::{
    found::{Change, Found, Key},
    record::{Act, Answer, Deed, Record, Told},
};

pub(super) fn check(record: &Record, found: &Found, broken: &mut Vec<Violation>) {
    let keys = grouped(&found.keys, |key| key.request);
    for act in record.journeys.iter().flat_map(|journey| &journey.acts) {
        let own = keys.get(&act.request).map_or(&[][..], Vec::as_slice);
        check_answer(act, own, broken);
        for other in &act.others {
            let about = format!("{} was answered otherwise when it was sent again: {other}", named(act));
            broken.push(Violation::new(Kind::Doubled, about));
        }
    }
    check_effects(found, broken);
    check_known(record, found, broken);
    for reading in record.journeys.iter().flat_map(|journey| &journey.reads) {
        if !found.audited.contains(&(reading.rpc.into(), reading.trace.clone())) {
            broken.push(Violation::new(Kind::Unaudited, format!("{} of trace {}", reading.rpc, reading.trace)));
        }
    }
}

fn named(act: &Act) -> String {
    format!("{:?} {}", act.deed, act.request)
}

fn check_answer(act: &Act, keys: &[&Key], broken: &mut Vec<Violation>) {
    match &act.answer {
        Answer::None => broken.push(Violation::new(Kind::Unanswered, named(act))),
        Answer::Done(told) => check_done(act, told, keys, broken),
        Answer::Refused(said) if !act.expected => {
            broken.push(Violation::new(Kind::Refused, format!("{}: {said}", named(act))));
        }
        // Sent again, an earlier one may have been served after all.
        Answer::Refused(said) if act.sent == 1 && !keys.is_empty() => {
            let about = format!("{} was refused, and done: {said}", named(act));
            broken.push(Violation::new(Kind::Unasked, about));
        }
        Answer::Refused(_) => {}
    }
}

fn check_done(act: &Act, told: &Told, keys: &[&Key], broken: &mut Vec<Violation>) {
    let [key] = keys else {
        let kind = if keys.is_empty() { Kind::Lost } else { Kind::Doubled };
        broken.push(Violation::new(kind, format!("the key of {}: {} of them", named(act), keys.len())));
        return;
    };
    // What comes out of these two has an id that nobody is told.
    let hidden = matches!(act.deed, Deed::Hold | Deed::Acknowledge);
    if key.version != told.version || !hidden && key.outcome != told.id {
        let about = format!("{} led to {key:?}, and {told:?} was told", named(act));
        broken.push(Violation::new(Kind::Doubled, about));
    }
}

/// The kind of what a call makes or changes; none for what the load does not call.
fn kind(rpc: &str) -> Option<&'static str> {
    Some(match rpc {
        "CreatePatient" => "patient",
        "SubmitReferral" | "AcceptReferral" | "CancelReferral" => "referral",
        "HoldSlot" => "hold",
        "BookAppointment"
        | "RescheduleAppointment"
        | "CancelAppointment"
        | "RegisterWalkIn"
        | "RecordArrival"
        | "RecordFulfilment" => "appointment",
        "PlaceOrder" | "RecordSampling" => "order",
        "CreateReport" | "ReviseReport" => "report",
        "AcknowledgeReport" => "acknowledgement",
        _ => return None,
    })
}

/// Keys and what calls changed are one to one: a change without a key was made by a request that had made another one.
fn check_effects(found: &Found, broken: &mut Vec<Violation>) {
    let mut changes: HashMap<Change, (usize, usize)> = HashMap::new();
    for change in &found.changes {
        changes.entry(change.clone()).or_default().0 += 1;
    }
    for key in &found.keys {
        let Some(kind) = kind(&key.rpc) else { continue };
        let change = Change { kind: kind.into(), id: key.outcome, version: key.version };
        changes.entry(change).or_default().1 += 1;
    }
    for (Change { kind, id, version }, (made, asked)) in changes {
        let what = format!("version {version} of {kind} {id}");
        match (made, asked) {
            (1, 1) => {}
            (0, _) => broken.push(Violation::new(Kind::Lost, format!("{what}: its request is kept, and not it"))),
            _ => broken.push(Violation::new(Kind::Doubled, format!("{what}: {made} times, by {asked} requests"))),
        }
    }
}

/// Nobody else has asked for anything.
fn check_known(record: &Record, found: &Found, broken: &mut Vec<Violation>) {
    let submissions = record.submissions.iter();
    let cancels = submissions.clone().filter_map(|submission| submission.cancel.as_ref().map(|cancel| cancel.request));
    let acts = record.journeys.iter().flat_map(|journey| &journey.acts);
    let known: HashSet<Uuid> =
        submissions.map(|submission| submission.request).chain(cancels).chain(acts.map(|act| act.request)).collect();
    // Some patients were there before.
    let made = |key: &&Key| kind(&key.rpc).is_some_and(|kind| kind != "patient");
    for key in found.keys.iter().filter(made).filter(|key| !known.contains(&key.request)) {
        broken.push(Violation::new(Kind::Unasked, format!("{} by the unknown request {}", key.rpc, key.request)));
    }
}
