//! Results: what a version of a report does to the lines of its order.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::ReportId,
};

use super::{
    Line, LineState, Order,
    report::{Content, Status},
};

/// What a version tells of its order.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The report.
    pub report: ReportId,
    /// What the version said that was shown before; nothing when it is the first.
    pub before: &'a Content,
    /// What this one says.
    pub says: &'a Content,
    /// What it is.
    pub status: Status,
}

impl Told<'_> {
    /// The codes of its results: none of one that says there is no result, whatever else it says.
    fn codes(&self) -> Vec<&str> {
        if self.status.is_void() { Vec::new() } else { self.says.codes() }
    }

    /// Takes back what this report counted; of a line that does not say who did, what the report said last.
    fn uncount(&self, lines: &mut [Line]) {
        let said = self.before.codes();
        let by_this = |line: &Line| match line.counted_by {
            Some(by) => by == self.report,
            None => said.iter().any(|code| line.is_answered_by(code)),
        };
        lines.iter_mut().filter(|line| by_this(line)).for_each(Line::uncount);
    }
}

/// The order in its next version, and how many acts this is the first to tell of; none when nothing changes.
///
/// A version replaces the one before as a whole (FHIR's corrected, HL7's OBX-11 C and D): a line whose every value it took away
/// has no result any more, and waits for one again, as all lines do of a report that is cancelled or was entered in error. A
/// result that was told first is counted, and stays so when a correction takes its value away; a verified one stays verified
/// while it stands. What a void report counted is countered in the ledger as a whole: these acts count again when another report
/// tells them. An order that was withdrawn stays
/// so; what a report that was attached before tells of its lines was given all the same, and stands there should the order come back.
///
/// # Errors
/// FAILED_PRECONDITION naming each code that no standing line asks for.
pub fn result(mut order: Order, told: &Told<'_>, now: DateTime<Utc>) -> Result<(Option<Order>, i32)> {
    let (said, codes) = (told.before.codes(), told.codes());
    ensure_asked(&order, &codes)?;
    let (before, mut acts) = (order.clone(), 0);
    for line in order.lines.iter_mut().filter(|line| line.stands()) {
        if codes.iter().any(|code| line.is_answered_by(code)) {
            line.state = LineState::Resulted;
            line.verified |= told.status.is_verified();
            acts += line.count(told.report);
        } else if said.iter().any(|code| line.is_answered_by(code)) {
            give_back(line);
        }
    }
    if told.status.is_void() {
        told.uncount(&mut order.lines);
    }
    Ok((changed(order, &before, now), acts))
}

