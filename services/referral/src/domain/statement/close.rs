//! Closing: what was counted becomes what is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use relais_platform::ids::StatementId;

use super::{
    Counted, Days, Delay, DelayAt, Document, InPeriod, Key, LineFigures, Occurrences, Place, Places, Refusal, Signer,
    SiteName, Statement, Subject, Took, late,
    lines::{Entered, Ledger, is_of_people},
    related::{Related, enter_earlier, has_come, tie},
    suppress::System,
};
use crate::domain::{
    convention::{Convention, Line},
    referral::State,
};

/// The steps whose delays are told, by the states between which they lie.
pub const STEPS: [(&str, &str); 5] = [
    ("submitted", "accepted"),
    ("accepted", "scheduled"),
    ("scheduled", "attended"),
    ("attended", "results-available"),
    ("results-available", "completed"),
];

/// States that are told also when nothing came to them.
const ALWAYS: [State; 8] = [
    State::Submitted,
    State::Accepted,
    State::Scheduled,
    State::NoShow,
    State::Attended,
    State::ResultsAvailable,
    State::Completed,
    State::Rejected,
];

/// All that a statement is made of.
#[derive(Debug, Clone)]
pub struct Closing<'a> {
    /// Its id.
    pub id: StatementId,
    /// The convention.
    pub convention: &'a Convention,
    /// Its number.
    pub number: i64,
    /// Its period.
    pub days: Days,
    /// Those before it, in order.
    pub earlier: &'a [Statement],
    /// What is counted now, of its period and of earlier ones.
    pub counted: Vec<InPeriod>,
    /// How long steps took.
    pub took: Vec<Took>,
    /// The names of all sites that are counted, of the terms, and of earlier statements.
    pub sites: Vec<SiteName>,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// When.
    pub now: DateTime<Utc>,
}

/// What is counted now, by period.
pub(super) struct Counts(BTreeMap<(i64, Key), i64>);

impl Counts {
    fn new(counted: &[InPeriod]) -> Self {
        Self(counted.iter().map(|it| ((it.number, it.counted.key.clone()), it.counted.quantity)).collect())
    }

    /// A number of a period.
    pub fn get(&self, number: i64, key: &Key) -> i64 {
        self.0.get(&(number, key.clone())).copied().unwrap_or_default()
    }

    /// All of it that does not belong to a statement: it is counted up to its end, so that all else lies before.
    pub fn before(&self, number: i64, key: &Key) -> i64 {
        self.0.iter().filter(|((of, known), _)| *of != number && known == key).map(|(_, quantity)| quantity).sum()
    }

    fn codes(&self, number: i64, subject: Subject) -> Vec<String> {
        let mut codes: Vec<_> = self
            .0
            .keys()
            .filter(|(of, key)| *of == number && key.subject == subject)
            .map(|(_, key)| key.code.clone())
            .collect();
        codes.dedup();
        codes
    }

    fn of(&self, number: i64) -> Vec<Counted> {
        let own = self.0.iter().filter(|((of, _), _)| *of == number);
        own.map(|((_, key), quantity)| Counted { key: key.clone(), quantity: *quantity }).collect()
    }
}

