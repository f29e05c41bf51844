//! Figures that count the same referrals: what was given under the lines of people, who was seen, and the steps of those who came. Where
//! all are up to date, one is the other, but for what is told to have come late; whoever knows one of them at a site has a good guess at
//! the others. So they are left out together.

use std::collections::BTreeMap;

use super::{Key, Place, Statement, Subject, lines::is_of_people, suppress::System};
use crate::domain::referral::State;

/// The states that those come to who came.
const CAME: [State; 3] = [State::Attended, State::ResultsAvailable, State::Completed];

/// Whether a state is one of those who came.
pub(super) fn has_come(state: &str) -> bool {
    CAME.iter().any(|came| came.as_str() == state)
}

/// A figure by place, in the system; the last is of all places.
pub(super) struct Related {
    /// The numbers in the system, with their values.
    pub row: Vec<(usize, i64)>,
    /// What is told beside it of earlier periods: who came then may count among the others now.
    pub late: Vec<i64>,
}

impl Related {
    /// Whether a place is the only one that has any, so that it tells what all have.
    fn is_alone(&self, at: usize) -> bool {
        self.row.last().is_some_and(|(_, all)| self.row[at].1 == *all)
    }

    fn number(&self, at: usize) -> Number {
        Number { value: self.row[at].1, late: self.late[at] }
    }
}

/// A number, and what is told to have come late beside it.
#[derive(Clone, Copy)]
struct Number {
    value: i64,
    late: i64,
}

impl Number {
    /// Whether one is the other, with what came late or without it.
    fn is(self, other: Self) -> bool {
        let [one, other] = [self, other].map(|number| [number.value, number.value + number.late]);
        (one[0], other[0]) != (0, 0) && one.iter().any(|value| other.contains(value))
    }
}

/// Ties figures that count the same referrals: at each site, whatever lies between them, and in all (as at the only site) where one is
/// the other.
pub(super) fn tie(system: &mut System, related: &[Related]) {
    let places = related.first().map_or(0, |one| one.row.len());
    for at in 0..places {
        for (before, one) in related.iter().enumerate() {
            for other in &related[before + 1..] {
                let of_site = [one, other].iter().all(|it| it.row[at].1 != 0 && !it.is_alone(at));
                if of_site || one.number(at).is(other.number(at)) {
                    system.tie(one.row[at].0, other.row[at].0);
                }
            }
        }
    }
}

/// What a figure is of, and itself.
type Named<'a> = ((Subject, &'a str), Related);

