//! Who was told of a seat has it, and nobody sits where somebody sits.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::{
    found::{Booking, Bookings, Claim, Found},
    record::{Answer, Deed, Journey, Record},
};

pub(super) fn check(record: &Record, found: &Found, broken: &mut Vec<Violation>) {
    let bookings = &found.bookings;
    check_claims(bookings, broken);
    check_chairs(bookings, broken);
    check_capacity(bookings, broken);
    let by_id: HashMap<Uuid, &Booking> = bookings.appointments.iter().map(|found| (found.id, found)).collect();
    let kept: HashSet<Uuid> = found.keys.iter().map(|key| key.request).collect();
    let mut told: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for journey in record.journeys.iter().filter(|journey| !is_open(journey, &kept)) {
        for (appointment, slot) in last_told(journey) {
            check_told(appointment, slot, by_id.get(&appointment).copied(), broken);
            if let Some(slot) = slot {
                told.entry(slot).or_default().push(appointment);
            }
        }
    }
    let seats: HashMap<Uuid, i64> =
        bookings.slots.iter().map(|slot| (slot.id, slot.seats + slot.walk_in_seats)).collect();
    for (slot, appointments) in told {
        check_fits("clients were told of", slot, appointments.len(), seats.get(&slot), broken);
    }
}

/// Whether it is not known what the last word on the seat was: a request that was refused, or not answered, when it was sent
/// again had been served before.
fn is_open(journey: &Journey, kept: &HashSet<Uuid>) -> bool {
    let unknown = |answer: &Answer<_>| answer.done().is_none();
    journey.acts.iter().any(|act| act.deed.moves_seat() && unknown(&act.answer) && kept.contains(&act.request))
}

/// Of each appointment the slot that was told last; none when it was given up.
fn last_told(journey: &Journey) -> HashMap<Uuid, Option<Uuid>> {
    let moves = journey.done().filter(|(act, _)| act.deed.moves_seat());
    moves.map(|(act, told)| (told.id, told.slot.filter(|_| act.deed != Deed::Cancel))).collect()
}

fn check_told(appointment: Uuid, slot: Option<Uuid>, found: Option<&Booking>, broken: &mut Vec<Violation>) {
    let seated = found.filter(|found| found.is_seated()).and_then(|found| found.slot);
    if seated == slot {
        return;
    }
    broken.push(match slot {
        Some(slot) => {
            let about = format!("the booking of appointment {appointment} in slot {slot}: it is {found:?}");
            Violation::new(Kind::Lost, about)
        }
        None => Violation::new(Kind::Lost, format!("that appointment {appointment} was given up: it is {found:?}")),
    });
}

/// Who has a seat has exactly one, in its own slot; who has none, none.
fn check_claims(bookings: &Bookings, broken: &mut Vec<Violation>) {
    let claims = grouped(&bookings.claims, |claim| claim.appointment);
    for booking in &bookings.appointments {
        let own = claims.get(&booking.id).map_or(&[][..], Vec::as_slice);
        let taken: Vec<Uuid> = own.iter().filter(|claim| !claim.held).map(|claim| claim.slot).collect();
        let expected: Vec<Uuid> = booking.slot.into_iter().filter(|_| booking.is_seated()).collect();
        if taken != expected {
            let kind = if taken.len() > expected.len() { Kind::Doubled } else { Kind::Lost };
            let about = format!("the seat of appointment {}: in {taken:?}, not {expected:?}", booking.id);
            broken.push(Violation::new(kind, about));
        }
    }
}

/// A chair has one sitter at a time.
fn check_chairs(bookings: &Bookings, broken: &mut Vec<Violation>) {
    for ((rule, number), mut claims) in grouped(&bookings.claims, |claim| (claim.rule, claim.number)) {
        claims.sort_by_key(|claim| claim.start);
        let overlap = |pair: &&[&Claim]| pair[0].end > pair[1].start;
        for pair in claims.windows(2).filter(overlap) {
            let about = format!(
                "seat {number} of rule {rule}, by the appointments {} and {}",
                pair[0].appointment, pair[1].appointment
            );
            broken.push(Violation::new(Kind::Doubled, about));
        }
    }
}

/// No slot has more sitters than seats of a kind.
fn check_capacity(bookings: &Bookings, broken: &mut Vec<Violation>) {
    let slots: HashMap<Uuid, _> = bookings.slots.iter().map(|slot| (slot.id, slot)).collect();
    let seated: Vec<&Booking> = bookings.appointments.iter().filter(|booking| booking.is_seated()).collect();
    for ((slot, walk_in), sitters) in grouped(&seated, |booking| (booking.slot.unwrap_or_default(), booking.walk_in)) {
        let seats = slots.get(&slot).map(|found| if walk_in { found.walk_in_seats } else { found.seats });
        check_fits("appointments stand in", slot, sitters.len(), seats.as_ref(), broken);
    }
}

fn check_fits(what: &str, slot: Uuid, sitters: usize, seats: Option<&i64>, broken: &mut Vec<Violation>) {
    let seats = seats.copied().unwrap_or_default();
    if i64::try_from(sitters).is_ok_and(|sitters| sitters > seats) {
        broken.push(Violation::new(Kind::Doubled, format!("{sitters} {what} slot {slot}, which has {seats} seats")));
    }
}
