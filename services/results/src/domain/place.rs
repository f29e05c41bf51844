//! Placing: lines are added to the order of a referral that is open.

use chrono::{DateTime, Utc};
use relais_platform::error::{Error, Result, Violation};

use super::{Line, Order, State};

/// The most lines that an order has, those taken back among them.
const MOST: usize = 200;

/// The order with these lines added, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION with each rule that fails.
pub fn place(order: Order, codes: &[String], referral_is_open: bool, now: DateTime<Utc>) -> Result<Order> {
    let mut violations = Vec::new();
    let mut fail = |rule: &str, words: String| violations.push(Violation::new(rule, words));
    if order.state == State::Revoked || !referral_is_open {
        fail("referral-closed", "its referral is closed".into());
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
    use super::super::tests::order;
    use super::*;

    fn refused(result: Result<Order>) -> Vec<String> {
        result.unwrap_err().violations.into_iter().map(|violation| violation.subject).collect()
    }

    #[test]
    fn lines_are_numbered_on_and_none_is_asked_for_twice() {
        let now = DateTime::UNIX_EPOCH;
        let placed = place(order(), &["718-7".into(), "2345-7".into()], true, now).unwrap();
        assert_eq!((placed.state, placed.version), (State::Active, 2));
        assert_eq!(placed.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
        let more = place(placed.clone(), &["777-3".into()], true, now).unwrap();
        assert_eq!((more.lines[2].number, more.version), (3, 3));
        assert_eq!(refused(place(placed, &["718-7".into()], false, now)), ["referral-closed", "already-ordered"]);
        let revoked = Order { state: State::Revoked, ..order() };
        assert_eq!(refused(place(revoked, &["718-7".into()], true, now)), ["referral-closed"]);
    }
}