/// Enters what an earlier statement showed and left out of those who came, beside its lines, and ties what was left out: at whichever
/// closing one was another, with what had been told until then, whoever reads knows it for good.
pub(super) fn enter_earlier(
    system: &mut System,
    (statement, closings): (&Statement, &[BTreeMap<Key, i64>]),
    (places, lines): (&[Place], &[(&str, &[usize])]),
) {
    let given = |key: &Key| counted(statement, key);
    let mut figures: Vec<Named<'_>> = Vec::new();
    for (line_id, cells) in lines {
        let of = (Subject::Quantity, *line_id);
        let row = cells.iter().copied().zip(values(of, places, &given)).collect();
        figures.push((of, Related { row, late: values(of, places, &|key| late(statement, key)) }));
    }
    let steps = statement.document.steps.iter().filter(|step| has_come(&step.code));
    let steps = steps.map(|step| ((Subject::Steps, step.code.as_str()), &step.count));
    for (of, count) in steps.chain([((Subject::Persons, ""), &statement.document.persons)]) {
        let hidden = places.iter().map(|place| is_hidden(statement, *place, count)).chain([count.all.is_none()]);
        let given = values(of, places, &given).into_iter().zip(hidden);
        let row: Vec<_> = given.map(|(value, hidden)| (system.given(value, hidden), value)).collect();
        if let Some(((total, _), parts)) = row.split_last() {
            system.sum(*total, &parts.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        }
        let late = vec![0; row.len()];
        figures.push((of, Related { row, late }));
    }
    let of_closing = |told: &BTreeMap<Key, i64>| -> Vec<Vec<i64>> {
        let told = |key: &Key| told.get(key).copied().unwrap_or_default();
        figures.iter().map(|(of, _)| values(*of, places, &told)).collect()
    };
    let since: Vec<Vec<Vec<i64>>> = closings.iter().map(of_closing).collect();
    tie_hidden(system, &figures, &since);
}

/// Ties figures that were left out: `since` is what each closing had told of each of them, at each place.
fn tie_hidden(system: &mut System, figures: &[Named<'_>], since: &[Vec<Vec<i64>>]) {
    let places = figures.first().map_or(0, |(_, figure)| figure.row.len());
    for at in 0..places {
        let hidden: Vec<usize> = (0..figures.len()).filter(|it| system.is_hidden(figures[*it].1.row[at].0)).collect();
        let stood = |figure: usize, told: &[Vec<i64>]| {
            let number = figures[figure].1.number(at);
            Number { value: number.value + told[figure][at], ..number }
        };
        for (before, one) in hidden.iter().enumerate() {
            for other in &hidden[before + 1..] {
                let pair = [&figures[*one].1, &figures[*other].1];
                let of_site = pair.iter().all(|it| it.row[at].1 != 0 && !it.is_alone(at));
                if of_site || since.iter().any(|told| stood(*one, told).is(stood(*other, told))) {
                    system.tie(pair[0].row[at].0, pair[1].row[at].0);
                }
            }
        }
    }
}

/// Of a figure: what is at each place, and in all.
fn values(of: (Subject, &str), places: &[Place], number: &dyn Fn(&Key) -> i64) -> Vec<i64> {
    places.iter().copied().chain([Place::All]).map(|place| sum(of, (place, places), number)).collect()
}

/// Whether a statement leaves out a figure at a place; what it has no place for was nothing.
fn is_hidden(statement: &Statement, place: Place, count: &super::Places) -> bool {
    match statement.document.places().iter().position(|known| *known == place) {
        Some(at) => count.at.get(at).is_some_and(Option::is_none),
        None => place == Place::All && count.all.is_none(),
    }
}

/// Of which figure: what is at each place is in all; people are counted once there.
fn sum((subject, code): (Subject, &str), (place, all): (Place, &[Place]), of: &dyn Fn(&Key) -> i64) -> i64 {
    let key = |place: Place| Key { subject, code: code.into(), place };
    match place {
        Place::All if subject != Subject::Persons => all.iter().map(|place| of(&key(*place))).sum(),
        _ => of(&key(place)),
    }
}

fn counted(statement: &Statement, key: &Key) -> i64 {
    statement.counted.iter().filter(|it| it.key == *key).map(|it| it.quantity).sum()
}

/// What a statement tells beside its own figures of those before.
fn late(statement: &Statement, key: &Key) -> i64 {
    statement.document.corrections.iter().filter(|it| it.key == *key).map(|it| it.difference).sum()
}

/// Differences, by what they correct.
pub(super) type Differences<'a> = &'a dyn Fn(&Key) -> i64;

/// A figure of a statement at a place, with what is told of it since.
struct Stated {
    number: Number,
    hidden: bool,
}

/// Whether a statement that was corrected so would show a figure that is another one which it leaves out, at one of all its places.
pub(super) fn would_tell(statement: &Statement, at: (Place, &[Place]), corrected: Differences<'_>) -> bool {
    let stated = stated(statement, at, corrected);
    let (hidden, shown): (Vec<&Stated>, Vec<&Stated>) = stated.iter().partition(|it| it.hidden);
    hidden.iter().any(|left_out| shown.iter().any(|it| left_out.number.is(it.number)))
}

fn stated(statement: &Statement, (place, all): (Place, &[Place]), corrected: Differences<'_>) -> Vec<Stated> {
    let document = &statement.document;
    let figure = |subject: Subject, code: &str, count: &super::Places| {
        let (of, at) = ((subject, code), (place, all));
        let value = sum(of, at, &|key| counted(statement, key)) + sum(of, at, corrected);
        let late = if subject == Subject::Quantity { sum(of, at, &|key| late(statement, key)) } else { 0 };
        Stated { number: Number { value, late }, hidden: is_hidden(statement, place, count) }
    };
    let lines = document.lines.iter().filter(|line| is_of_people(line.measure));
    let lines = lines.map(|line| figure(Subject::Quantity, &line.line_id, &line.period));
    let steps = document.steps.iter().filter(|step| has_come(&step.code));
    let steps = steps.map(|step| figure(Subject::Steps, &step.code, &step.count));
    lines.chain(steps).chain([figure(Subject::Persons, "", &document.persons)]).collect()
}
