//! Every request that was acknowledged is one referral in the state that was acknowledged, and there are no others.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::{
    found::{Found, Referral},
    record::{Answer, Deed, Record, Submission},
};

pub(super) fn check(record: &Record, found: &Found, broken: &mut Vec<Violation>) {
    let referrals: HashMap<Uuid, &Referral> = found.referrals.iter().map(|referral| (referral.id, referral)).collect();
    let keys = grouped(&found.keys, |key| key.request);
    let outcomes: HashMap<Uuid, Vec<Uuid>> =
        keys.into_iter().map(|(request, keys)| (request, keys.iter().map(|key| key.outcome).collect())).collect();
    let mut acknowledged = HashSet::new();
    for submission in &record.submissions {
        check_answer(submission, broken);
        if submission.used_up {
            acknowledged.extend(check_used_up(submission, &outcomes, broken));
        }
        let Some(id) = submission.answer.done() else { continue };
        if !acknowledged.insert(*id) {
            broken.push(Violation::new(Kind::Lost, format!("two requests were told of the one referral {id}")));
        }
        match referrals.get(id) {
            Some(referral) => check_state(submission, referral, broken),
            None => broken.push(Violation::new(Kind::Lost, format!("referral {id} of request {}", submission.request))),
        }
        for request in [Some(submission.request), cancelled(submission)].into_iter().flatten() {
            check_key(request, *id, &outcomes, broken);
        }
    }
    let journeys = record.journeys.iter().flat_map(|journey| journey.done());
    acknowledged.extend(journeys.filter(|(act, _)| act.deed == Deed::Submit).map(|(_, told)| told.id));
    for reading in record.submissions.iter().flat_map(|submission| &submission.reads) {
        if !found.audited.contains(&(reading.rpc.into(), reading.trace.clone())) {
            broken.push(Violation::new(Kind::Unaudited, format!("{} of trace {}", reading.rpc, reading.trace)));
        }
    }
    for id in referrals.keys().filter(|id| !acknowledged.contains(id)) {
        broken.push(Violation::new(Kind::Unasked, format!("referral {id}: no request was told of it")));
    }
}

/// The request by which it was cancelled, once that was acknowledged.
fn cancelled(submission: &Submission) -> Option<Uuid> {
    submission.cancel.as_ref().filter(|cancel| cancel.answer.done().is_some()).map(|cancel| cancel.request)
}

fn check_answer(submission: &Submission, broken: &mut Vec<Violation>) {
    let mut say = |what: &str, request: Uuid, refused: Option<&String>| {
        broken.push(match refused {
            Some(said) => Violation::new(Kind::Refused, format!("{what} {request}: {said}")),
            None => Violation::new(Kind::Unanswered, format!("{what} {request}")),
        });
    };
    match &submission.answer {
        Answer::Done(_) => {}
        Answer::Refused(_) if submission.used_up => {}
        Answer::Refused(said) => say("submission", submission.request, Some(said)),
        Answer::None => say("submission", submission.request, None),
    }
    match submission.cancel.as_ref().map(|cancel| (&cancel.answer, cancel.request)) {
        None | Some((Answer::Done(()), _)) => {}
        Some((Answer::Refused(said), request)) => say("cancellation", request, Some(said)),
        Some((Answer::None, request)) => say("cancellation", request, None),
    }
    for other in &submission.others {
        let about = format!("request {} was answered otherwise when it was sent again: {other}", submission.request);
        broken.push(Violation::new(Kind::Doubled, about));
    }
}

/// What was refused because nothing was left was not done; unless it was sent more than once, for an earlier one may have been served
/// after all. Gives back what came out of that.
fn check_used_up(
    submission: &Submission,
    outcomes: &HashMap<Uuid, Vec<Uuid>>,
    broken: &mut Vec<Violation>,
) -> Vec<Uuid> {
    let done = outcomes.get(&submission.request).cloned().unwrap_or_default();
    if submission.sent == 1 && !done.is_empty() {
        let about = format!("submission {} was refused for lack of a place, and done", submission.request);
        broken.push(Violation::new(Kind::Unasked, about));
    }
    done
}

fn check_state(submission: &Submission, referral: &Referral, broken: &mut Vec<Violation>) {
    let expected = match &submission.cancel {
        None => false,
        Some(cancel) if cancel.answer.done().is_some() => true,
        // It may have been cancelled or not.
        Some(_) => return,
    };
    match (expected, referral.closed) {
        (true, false) => {
            broken.push(Violation::new(Kind::Lost, format!("the cancellation of referral {}", referral.id)))
        }
        (false, true) => {
            let about = format!("the cancellation of referral {}", referral.id);
            broken.push(Violation::new(Kind::Unasked, about));
        }
        _ => {}
    }
}

fn check_key(request: Uuid, id: Uuid, outcomes: &HashMap<Uuid, Vec<Uuid>>, broken: &mut Vec<Violation>) {
    match outcomes.get(&request).map(Vec::as_slice) {
        Some([outcome]) if *outcome == id => {}
        Some(outcomes) => {
            let about = format!("request {request} led to {outcomes:?}, not to {id} alone");
            broken.push(Violation::new(Kind::Doubled, about));
        }
        None => broken.push(Violation::new(Kind::Lost, format!("the key of request {request}"))),
    }
}