/// A line without its result, as it was before it had one.
fn give_back(line: &mut Line) {
    line.verified = false;
    line.state = if line.sample_time.is_some() { LineState::Sampled } else { LineState::Ordered };
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
    use super::super::{
        LineCancelReason, Sample, State, cancel_line, place,
        report::{Observation, Value},
        restore, revoke, sample,
        tests::{OPEN, order},
    };
    use super::*;

    fn placed(codes: &[&str]) -> Order {
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        place(order(), &codes, OPEN, DateTime::UNIX_EPOCH).unwrap()
    }

    fn says(codes: &[&str]) -> Content {
        let observation = |code: &&str| Observation {
            code: (*code).into(),
            value: Value::Text("x".into()),
            range: None,
            interpretation: None,
            previous: None,
        };
        Content { observations: codes.iter().map(observation).collect(), ..Content::default() }
    }

    /// One and the same report.
    const ONE: ReportId = ReportId(uuid::Uuid::max());

    /// Tells this after that.
    fn tell(order: Order, before: &[&str], codes: &[&str], status: Status) -> Result<(Option<Order>, i32)> {
        tell_in(ONE, order, before, codes, status)
    }

    fn tell_in(
        report: ReportId,
        order: Order,
        before: &[&str],
        codes: &[&str],
        status: Status,
    ) -> Result<(Option<Order>, i32)> {
        let (before, says) = (says(before), says(codes));
        result(order, &Told { report, before: &before, says: &says, status }, DateTime::UNIX_EPOCH)
    }

    const ALL: &[&str] = &["718-7", "2093-3", "2085-9"];

    #[test]
    fn an_act_is_counted_once_and_an_order_is_complete_when_all_is_verified() {
        let (partial, acts) = tell(placed(&["718-7", "24331-1"]), &[], &["718-7"], Status::Partial).unwrap();
        let partial = partial.unwrap();
        assert_eq!((acts, partial.state), (1, State::Active));
        let (last, acts) = tell(partial, &["718-7"], ALL, Status::Final).unwrap();
        let last = last.unwrap();
        assert_eq!((acts, last.state), (1, State::Completed));
        assert_eq!(tell(last.clone(), ALL, ALL, Status::Corrected).unwrap(), (None, 0));
        // What it says beside that it is an error is no result.
        let (undone, acts) = tell(last, ALL, ALL, Status::EnteredInError).unwrap();
        let undone = undone.unwrap();
        assert_eq!((undone.state, undone.lines[0].state, acts), (State::Active, LineState::Ordered, 0));
        // The ledger has countered what it counted: what another report tells is given after all.
        assert_eq!(tell_in(ReportId::draw(), undone, &[], ALL, Status::Final).unwrap().1, 2);
    }

    #[test]
    fn what_a_void_report_counted_is_counted_again_and_nothing_else() {
        let (one, two) = (ReportId::draw(), ReportId::draw());
        let first = tell_in(one, placed(&["718-7", "24331-1"]), &[], &["718-7"], Status::Partial).unwrap().0.unwrap();
        let both = tell_in(two, first, &[], &["2093-3"], Status::Final).unwrap().0.unwrap();
        // A correction takes the value away and counters nothing; then the whole report is in error.
        let corrected = tell_in(one, both, &["718-7"], &[], Status::Corrected).unwrap().0.unwrap();
        assert!(corrected.lines[0].counted, "{corrected:?}");
        let void = tell_in(one, corrected, &[], &[], Status::EnteredInError).unwrap().0.unwrap();
        let counted: Vec<_> = void.lines.iter().map(|line| line.counted).collect();
        assert_eq!(counted, [false, true]);
        assert_eq!(tell_in(two, void, &["2093-3"], ALL, Status::Amended).unwrap().1, 1);
        // A line of before does not say which report counted it: it is the one that told it last.
        let mut old = tell_in(one, placed(&["718-7"]), &[], &["718-7"], Status::Final).unwrap().0.unwrap();
        old.lines[0].counted_by = None;
        let void = tell_in(one, old, &["718-7"], &[], Status::Cancelled).unwrap().0.unwrap();
        assert!(!void.lines[0].counted, "{void:?}");
    }

    #[test]
    fn a_line_whose_value_a_correction_took_away_waits_for_its_result_again() {
        let taken = Sample { time: DateTime::UNIX_EPOCH, site: None };
        let sampled = sample(placed(&["718-7", "24331-1"]), &[1], taken, DateTime::UNIX_EPOCH).unwrap();
        let last = tell(sampled, &[], ALL, Status::Final).unwrap().0.unwrap();
        // Of the panel one value is left: it has its result still.
        let (corrected, acts) = tell(last, ALL, &["2093-3"], Status::Corrected).unwrap();
        let corrected = corrected.unwrap();
        let lines: Vec<_> = corrected.lines.iter().map(|line| (line.state, line.verified, line.counted)).collect();
        assert_eq!(lines, [(LineState::Sampled, false, true), (LineState::Resulted, true, true)]);
        assert_eq!((corrected.state, acts), (State::Active, 0));
        // Told again, it is there again; it was counted before.
        let (again, acts) = tell(corrected, &["2093-3"], ALL, Status::Amended).unwrap();
        assert_eq!((again.unwrap().state, acts), (State::Completed, 0));
    }

    #[test]
    fn what_is_found_for_a_withdrawn_order_counts_and_stands_when_it_comes_back() {
        let now = DateTime::UNIX_EPOCH;
        let partial = tell(placed(&["718-7", "24331-1"]), &[], &["718-7"], Status::Partial).unwrap().0.unwrap();
        let (last, acts) = tell(revoke(partial, now).unwrap(), &["718-7"], ALL, Status::Final).unwrap();
        let last = last.unwrap();
        assert_eq!((last.state, acts), (State::Revoked, 1));
        let back = restore(last, now);
        assert_eq!(back.state, State::Completed);
        assert_eq!(tell(back, ALL, ALL, Status::Corrected).unwrap(), (None, 0));
    }

    #[test]
    fn what_nobody_asked_for_is_refused_by_its_code() {
        let now = DateTime::UNIX_EPOCH;
        let cancelled = cancel_line(placed(&["718-7"]), 1, LineCancelReason::SampleUnusable, now).unwrap();
        let error = tell(cancelled, &[], &["718-7", "2345-7"], Status::Final).unwrap_err();
        let rules: Vec<_> = error.violations.iter().map(|violation| violation.subject.as_str()).collect();
        assert_eq!(rules, ["line-cancelled", "not-ordered"]);
    }
}
