//! Every referral has had its effect in each of the other services once, and nothing else has.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::found::{Effect, Found, Message, Noted, Referral};

pub(super) fn check(found: &Found, broken: &mut Vec<Violation>) {
    let referrals: HashMap<Uuid, &Referral> = found.referrals.iter().map(|referral| (referral.id, referral)).collect();
    // In the place of one that was given up, another one is proposed.
    let standing: Vec<Effect> = found.appointments.iter().filter(|found| !found.given_up).cloned().collect();
    let appointments = grouped(&standing, |appointment| appointment.referral);
    let orders = grouped(&found.orders, |order| order.referral);
    let noted = grouped(&found.noted, |noted| noted.referral);
    let messages = grouped(&found.messages, |message| message.referral);
    for referral in &found.referrals {
        let of = |effects: &HashMap<Uuid, Vec<_>>| effects.get(&referral.id).cloned().unwrap_or_default();
        let appointment = check_effect("appointment", referral, &of(&appointments), broken);
        check_effect("order", referral, &of(&orders), broken);
        check_noted(referral, appointment, noted.get(&referral.id), broken);
        check_messages(referral, messages.get(&referral.id).map_or(&[], Vec::as_slice), broken);
    }
    let places = [("appointment", keys(&appointments)), ("order", keys(&orders)), ("message", keys(&messages))];
    for (what, heard) in places.into_iter().chain([("note of an appointment", keys(&noted))]) {
        for id in heard.into_iter().filter(|id| !id.is_nil() && !referrals.contains_key(id)) {
            broken.push(Violation::new(Kind::Unasked, format!("{what} for the referral {id}, which does not exist")));
        }
    }
}

fn keys<T>(groups: &HashMap<Uuid, Vec<&T>>) -> Vec<Uuid> {
    groups.keys().copied().collect()
}

/// Exactly one, open or closed as the referral is; gives it back.
fn check_effect<'f>(
    what: &str,
    referral: &Referral,
    effects: &[&'f Effect],
    broken: &mut Vec<Violation>,
) -> Option<&'f Effect> {
    let one = exactly_one(what, referral.id, effects, broken)?;
    check_closed(what, referral, one.closed, broken);
    Some(one)
}

fn exactly_one<'f, T>(what: &str, referral: Uuid, rows: &[&'f T], broken: &mut Vec<Violation>) -> Option<&'f T> {
    match rows {
        [one] => return Some(one),
        [] => broken.push(Violation::new(Kind::Lost, format!("the {what} of referral {referral}"))),
        many => {
            let about = format!("the {what} of referral {referral}: {} of them", many.len());
            broken.push(Violation::new(Kind::Doubled, about));
        }
    }
    None
}

fn check_closed(what: &str, referral: &Referral, closed: bool, broken: &mut Vec<Violation>) {
    if closed != referral.closed {
        let kind = if referral.closed { Kind::Lost } else { Kind::Unasked };
        broken.push(Violation::new(kind, format!("the end of the {what} of referral {}", referral.id)));
    }
}

fn check_noted(
    referral: &Referral,
    appointment: Option<&Effect>,
    noted: Option<&Vec<&Noted>>,
    broken: &mut Vec<Violation>,
) {
    let what = "note of the appointment";
    let rows = noted.map_or(&[][..], Vec::as_slice);
    let Some(noted) = exactly_one(what, referral.id, rows, broken) else { return };
    check_closed(what, referral, noted.closed, broken);
    if appointment.is_some_and(|appointment| appointment.id != noted.appointment) {
        let about = format!("the {what} of referral {} names another one", referral.id);
        broken.push(Violation::new(Kind::Lost, about));
    }
}

/// Told once of the referral, then once of its end if it has ended. What is told in between is not looked at here.
fn check_messages(referral: &Referral, messages: &[&Message], broken: &mut Vec<Violation>) {
    let of = |is: fn(&Message) -> bool| messages.iter().copied().filter(|m| is(m)).collect::<Vec<_>>();
    let (submitted, cancelled) = (of(|message| message.opened), of(|message| message.closed));
    let first = exactly_one("message of the submission", referral.id, &submitted, broken);
    if !referral.closed {
        if !cancelled.is_empty() {
            let about = format!("the message that referral {} was cancelled", referral.id);
            broken.push(Violation::new(Kind::Unasked, about));
        }
        return;
    }
    let second = exactly_one("message of the cancellation", referral.id, &cancelled, broken);
    if let (Some(first), Some(second)) = (first, second)
        && (first.organisation, first.unit) == (second.organisation, second.unit)
        && second.sequence < first.sequence
    {
        let about = format!("the mailbox heard of the end of referral {} before it heard of it", referral.id);
        broken.push(Violation::new(Kind::Inverted, about));
    }
}
