//! Lines of a convention.

use relais_proto::convention::v1::{self, line as told};

use crate::domain::convention::{CountedFrom, Line, LineKind, LineScope, Measure, OnExhausted, Per, ReserveAt};

pub(super) fn line(value: Line) -> v1::Line {
    let per = match value.per {
        Per::Term => told::Per::Term,
        Per::Year => told::Per::Year,
        Per::Month => told::Per::Month,
    };
    let scope = match value.scope {
        LineScope::All => told::Scope::All,
        LineScope::Site => told::Scope::Site,
    };
    let reserve_at = match value.reserve_at {
        ReserveAt::Submission => told::ReserveAt::Submission,
        ReserveAt::Acceptance => told::ReserveAt::Acceptance,
    };
    let on_exhausted = match value.on_exhausted {
        OnExhausted::Refuse => told::OnExhausted::Refuse,
        OnExhausted::Waitlist => told::OnExhausted::Waitlist,
        OnExhausted::LetThrough => told::OnExhausted::LetThrough,
    };
    let counted_from = match value.counted_from {
        CountedFrom::Attendance => told::CountedFrom::Attendance,
        CountedFrom::Report => told::CountedFrom::Report,
    };
    v1::Line {
        line_id: value.line_id,
        measure: measure(value.measure).into(),
        kind: kind(value.kind).into(),
        committed: value.committed.unwrap_or_default(),
        currency: value.currency.unwrap_or_default(),
        per: per.into(),
        scope: scope.into(),
        reserve_at: reserve_at.into(),
        on_exhausted: on_exhausted.into(),
        counted_from: counted_from.into(),
    }
}

pub(super) fn measure(value: Measure) -> told::Measure {
    match value {
        Measure::Acts => told::Measure::Acts,
        Measure::Persons => told::Measure::Persons,
        Measure::Money => told::Measure::Money,
        Measure::StaffMinutes => told::Measure::StaffMinutes,
    }
}

pub(super) fn kind(value: LineKind) -> told::Kind {
    match value {
        LineKind::Counted => told::Kind::Counted,
        LineKind::Firm => told::Kind::Firm,
        LineKind::Soft => told::Kind::Soft,
    }
}