/// Closes a statement.
pub fn close(closing: &Closing<'_>) -> Statement {
    let mut sites = closing.sites.clone();
    sites.sort_by(|one, other| (&one.display_name, one.site.id).cmp(&(&other.display_name, other.site.id)));
    let threshold = closing.convention.terms.conditions.suppress_below.0;
    let lines = closing.convention.terms.lines.as_slice();
    let of_people = |key: &Key| {
        let line = lines.iter().find(|line| key.subject == Subject::Quantity && line.line_id == key.code);
        line.is_none_or(|line| is_of_people(line.measure))
    };
    let late = late::find(closing.earlier, &closing.counted, (threshold, &of_people));
    let counts = Counts::new(&closing.counted);
    let places: Vec<Place> = sites.iter().map(|named| Place::Site(named.site.id)).chain([Place::Nowhere]).collect();
    let tables = Tables { number: closing.number, counts: &counts, places: &places, threshold };
    let Closing { number, days, earlier, .. } = *closing;
    let ledger = Ledger { number, days, earlier, counts: &counts, late: &late, places: &places };
    let Figures { lines, to_date, persons, steps, refusals, delays } =
        figures(&tables, &ledger, (lines, &closing.took));
    let document = Document {
        convention: closing.convention.display_name.clone(),
        terms_version: closing.convention.terms_version,
        signers: closing.signers.clone(),
        threshold,
        lines,
        persons,
        steps,
        refusals,
        delays,
        carried_over: !late.waiting.is_empty(),
        corrections: late.told,
        sites,
    };
    Statement {
        id: closing.id,
        convention: closing.convention.id,
        number: closing.number,
        days: closing.days,
        close_time: closing.now,
        document,
        counted: counts.of(closing.number).into_iter().chain(to_date).collect(),
    }
}

/// What a statement shows in figures, and what is stated to date.
struct Figures {
    lines: Vec<LineFigures>,
    to_date: Vec<Counted>,
    persons: Places,
    steps: Vec<Occurrences>,
    refusals: Vec<Refusal>,
    delays: Vec<Delay>,
}

/// All that is of people is one system: figures of one section tell of those of another.
fn figures(tables: &Tables<'_>, ledger: &Ledger<'_>, (lines, took): (&[Line], &[Took])) -> Figures {
    let mut system = System::new(tables.threshold);
    let people = |line: &&Line| is_of_people(line.measure);
    let entered: Vec<Entered<'_>> =
        lines.iter().filter(people).map(|line| ledger.enter_line(&mut system, line)).collect();
    let persons = tables.persons(&mut system);
    let (steps, refusals) = tables.steps(&mut system);
    for (at, statement) in ledger.earlier.iter().enumerate() {
        let lines: Vec<_> = entered.iter().map(|line| (line.line_id(), line.earlier(at))).collect();
        enter_earlier(&mut system, (statement, &ledger.closings(statement)), (ledger.places, &lines));
    }
    let late = |line: &Entered<'_>| ledger.corrected(line.line_id());
    let given = entered.iter().map(|line| Related { row: line.period(), late: late(line) });
    let came = steps.iter().filter(|(state, _)| has_come(state)).map(|(_, row)| row).chain([&persons]);
    let came = came.map(|row| Related { row: row.clone(), late: vec![0; row.len()] });
    tie(&mut system, &given.chain(came).collect::<Vec<_>>());
    let hidden = system.protect();
    let of_line = |line: &Line| match entered.iter().find(|entered| entered.line_id() == line.line_id) {
        Some(entered) => ledger.figures(entered, &hidden),
        None => {
            // Of no people: nothing of it is small.
            let mut system = System::new(0);
            let entered = ledger.enter_line(&mut system, line);
            ledger.figures(&entered, &system.protect())
        }
    };
    let (lines, to_date): (Vec<_>, Vec<_>) = lines.iter().map(of_line).unzip();
    let delays = STEPS.iter().map(|step| tables.delay(step, (took, &steps, &hidden))).collect();
    let steps = steps.iter().map(|(code, row)| Occurrences { code: (*code).into(), count: shown(row, &hidden) });
    let refusals = refusals.iter().filter_map(|(code, row)| {
        let (state, reason) = code.split_once('/')?;
        Some(Refusal { state: state.into(), reason: reason.into(), count: shown(row, &hidden) })
    });
    let (steps, refusals) = (steps.collect(), refusals.collect());
    Figures { lines, to_date: to_date.concat(), persons: shown(&persons, &hidden), steps, refusals, delays }
}

/// Tables of a period.
struct Tables<'a> {
    number: i64,
    counts: &'a Counts,
    places: &'a [Place],
    threshold: i64,
}

/// The numbers of a row in the system, with their values; the last is of all places.
type Row = Vec<(usize, i64)>;

