//! Taking a line back that has no result yet.

use chrono::{DateTime, Utc};
use relais_platform::error::{Error, Result, Violation};

use super::{LineCancelReason, LineState, Order, State, line_of};

/// The order without this line, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when the line is not there, has its result, or was taken back already.
pub fn cancel_line(mut order: Order, number: i32, reason: LineCancelReason, now: DateTime<Utc>) -> Result<Order> {
    if order.state == State::Revoked {
        return Err(refused("order-revoked", "the order was withdrawn"));
    }
    let line = line_of(&mut order.lines, number)?;
    match line.state {
        LineState::Ordered | LineState::Sampled => {
            line.state = LineState::Cancelled;
            line.cancel_reason = Some(reason);
            Ok(order.moved(now))
        }
        LineState::Resulted => Err(refused("line-resulted", "its result is there")),
        LineState::Cancelled => Err(refused("line-cancelled", "it was taken back already")),
    }
}

fn refused(rule: &str, words: &str) -> Error {
    Error::refused("LINE_REFUSED", vec![Violation::new(rule, words)])
}

#[cfg(test)]
mod tests {
    use super::super::{
        place,
        tests::{OPEN, order},
    };
    use super::*;

    #[test]
    fn an_order_whose_lines_are_all_taken_back_is_a_draft_again() {
        let (now, reason) = (DateTime::UNIX_EPOCH, LineCancelReason::NoLongerNeeded);
        let placed = place(order(), &["718-7".into()], OPEN, now).unwrap();
        let cancelled = cancel_line(placed.clone(), 1, reason, now).unwrap();
        assert_eq!((cancelled.state, cancelled.version), (State::Draft, 3));
        for (order, number, rule) in [(cancelled, 1, "line-cancelled"), (placed, 2, "no-such-line")] {
            assert_eq!(cancel_line(order, number, reason, now).unwrap_err().violations[0].subject, rule);
        }
    }
}
