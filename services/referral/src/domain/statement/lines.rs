//! What was given under a line: in the period, before it, and by its end. Each statement begins where the one before ended, so that all
//! of them together are one system in which nothing that is left out may be found again.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Committed, Counted, Days, Key, LineFigures, Month, Place, Places, Statement, Subject, close::Counts, late::Late,
    suppress::System,
};
use crate::domain::convention::{Line, Measure};

/// What a line's figures are made of.
pub(super) struct Ledger<'a> {
    /// The number of the statement.
    pub number: i64,
    /// Its period.
    pub days: Days,
    /// Those before it, in order.
    pub earlier: &'a [Statement],
    /// What is counted now.
    pub counts: &'a Counts,
    /// What came late.
    pub late: &'a Late,
    /// Where.
    pub places: &'a [Place],
}

/// Three numbers of a place, in the system.
#[derive(Clone, Copy)]
struct Trio {
    period: usize,
    before: usize,
    to_date: usize,
}

/// What was given in a month: its first day, the number in the system, its value.
type Given = (NaiveDate, usize, i64);

/// The numbers of a statement's places and of all of them, with their values.
type Standing = (Vec<Trio>, Vec<Values>);

/// The values of three such numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Values {
    period: i64,
    to_date: i64,
}

/// What is committed.
pub(super) fn committed(line: &Line) -> Option<Committed> {
    line.committed.map(|quantity| Committed { quantity, per: line.per })
}

/// Whether what a measure counts tells of people.
pub(super) fn is_of_people(measure: Measure) -> bool {
    match measure {
        Measure::Acts | Measure::Persons => true,
        Measure::Money | Measure::StaffMinutes => false,
    }
}

/// A line in the system.
pub(super) struct Entered<'a> {
    line: &'a Line,
    /// What came in the period of each earlier statement, at each place and in all.
    earlier: Vec<Vec<usize>>,
    values: Vec<Values>,
    trios: Vec<Trio>,
    months: Vec<Given>,
}

impl Entered<'_> {
    /// What came in the period, at each place and in all: the numbers in the system, with their values.
    pub fn period(&self) -> Vec<(usize, i64)> {
        self.trios.iter().zip(with_total(&self.values)).map(|(trio, values)| (trio.period, values.period)).collect()
    }

    /// What came in the period of an earlier statement, at each place and in all, in the system.
    pub fn earlier(&self, statement: usize) -> &[usize] {
        &self.earlier[statement]
    }

    /// The line.
    pub fn line_id(&self) -> &str {
        &self.line.line_id
    }
}

