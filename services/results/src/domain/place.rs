//! Placing: lines are added to the order of a referral that is open.

use chrono::{DateTime, Utc};
use relais_platform::error::{Error, Result, Violation};

use super::{
    Line, Order, State,
    report::{Reader, Recipient},
};

/// The most lines that an order has, those taken back among them.
const MOST: usize = 200;

/// What must be known of whoever asks, and of the referral.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether the referral is open.
    pub referral_is_open: bool,
    /// Whether whoever asks may: see [`may_ask`].
    pub may_ask: bool,
}

/// Whether somebody may ask for analyses of a referral whose result these receive now. Analyses are prescribed: by the doctor who
/// receives what is found, that is the prescriber while the register licenses them, and else whoever acts in their place. Not by a
/// colleague to whom the result would not go, and by nobody when nobody may receive it. Where no doctor is named, since nobody
/// prescribed or the convention sends results to a unit, any clinician who may act for the referrer asks.
pub fn may_ask(recipients: &[Recipient], who: &Reader) -> bool {
    recipients.iter().any(|recipient| recipient.practitioner.is_none() || recipient.is(who))
}

/// The order with these lines added, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION with each rule that fails.
pub fn place(order: Order, codes: &[String], standing: Standing, now: DateTime<Utc>) -> Result<Order> {
    let mut violations = Vec::new();
    let mut fail = |rule: &str, words: String| violations.push(Violation::new(rule, words));
    if order.state == State::Revoked || !standing.referral_is_open {
        fail("referral-closed", "its referral is closed".into());
    }
    if !standing.may_ask {
        let words =
            "analyses are asked for by the prescriber, while licensed and not on leave, or whoever stands in now";
        fail("prescriber-not-entitled", words.into());
    }
    if order.lines.len() + codes.len() > MOST {
        fail("too-many-lines", format!("an order has {MOST} lines at the most"));
    }
    for code in codes {
        if order.lines.iter().any(|line| line.stands() && line.code == *code) {
            fail("already-ordered", format!("{code} is asked for already"));
        }
    }
    if !violations.is_empty() {
        return Err(Error::refused("ORDER_REFUSED", violations));
    }
    let mut lines = order.lines;
    for code in codes {
        let number = lines.last().map_or(1, |last| last.number + 1);
        lines.push(Line::new(number, code));
    }
    Ok(Order { lines, ..order }.moved(now))
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{OrganisationId, PractitionerId, UnitId};

    use super::super::tests::{OPEN, order};
    use super::*;

    fn refused(result: Result<Order>) -> Vec<String> {
        result.unwrap_err().violations.into_iter().map(|violation| violation.subject).collect()
    }

    #[test]
    fn lines_are_numbered_on_and_none_is_asked_for_twice() {
        let now = DateTime::UNIX_EPOCH;
        let placed = place(order(), &["718-7".into(), "2345-7".into()], OPEN, now).unwrap();
        assert_eq!((placed.state, placed.version), (State::Active, 2));
        assert_eq!(placed.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
        let more = place(placed.clone(), &["777-3".into()], OPEN, now).unwrap();
        assert_eq!((more.lines[2].number, more.version), (3, 3));
        let nothing = Standing { referral_is_open: false, may_ask: false };
        let rules = ["referral-closed", "prescriber-not-entitled", "already-ordered"];
        assert_eq!(refused(place(placed, &["718-7".into()], nothing, now)), rules);
        let revoked = Order { state: State::Revoked, ..order() };
        assert_eq!(refused(place(revoked, &["718-7".into()], OPEN, now)), ["referral-closed"]);
    }

    #[test]
    fn whoever_receives_what_is_found_asks_for_it() {
        let (organisation, unit) = (OrganisationId::draw(), Some(UnitId::draw()));
        let [doctor, other] =
            [(); 2].map(|()| Reader { organisation, unit, practitioner: Some(PractitionerId::draw()) });
        let named = Recipient { organisation, unit, practitioner: doctor.practitioner, substitute_for: String::new() };
        assert!(may_ask(std::slice::from_ref(&named), &doctor) && !may_ask(std::slice::from_ref(&named), &other));
        assert!(!may_ask(&[], &doctor), "nobody may receive it");
        assert!(may_ask(&[Recipient { practitioner: None, ..named }], &other));
    }
}
