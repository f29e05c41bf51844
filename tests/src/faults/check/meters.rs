//! No firm line is overrun, every referral holds the places that it should, and what meters show is what their ledgers amount to.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::found::{Found, Holding, Meter, Meters};

pub(super) fn check(found: &Found, broken: &mut Vec<Violation>) {
    let meters = &found.meters;
    for meter in &meters.meters {
        check_kept(meter, broken);
        check_entered(meter, broken);
    }
    for holding in &meters.holdings {
        check_held(holding, broken);
    }
    check_places(meters, broken);
    match meters.differences {
        Some(0) => {}
        Some(many) => {
            broken.push(Violation::new(Kind::Miscounted, format!("RecountUsage finds {many} differences")));
        }
        None => broken.push(Violation::new(Kind::Miscounted, "nothing was counted again")),
    }
}

fn named(meter: &Meter) -> String {
    format!("meter {} of line {}", meter.id, meter.line)
}

/// Nothing is promised that was not committed, now, by the ledger, and at each threshold that was ever crossed. Facts alone go beyond.
fn check_kept(meter: &Meter, broken: &mut Vec<Violation>) {
    let shown = meter.shown.reserved + meter.shown.used;
    let entered = meter.entered.reserved + meter.entered.used;
    let most = shown.max(entered).max(meter.most);
    if most > meter.shown.committed + meter.facts || meter.beyond > meter.facts {
        let (committed, facts) = (meter.shown.committed, meter.facts);
        let about = format!("{}: {most} reserved and used of {committed}, and {facts} facts", named(meter));
        broken.push(Violation::new(Kind::Overrun, about));
    }
}

/// What is shown is what the ledger amounts to: left, or else beyond.
fn check_entered(meter: &Meter, broken: &mut Vec<Violation>) {
    let spare = meter.entered.committed - meter.entered.reserved - meter.entered.used;
    let expected = (meter.entered, spare.max(0), (-spare).max(0));
    let found = (meter.shown, meter.available, meter.beyond);
    if found != expected {
        let about = format!("{} shows {found:?}, and its ledger amounts to {expected:?}", named(meter));
        broken.push(Violation::new(Kind::Miscounted, about));
    }
}

/// What a referral asks for where it stands: what is reserved, and what is used.
fn expected(holding: &Holding) -> (i64, i64) {
    match holding.state.as_str() {
        "submitted" | "awaiting-information" | "waitlisted" => (i64::from(!holding.at_acceptance), 0),
        "accepted" | "scheduled" | "no-show" | "appointment-cancelled" | "cancel-requested" => (1, 0),
        "attended" | "results-available" | "completed" => (0, 1),
        _ => (0, 0),
    }
}

fn check_held(holding: &Holding, broken: &mut Vec<Violation>) {
    let (expected, found) = (expected(holding), (holding.reserved, holding.used));
    if found == expected {
        return;
    }
    // Who has no place was let in beyond what is committed.
    let kind = if found.0 + found.1 < expected.0 + expected.1 { Kind::Overrun } else { Kind::Miscounted };
    let Holding { referral, state, line, .. } = holding;
    let about = format!("referral {referral} is {state} and holds {found:?} of line {line}, not {expected:?}");
    broken.push(Violation::new(kind, about));
}

/// Each meter shows what its holders hold: those who share a place are one, which is used once one of them used it.
fn check_places(meters: &Meters, broken: &mut Vec<Violation>) {
    let mut held: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for ((meter, _), sharing) in grouped(&meters.holdings, |holding| (holding.meter, holding.holder)) {
        let most = |of: fn(&Holding) -> i64| sharing.iter().map(|holding| of(holding)).max().unwrap_or_default();
        let used = most(|holding| holding.used);
        let reserved = if used > 0 { 0 } else { most(|holding| holding.reserved) };
        let sums = held.entry(meter).or_default();
        *sums = (sums.0 + reserved, sums.1 + used);
    }
    for meter in &meters.meters {
        let (held, shown) =
            (held.get(&meter.id).copied().unwrap_or_default(), (meter.shown.reserved, meter.shown.used));
        if held != shown {
            let about = format!("{} shows {shown:?} reserved and used, and its holders hold {held:?}", named(meter));
            broken.push(Violation::new(Kind::Miscounted, about));
        }
    }
}