impl Ledger<'_> {
    /// Enters a line into the system, after all that earlier statements say of it.
    pub fn enter_line<'l>(&self, system: &mut System, line: &'l Line) -> Entered<'l> {
        let values: Vec<Values> = self.places.iter().map(|place| self.values(&line.line_id, *place)).collect();
        let (mut last, mut earlier) = (None, Vec::new());
        for statement in self.earlier {
            let standing = Self::enter_earlier(system, (&line.line_id, self.places), statement, last);
            earlier.push(standing.0.iter().map(|trio| trio.period).collect());
            last = Some(standing);
        }
        let (trios, months) = self.enter(system, &line.line_id, &values, last);
        Entered { line, earlier, values, trios, months }
    }

    /// What a line shows, and what is stated of it to date.
    pub fn figures(&self, entered: &Entered<'_>, hidden: &[bool]) -> (LineFigures, Vec<Counted>) {
        let Entered { line, values, trios, months, .. } = entered;
        let shown = |at: usize, value: i64| (!hidden[at]).then_some(value);
        let totals = with_total(values);
        let places = |pick: fn(&Trio) -> usize, value: fn(&Values) -> i64| {
            let mut at: Vec<_> =
                trios.iter().zip(&totals).map(|(trio, values)| shown(pick(trio), value(values))).collect();
            let all = at.pop().flatten();
            Places { all, at }
        };
        let figures = LineFigures {
            line_id: line.line_id.clone(),
            measure: line.measure,
            committed: committed(line),
            period: places(|trio| trio.period, |values| values.period),
            before: places(|trio| trio.before, |values| values.to_date - values.period),
            to_date: places(|trio| trio.to_date, |values| values.to_date),
            months: self.stated_months(&line.line_id, months, shown),
        };
        (figures, self.to_date(&line.line_id, values))
    }

    /// What had been told of an earlier statement by its own closing, and by each one since.
    pub fn closings(&self, statement: &Statement) -> Vec<BTreeMap<Key, i64>> {
        let later = self.earlier.iter().filter(|later| later.number > statement.number);
        let told = later.map(|later| &later.document.corrections).chain([&self.late.told]);
        let mut closings = vec![BTreeMap::new()];
        for corrections in told {
            let mut since = closings.last().cloned().unwrap_or_default();
            for it in corrections.iter().filter(|it| it.number == statement.number) {
                *since.entry(it.key.clone()).or_default() += it.difference;
            }
            closings.push(since);
        }
        closings
    }

    /// What is told to have come late, at each place and in all.
    pub fn corrected(&self, line_id: &str) -> Vec<i64> {
        let told =
            |place: &Place| self.late.of(&Key { subject: Subject::Quantity, code: line_id.into(), place: *place });
        let told: Vec<i64> = self.places.iter().map(told).collect();
        let all = told.iter().sum();
        told.into_iter().chain([all]).collect()
    }

    /// What is stated at a place: what is counted, without what waits.
    fn values(&self, line_id: &str, place: Place) -> Values {
        let key = Key { subject: Subject::Quantity, code: line_id.into(), place };
        let period = self.counts.get(self.number, &key);
        let before = self.counts.before(self.number, &key) - self.late.waits_for(&key);
        Values { period, to_date: before + period }
    }

    fn to_date(&self, line_id: &str, values: &[Values]) -> Vec<Counted> {
        let key = |place: &Place| Key { subject: Subject::ToDate, code: line_id.into(), place: *place };
        let stated = self.places.iter().zip(values).map(|(place, values)| (key(place), values.to_date));
        stated.map(|(key, quantity)| Counted { key, quantity }).collect()
    }

    /// The numbers of this statement, each of which may still be left out.
    fn enter(
        &self,
        system: &mut System,
        line_id: &str,
        values: &[Values],
        last: Option<Standing>,
    ) -> (Vec<Trio>, Vec<Given>) {
        let totals = with_total(values);
        let enter = |values: &Values| Trio {
            // What came in the period matters most to whoever reads it; what came before repeats what was told.
            period: system.ranked(values.period, 1),
            to_date: system.number(values.to_date),
            before: system.ranked(values.to_date - values.period, 2),
        };
        let trios: Vec<Trio> = totals.iter().map(enter).collect();
        if let Some(last) = last {
            chain(system, &last, (&trios, &totals), &self.corrected(line_id));
        }
        // After what holds from one to the next: what was left out before is so again, and may spare something else.
        bind(system, &trios);
        let month = |month: NaiveDate| {
            let code = format!("{line_id}/{}", month.format("%Y-%m"));
            let value = self.counts.get(self.number, &Key { subject: Subject::Month, code, place: Place::All });
            (month, system.number(value), value)
        };
        let months: Vec<Given> = self.days.months().into_iter().map(month).collect();
        let cells: Vec<usize> = months.iter().map(|(_, at, _)| *at).collect();
        if let Some(all) = trios.last() {
            system.sum(all.period, &cells);
        }
        (trios, months)
    }

    /// The numbers of an earlier statement, as they were shown or left out.
    fn enter_earlier(
        system: &mut System,
        (line_id, places): (&str, &[Place]),
        statement: &Statement,
        last: Option<Standing>,
    ) -> Standing {
        let counted = |subject: Subject, place: Place| {
            let found = statement
                .counted
                .iter()
                .find(|it| it.key.subject == subject && it.key.code == line_id && it.key.place == place);
            found.map_or(0, |it| it.quantity)
        };
        let values = |place: &Place| Values {
            period: counted(Subject::Quantity, *place),
            to_date: counted(Subject::ToDate, *place),
        };
        let values: Vec<Values> = places.iter().map(values).collect();
        let totals = with_total(&values);
        let shown = statement.document.line(line_id);
        let known = statement.document.places();
        let place = |at: usize| known.iter().position(|place| places.get(at) == Some(place));
        let hidden = |at: usize, pick: fn(&LineFigures) -> &Places| {
            let of = shown.map(pick);
            let value = match (of, at == places.len()) {
                (Some(of), true) => of.all,
                (Some(of), false) => place(at).map_or(Some(0), |at| of.at.get(at).copied().unwrap_or(Some(0))),
                (None, _) => Some(0),
            };
            value.is_none()
        };
        let enter = |(at, values): (usize, &Values)| Trio {
            period: system.given(values.period, hidden(at, |line| &line.period)),
            before: system.given(values.to_date - values.period, hidden(at, |line| &line.before)),
            to_date: system.given(values.to_date, hidden(at, |line| &line.to_date)),
        };
        let trios: Vec<Trio> = totals.iter().enumerate().map(enter).collect();
        bind(system, &trios);
        let told = |place: &Place| {
            let corrections = statement.document.corrections.iter();
            let of = corrections.filter(|it| it.key.subject == Subject::Quantity && it.key.code == line_id);
            of.filter(|it| it.key.place == *place).map(|it| it.difference).sum()
        };
        if let Some(last) = last {
            let told: Vec<i64> = places.iter().map(told).collect();
            chain(system, &last, (&trios, &totals), &[told.as_slice(), &[told.iter().sum()]].concat());
        }
        (trios, totals)
    }

    /// The months of the statement before, and those of this one.
    fn stated_months(&self, line_id: &str, months: &[Given], shown: impl Fn(usize, i64) -> Option<i64>) -> Vec<Month> {
        let before = self.earlier.last().and_then(|last| last.document.line(line_id));
        let before = before.map(|line| line.months.clone()).unwrap_or_default();
        let now = months.iter().map(|(month, at, value)| Month {
            month: *month,
            number: self.number,
            quantity: shown(*at, *value),
        });
        before.into_iter().chain(now).collect()
    }
}

