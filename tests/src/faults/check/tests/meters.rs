//! Meters under two referrals: all is well, and then something is spoilt.

use super::*;
use crate::faults::found::{Holding, Meter, Sums};

const LINE: Uuid = Uuid::from_u128(4);

/// One place was committed: the open referral holds it, the closed one gave it back.
fn held(found: &mut Found) {
    let sums = Sums { committed: 1, reserved: 1, used: 0 };
    found.meters.meters.push(Meter {
        id: LINE,
        line: "acts".into(),
        shown: sums,
        available: 0,
        beyond: 0,
        entered: sums,
        facts: 0,
        most: 1,
        version: 1,
    });
    send(found, "relais.referral.meter", LINE, 1);
    for (referral, state, reserved) in [(OPEN, "submitted", 1), (CLOSED, "cancelled", 0)] {
        let (line, state) = ("acts".into(), state.into());
        let (meter, holder, at_acceptance, used) = (LINE, referral, false, 0);
        found.meters.holdings.push(Holding { referral, state, line, at_acceptance, meter, holder, reserved, used });
    }
}

fn spoilt(spoil: impl FnOnce(&mut Meter, &mut Vec<Holding>)) -> Vec<Kind> {
    broken(|_, found| {
        held(found);
        let Found { meters, .. } = found;
        spoil(&mut meters.meters[0], &mut meters.holdings);
    })
}

#[test]
fn a_place_that_is_held_and_counted_is_well() {
    assert_eq!(spoilt(|_, _| ()), []);
}

#[test]
fn a_line_that_is_overrun_is_said_even_when_it_has_come_down_again() {
    let overrun = |meter: &mut Meter| {
        (meter.shown.reserved, meter.entered.reserved, meter.beyond) = (2, 2, 1);
    };
    let both = |holdings: &mut Vec<Holding>| {
        (holdings[1].reserved, holdings[1].state) = (1, "accepted".into());
    };
    let twice = |meter: &mut Meter, holdings: &mut Vec<Holding>| {
        overrun(meter);
        both(holdings);
    };
    assert_eq!(spoilt(twice), [Kind::Overrun]);
    assert_eq!(spoilt(|meter, _| meter.most = 2), [Kind::Overrun]);
    // A visit that was made without a place is a fact.
    let fact = |meter: &mut Meter, holdings: &mut Vec<Holding>| {
        (meter.shown.used, meter.entered.used, meter.beyond, meter.facts) = (1, 1, 1, 1);
        (holdings[1].used, holdings[1].state) = (1, "attended".into());
    };
    assert_eq!(spoilt(fact), []);
    let let_in = |_: &mut Meter, holdings: &mut Vec<Holding>| holdings[1].state = "accepted".into();
    assert_eq!(spoilt(let_in), [Kind::Overrun], "open, and without a place");
}

#[test]
fn what_is_shown_and_is_not_what_was_entered_or_is_held_is_miscounted() {
    assert_eq!(spoilt(|meter, _| meter.available = 1), [Kind::Miscounted]);
    assert_eq!(spoilt(|meter, _| meter.entered.committed = 2), [Kind::Miscounted]);
    assert_eq!(spoilt(|meter, _| meter.entered.reserved = 0), [Kind::Miscounted]);
    let kept = |_: &mut Meter, holdings: &mut Vec<Holding>| holdings[1].reserved = 1;
    assert_eq!(spoilt(kept), [Kind::Miscounted], "closed, and not given back");
    let counted = |differences| broken(|_, found| found.meters.differences = differences);
    assert_eq!((counted(None), counted(Some(2))), (vec![Kind::Miscounted], vec![Kind::Miscounted]));
}

#[test]
fn who_shares_a_place_is_counted_once() {
    let shared = |meter: &mut Meter, holdings: &mut Vec<Holding>| {
        meter.shown.committed = 1;
        (holdings[1].holder, holdings[1].reserved, holdings[1].state) = (holdings[0].holder, 1, "accepted".into());
    };
    assert_eq!(spoilt(shared), []);
}

#[test]
fn a_threshold_is_told_as_often_as_it_was_crossed() {
    assert_eq!(spoilt(|meter, _| meter.version = 2), [Kind::Lost]);
}

#[test]
fn a_refusal_because_nothing_is_left_is_no_fault() {
    let used_up = |record: &mut Record, sent| {
        let (scarce, answer) = (Some(0), Answer::Refused("used up".into()));
        let request = Uuid::from_u128(9);
        record.submissions.push(Submission { request, scarce, sent, answer, used_up: true, ..Submission::default() });
    };
    assert_eq!(broken(|record, _| used_up(record, 1)), []);
    let done = |record: &mut Record, found: &mut Found, sent| {
        used_up(record, sent);
        let referral = Uuid::from_u128(8);
        found.keys.push(Key { request: Uuid::from_u128(9), rpc: "GetReferral".into(), outcome: referral, version: 1 });
    };
    assert_eq!(broken(|record, found| done(record, found, 1)), [Kind::Unasked], "refused, and done");
    assert_eq!(broken(|record, found| done(record, found, 2)), [], "an earlier one may have been served after all");
    let refused = |record: &mut Record| {
        used_up(record, 1);
        record.submissions[2].used_up = false;
    };
    assert_eq!(broken(|record, _| refused(record)), [Kind::Refused]);
}
