//! Results: what a version of a report does to the lines of its order.

use chrono::{DateTime, Utc};
use relais_platform::error::{Error, Result, Violation};

use super::{LineState, Order, State, report::Status};

/// The order in its next version, and how many acts this is the first to tell of; none when nothing changes.
///
/// A result that was told first is counted, whatever becomes of it; a verified one stays verified. What is cancelled or was
/// entered in error gives its lines back. An order that was withdrawn stays as it is, and counts nothing more.
///
/// # Errors
/// FAILED_PRECONDITION naming each code that no standing line asks for.
pub fn result(mut order: Order, codes: &[&str], status: Status, now: DateTime<Utc>) -> Result<(Option<Order>, i32)> {
    if !status.is_void() {
        ensure_asked(&order, codes)?;
    }
    if order.state == State::Revoked {
        return Ok((None, 0));
    }
    let before = order.clone();
    if status.is_void() {
        for line in order.lines.iter_mut().filter(|line| line.state == LineState::Resulted) {
            if codes.iter().any(|code| line.is_answered_by(code)) {
                line.verified = false;
                line.state = if line.sample_time.is_some() { LineState::Sampled } else { LineState::Ordered };
            }
        }
        return Ok((changed(order, &before, now), 0));
    }
    let mut acts = 0;
    for line in order.lines.iter_mut().filter(|line| line.stands()) {
        if codes.iter().any(|code| line.is_answered_by(code)) {
            line.state = LineState::Resulted;
            line.verified |= status.is_verified();
            acts += i32::from(!line.counted);
            line.counted = true;
        }
    }
    Ok((changed(order, &before, now), acts))
}

fn changed(order: Order, before: &Order, now: DateTime<Utc>) -> Option<Order> {
    (order != *before).then(|| order.moved(now))
}

fn ensure_asked(order: &Order, codes: &[&str]) -> Result<()> {
    let mut violations = Vec::new();
    for code in codes {
        let asked = |stands| order.lines.iter().any(|line| line.stands() == stands && line.is_answered_by(code));
        if !asked(true) {
            let (rule, words) = if asked(false) {
                ("line-cancelled", format!("{code} was taken back"))
            } else {
                ("not-ordered", format!("{code} was not ordered"))
            };
            violations.push(Violation::new(rule, words));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::refused("REPORT_REFUSED", violations)) }
}

#[cfg(test)]
mod tests {
    use super::super::{LineCancelReason, cancel_line, place, tests::order};
    use super::*;

    fn placed(codes: &[&str]) -> Order {
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        place(order(), &codes, true, DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn an_act_is_counted_once_and_an_order_is_complete_when_all_is_verified() {
        let now = DateTime::UNIX_EPOCH;
        let (partial, acts) = result(placed(&["718-7", "24331-1"]), &["718-7"], Status::Partial, now).unwrap();
        let partial = partial.unwrap();
        assert_eq!((acts, partial.state), (1, State::Active));
        let all = ["718-7", "2093-3", "2085-9"];
        let (last, acts) = result(partial, &all, Status::Final, now).unwrap();
        let last = last.unwrap();
        assert_eq!((acts, last.state), (1, State::Completed));
        let (again, acts) = result(last.clone(), &all, Status::Corrected, now).unwrap();
        assert_eq!((again, acts), (None, 0));
        let (undone, acts) = result(last, &all, Status::EnteredInError, now).unwrap();
        let undone = undone.unwrap();
        assert_eq!((undone.state, undone.lines[0].state, acts), (State::Active, LineState::Ordered, 0));
        assert_eq!(result(undone, &all, Status::Final, now).unwrap().1, 0);
    }

    #[test]
    fn what_nobody_asked_for_is_refused_by_its_code() {
        let now = DateTime::UNIX_EPOCH;
        let cancelled = cancel_line(placed(&["718-7"]), 1, LineCancelReason::SampleUnusable, now).unwrap();
        let error = result(cancelled, &["718-7", "2345-7"], Status::Final, now).unwrap_err();
        let rules: Vec<_> = error.violations.iter().map(|violation| violation.subject.as_str()).collect();
        assert_eq!(rules, ["line-cancelled", "not-ordered"]);
    }
}