/// The values of the places, and of all of them.
fn with_total(values: &[Values]) -> Vec<Values> {
    let all = values.iter().fold(Values::default(), |all, one| Values {
        period: all.period + one.period,
        to_date: all.to_date + one.to_date,
    });
    values.iter().copied().chain([all]).collect()
}

/// What holds within a statement; the last of `trios` is of all places. What comes to date comes last: what is left out of the others
/// often spares it.
fn bind(system: &mut System, trios: &[Trio]) {
    let Some((all, at)) = trios.split_last() else { return };
    let mut sum_of = |pick: fn(&Trio) -> usize| system.sum(pick(all), &at.iter().map(pick).collect::<Vec<_>>());
    sum_of(|trio| trio.period);
    sum_of(|trio| trio.before);
    for trio in trios {
        system.sum(trio.to_date, &[trio.before, trio.period]);
    }
    system.sum(all.to_date, &at.iter().map(|trio| trio.to_date).collect::<Vec<_>>());
}

/// What holds from one statement to the next: what was stated to date, the corrections that are told at each place and in all, and what is dated on days that no
/// statement is of.
fn chain(system: &mut System, (last, were): &Standing, (trios, values): (&[Trio], &[Values]), told: &[i64]) {
    for ((trio, values), ((before, was), told)) in trios.iter().zip(values).zip(last.iter().zip(were).zip(told)) {
        let between = values.to_date - values.period - was.to_date - told;
        let small = system.is_small(between);
        let (corrected, between) = (system.given(*told, false), system.given(between, small));
        system.sum(trio.before, &[before.to_date, corrected, between]);
    }
}