/// Each step by its state, and each reason by state and code.
type Steps = (Vec<(&'static str, Row)>, Vec<(String, Row)>);

impl Tables<'_> {
    fn value(&self, subject: Subject, code: &str, place: Place) -> i64 {
        self.counts.get(self.number, &Key { subject, code: code.into(), place })
    }

    /// A row of numbers and their sum.
    fn row(&self, system: &mut System, subject: Subject, code: &str) -> Row {
        let values: Vec<i64> = self.places.iter().map(|place| self.value(subject, code, *place)).collect();
        let all = values.iter().sum();
        Self::enter(system, &values, all)
    }

    fn enter(system: &mut System, values: &[i64], all: i64) -> Row {
        let mut row: Row = values.iter().map(|value| (system.number(*value), *value)).collect();
        let parts: Vec<usize> = row.iter().map(|(at, _)| *at).collect();
        let total = system.number(all);
        system.sum(total, &parts);
        row.push((total, all));
        row
    }

    /// People: who was seen at two places is counted once in all, which is the less to be known from.
    fn persons(&self, system: &mut System) -> Row {
        let values: Vec<i64> = self.places.iter().map(|place| self.value(Subject::Persons, "", *place)).collect();
        Self::enter(system, &values, self.value(Subject::Persons, "", Place::All))
    }

    /// Steps and the reasons for some of them, which add up to the step.
    fn steps(&self, system: &mut System) -> Steps {
        let came = self.counts.codes(self.number, Subject::Steps);
        let told =
            State::ALL.into_iter().filter(|state| ALWAYS.contains(state) || came.iter().any(|it| it == state.as_str()));
        let steps: Vec<(&str, Row)> =
            told.map(|state| (state.as_str(), self.row(system, Subject::Steps, state.as_str()))).collect();
        let codes = self.counts.codes(self.number, Subject::Refusals);
        let refusals: Vec<(String, Row)> =
            codes.into_iter().map(|code| (code.clone(), self.row(system, Subject::Refusals, &code))).collect();
        for (state, row) in &steps {
            let of_state = |code: &str| code.split_once('/').is_some_and(|(of, _)| of == *state);
            let reasons: Vec<&Row> = refusals.iter().filter(|(code, _)| of_state(code)).map(|(_, row)| row).collect();
            for (at, (total, _)) in row.iter().enumerate().filter(|_| !reasons.is_empty()) {
                system.sum(*total, &reasons.iter().map(|reason| reason[at].0).collect::<Vec<_>>());
            }
        }
        (steps, refusals)
    }

    /// That a delay is shown says how many there are at least: it is left out where the number of either of its steps is.
    fn delay(
        &self,
        (from, to): &(&str, &str),
        (took, steps, hidden): (&[Took], &[(&'static str, Row)], &[bool]),
    ) -> Delay {
        let code = format!("{from}/{to}");
        let ends: Vec<&Row> =
            steps.iter().filter(|(state, _)| [from, to].contains(&state)).map(|(_, row)| row).collect();
        let took_at = |(at, place): (usize, Place)| {
            let is_hidden = ends.iter().any(|row| hidden[row[at].0]);
            match took.iter().find(|took| took.code == code && took.place == place) {
                None => DelayAt::None,
                Some(few) if few.count < self.threshold || is_hidden => DelayAt::Suppressed,
                Some(took) => DelayAt::Took(took.p50, took.p90),
            }
        };
        let places = self.places.iter().copied().chain([Place::All]);
        let mut at: Vec<DelayAt> = places.enumerate().map(took_at).collect();
        let all = at.pop().unwrap_or(DelayAt::None);
        Delay { from: (*from).into(), to: (*to).into(), all, at }
    }
}

fn shown(row: &Row, hidden: &[bool]) -> Places {
    let mut at: Vec<_> = row.iter().map(|(cell, value)| (!hidden[*cell]).then_some(*value)).collect();
    let all = at.pop().flatten();
    Places { all, at }
}
