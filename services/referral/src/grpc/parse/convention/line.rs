//! Lines of a convention: what is left out is the usual.

use relais_platform::calls::Check;
use relais_proto::convention::v1::{self, line as given};

use crate::{
    domain::convention::{CountedFrom, Line, LineKind, LineScope, Measure, OnExhausted, Per, ReserveAt},
    grpc::parse::plain_code,
};

/// A line, by its place among them.
pub(super) fn parse(check: &mut Check, at: usize, line: &v1::Line) -> Line {
    let field = |name: &str| format!("convention.terms.lines[{at}].{name}");
    let line_id = plain_code(check, &field("line_id"), &line.line_id);
    let measure = match check.choice(&field("measure"), line.measure) {
        given::Measure::Persons => Measure::Persons,
        given::Measure::Money => Measure::Money,
        given::Measure::StaffMinutes => Measure::StaffMinutes,
        // Unspecified has been refused by the check.
        given::Measure::Acts | given::Measure::Unspecified => Measure::Acts,
    };
    let kind = match check.choice(&field("kind"), line.kind) {
        given::Kind::Firm => LineKind::Firm,
        given::Kind::Soft => LineKind::Soft,
        given::Kind::Counted | given::Kind::Unspecified => LineKind::Counted,
    };
    let currency = check.optional_text(&field("currency"), &line.currency, 3);
    Line {
        line_id,
        measure,
        kind,
        committed: (line.committed != 0).then_some(line.committed),
        currency: (!currency.is_empty()).then_some(currency),
        per: per(check, &field("per"), line.per),
        scope: scope(check, &field("scope"), line.scope),
        reserve_at: reserve_at(check, &field("reserve_at"), line.reserve_at),
        on_exhausted: on_exhausted(check, &field("on_exhausted"), line.on_exhausted),
        counted_from: counted_from(check, &field("counted_from"), (line.counted_from, measure, kind)),
    }
}

fn per(check: &mut Check, field: &str, value: i32) -> Per {
    match check.choice_or(field, value, given::Per::Term) {
        given::Per::Year => Per::Year,
        given::Per::Month => Per::Month,
        given::Per::Term | given::Per::Unspecified => Per::Term,
    }
}

fn scope(check: &mut Check, field: &str, value: i32) -> LineScope {
    match check.choice_or(field, value, given::Scope::All) {
        given::Scope::Site => LineScope::Site,
        given::Scope::All | given::Scope::Unspecified => LineScope::All,
    }
}

fn reserve_at(check: &mut Check, field: &str, value: i32) -> ReserveAt {
    match check.choice_or(field, value, given::ReserveAt::Submission) {
        given::ReserveAt::Acceptance => ReserveAt::Acceptance,
        given::ReserveAt::Submission | given::ReserveAt::Unspecified => ReserveAt::Submission,
    }
}

fn on_exhausted(check: &mut Check, field: &str, value: i32) -> OnExhausted {
    match check.choice_or(field, value, given::OnExhausted::Refuse) {
        given::OnExhausted::Waitlist => OnExhausted::Waitlist,
        given::OnExhausted::LetThrough => OnExhausted::LetThrough,
        given::OnExhausted::Refuse | given::OnExhausted::Unspecified => OnExhausted::Refuse,
    }
}

/// Counted acts were told by reports before anything else was counted.
fn counted_from(check: &mut Check, field: &str, (value, measure, kind): (i32, Measure, LineKind)) -> CountedFrom {
    let usual = match (measure, kind) {
        (Measure::Acts, LineKind::Counted) => given::CountedFrom::Report,
        _ => given::CountedFrom::Attendance,
    };
    match check.choice_or(field, value, usual) {
        given::CountedFrom::Report => CountedFrom::Report,
        given::CountedFrom::Attendance | given::CountedFrom::Unspecified => CountedFrom::Attendance,
    }
}
