//! Figures that count the same referrals tell of each other, in one section and another, from one statement to the next. Whoever subtracts
//! all that may be subtracted, and knows besides which figures are the same, finds nothing that was left out.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::RngSeed};

use super::*;

const CAME: [&str; 3] = ["attended", "results-available", "completed"];
const PLACES: [Place; 3] = [Place::Site(SiteId(id_of_site(1))), Place::Site(SiteId(id_of_site(2))), Place::Nowhere];
/// Where the number of all places stands.
const ALL: usize = 3;
const FEW: i64 = 5;

const fn id_of_site(number: u128) -> Uuid {
    Uuid::from_u128(100 + number)
}

impl Numbers {
    fn came(self, number: i64, code: &str, at: [i64; 3]) -> Self {
        PLACES
            .into_iter()
            .zip(at)
            .fold(self, |numbers, (place, quantity)| numbers.with(number, (Subject::Steps, code), place, quantity))
    }

    fn people(self, number: i64, at: [i64; 3]) -> Self {
        let of = (Subject::Persons, "");
        let numbers = PLACES
            .into_iter()
            .zip(at)
            .fold(self, |numbers, (place, quantity)| numbers.with(number, of, place, quantity));
        numbers.with(number, of, Place::All, at.iter().sum())
    }
}

fn step<'a>(statement: &'a Statement, code: &str) -> &'a Places {
    statement.document.steps.iter().find(|step| step.code == code).map(|step| &step.count).unwrap()
}

fn took(from: &str, to: &str, at: [i64; 3]) -> Vec<Took> {
    let of = |place, count| Took { code: format!("{from}/{to}"), place, count, p50: 15, p90: 240 };
    let sites = PLACES.into_iter().zip(at).filter(|(_, count)| *count > 0).map(|(place, count)| of(place, count));
    sites.chain([of(Place::All, at.iter().sum())]).collect()
}

/// A year's reports came late at one site: its results, less what is corrected, would be the acts that are left out.
#[test]
fn acts_that_are_left_out_are_not_the_results_less_a_correction() {
    let first = closed(1, "2026-01", numbers().given(1, [20, 30, 0]).came(1, "attended", [25, 30, 0]), &[], vec![]);
    let now = numbers()
        .given(1, [25, 30, 0])
        .came(1, "attended", [25, 30, 0])
        .given(2, [3, 40, 0])
        .came(2, "attended", [8, 40, 0])
        .came(2, "results-available", [8, 40, 0])
        .came(2, "completed", [8, 40, 0])
        .people(2, [8, 40, 0]);
    let delays = took("attended", "results-available", [8, 40, 0]);
    let second = closed(2, "2026-02", now, std::slice::from_ref(&first), delays);
    assert_eq!(second.document.corrections.iter().map(|told| told.difference).collect::<Vec<_>>(), [5]);
    assert_eq!(line(&second).period, Places { all: Some(43), at: vec![None, None, Some(0)] });
    for code in CAME {
        assert_eq!(step(&second, code), &Places { all: Some(48), at: vec![None, None, Some(0)] }, "{code}");
    }
    assert_eq!(second.document.persons, Places { all: Some(48), at: vec![None, None, Some(0)] });
    // That it took so and so long at a site says that there were five or more.
    let delay = second.document.delays.iter().find(|delay| delay.to == "results-available").unwrap();
    assert_eq!(delay.at, [DelayAt::Suppressed, DelayAt::Suppressed, DelayAt::None]);
    assert_eq!(delay.all, DelayAt::Took(15, 240));
    assert_eq!(unveiled(&[first, second]), []);
}

/// The only site tells what all have, so that not all of it goes with a small number; but the late reports would tell it.
#[test]
fn a_correction_waits_that_would_make_a_number_another_one() {
    let counted = numbers().given(1, [2, 0, 0]).came(1, "attended", [9, 0, 0]).people(1, [9, 0, 0]);
    let first = closed(1, "2026-01", counted, &[], vec![]);
    assert_eq!((line(&first).period.all, step(&first, "attended").all), (None, Some(9)), "nothing says which");
    let counted = |acts| numbers().given(1, [acts, 0, 0]).came(1, "attended", [9, 0, 0]).people(1, [9, 0, 0]);
    let second = closed(2, "2026-02", counted(9), std::slice::from_ref(&first), vec![]);
    assert!(second.document.corrections.is_empty() && second.document.carried_over, "nine less seven are two");
    let third = closed(3, "2026-03", counted(10), &[first.clone(), second.clone()], vec![]);
    assert_eq!(third.document.corrections.iter().map(|told| told.difference).collect::<Vec<_>>(), [8]);
    assert_eq!(unveiled(&[first, second, third]), []);
}

#[test]
fn the_correction_of_a_reason_waits_for_those_of_the_others() {
    let counted = |no_capacity, duplicate| {
        let rejected = (Subject::Steps, "rejected");
        numbers()
            .with(1, rejected, Place::Nowhere, no_capacity + duplicate)
            .with(1, (Subject::Refusals, "rejected/no-capacity"), Place::Nowhere, no_capacity)
            .with(1, (Subject::Refusals, "rejected/duplicate"), Place::Nowhere, duplicate)
    };
    let first = closed(1, "2026-01", counted(20, 30), &[], vec![]);
    let second = closed(2, "2026-02", counted(26, 31), std::slice::from_ref(&first), vec![]);
    assert!(second.document.corrections.is_empty() && second.document.carried_over, "seven less six is one");
    let third = closed(3, "2026-03", counted(26, 36), &[first, second], vec![]);
    let told: Vec<_> = third.document.corrections.iter().map(|told| told.difference).collect();
    assert_eq!(told, [12, 6, 6], "{:?}", third.document.corrections);
}

/// People of all sites less those of the others are those of a site whose few wait.
#[test]
fn the_correction_of_all_people_waits_for_those_of_each_site() {
    let first = closed(1, "2026-01", numbers().people(1, [20, 30, 0]), &[], vec![]);
    let second = closed(2, "2026-02", numbers().people(1, [27, 31, 0]), std::slice::from_ref(&first), vec![]);
    let [told] = second.document.corrections.as_slice() else { panic!("{:?}", second.document.corrections) };
    assert_eq!((told.difference, told.key.place), (7, PLACES[0]));
}

/// Of which statement, which figure, at which place.
type Which = (usize, &'static str, usize);

/// What somebody knows who has all statements: numbers that are shown, and sums of numbers that are nothing, or something known.
#[derive(Default)]
struct Known {
    values: BTreeMap<Which, (i64, bool)>,
    relations: Vec<Vec<(Which, i64)>>,
}

impl Known {
    fn figure(&mut self, of: usize, figure: &'static str, places: &Places, values: [i64; 4]) {
        let shown = places.at.iter().copied().chain([places.all]);
        for (at, (shown, value)) in shown.zip(values).enumerate() {
            assert!(shown.is_none_or(|shown| shown == value), "{of} {figure} {at}");
            self.values.insert((of, figure, at), (value, shown.is_none()));
        }
        self.sum((of, figure, ALL), &[(of, figure, 0), (of, figure, 1), (of, figure, 2)]);
    }

    fn sum(&mut self, total: Which, parts: &[Which]) {
        self.relations.push(parts.iter().map(|part| (*part, 1)).chain([(total, -1)]).collect());
    }

    /// Small numbers that were left out, and that the relations fix.
    fn found(&self) -> Vec<(Which, i64)> {
        const PRIME: i128 = 1_000_000_007;
        let unknown: Vec<&Which> = self.values.iter().filter(|(_, (_, hidden))| *hidden).map(|(at, _)| at).collect();
        let column = |at: &Which| unknown.iter().position(|known| *known == at);
        let mut rows: Vec<Vec<i128>> = Vec::new();
        for relation in &self.relations {
            let mut row = vec![0; unknown.len()];
            for (at, factor) in relation {
                if let Some(column) = column(at) {
                    row[column] += i128::from(*factor);
                }
            }
            rows.push(row);
        }
        let power = |base: i128, mut power: i128| {
            let (mut base, mut result) = (base.rem_euclid(PRIME), 1);
            while power > 0 {
                result = if power & 1 == 1 { result * base % PRIME } else { result };
                base = base * base % PRIME;
                power >>= 1;
            }
            result
        };
        let mut solved = 0;
        for column in 0..unknown.len() {
            let Some(pivot) = (solved..rows.len()).find(|row| rows[*row][column].rem_euclid(PRIME) != 0) else {
                continue;
            };
            rows.swap(solved, pivot);
            let scale = power(rows[solved][column], PRIME - 2);
            rows[solved].iter_mut().for_each(|value| *value = (*value * scale).rem_euclid(PRIME));
            let by = rows[solved].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != solved) {
                let factor = row[column];
                row.iter_mut().zip(&by).for_each(|(value, by)| *value = (*value - factor * by).rem_euclid(PRIME));
            }
            solved += 1;
        }
        let told = rows.iter().filter(|row| row.iter().filter(|value| **value != 0).count() == 1);
        let told = told.filter_map(|row| Some(*unknown[row.iter().position(|value| *value != 0)?]));
        let told = told.map(|at| (at, self.values[&at].0));
        told.filter(|(_, value)| *value != 0 && value.abs() < FEW).collect()
    }
}

fn counted(statement: &Statement, (subject, code): (Subject, &str)) -> [i64; 4] {
    let at = |place| {
        let key = Key { subject, code: code.into(), place };
        statement.counted.iter().filter(|it| it.key == key).map(|it| it.quantity).sum::<i64>()
    };
    let [one, two, three] = PLACES.map(at);
    [one, two, three, if subject == Subject::Persons { at(Place::All) } else { one + two + three }]
}

/// What is told of a figure of a statement by all statements up to another one.
fn corrected(statements: &[Statement], of: i64, (subject, code): (Subject, &str)) -> [i64; 4] {
    let told = statements.iter().flat_map(|statement| &statement.document.corrections);
    let told: Vec<_> = told.filter(|it| of == 0 || it.number == of).collect();
    let at = |place| {
        let key = Key { subject, code: code.into(), place };
        told.iter().filter(|it| it.key == key).map(|it| it.difference).sum::<i64>()
    };
    let [one, two, three] = PLACES.map(at);
    [one, two, three, if subject == Subject::Persons { at(Place::All) } else { one + two + three }]
}

const FIGURES: [(&str, (Subject, &str)); 5] = [
    ("acts", (Subject::Quantity, "chest-x-rays")),
    ("people", (Subject::Persons, "")),
    ("attended", (Subject::Steps, "attended")),
    ("results-available", (Subject::Steps, "results-available")),
    ("completed", (Subject::Steps, "completed")),
];

/// Small numbers that were left out of statements, and that follow from all that is shown.
fn unveiled(statements: &[Statement]) -> Vec<(Which, i64)> {
    let mut known = Known::default();
    for (at, statement) in statements.iter().enumerate() {
        let figures = line(statement);
        let (period, to_date) =
            (counted(statement, FIGURES[0].1), counted(statement, (Subject::ToDate, "chest-x-rays")));
        let before: Vec<i64> = to_date.iter().zip(period).map(|(to_date, period)| to_date - period).collect();
        known.figure(at, "acts", &figures.period, period);
        known.figure(at, "to date", &figures.to_date, to_date);
        known.figure(at, "before", &figures.before, before.try_into().unwrap());
        for (name, of) in &FIGURES[2..] {
            known.figure(at, name, step(statement, name), counted(statement, *of));
        }
        known.figure(at, "people", &statement.document.persons, counted(statement, FIGURES[1].1));
        for place in 0..=ALL {
            known.sum((at, "to date", place), &[(at, "before", place), (at, "acts", place)]);
            if at > 0 {
                known.sum((at, "before", place), &[(at - 1, "to date", place)]);
            }
        }
        same(&mut known, statements, at);
    }
    known.found()
}

/// Which figures of a statement are the same, now or as all stood when a later one was closed: with what came late and without.
fn same(known: &mut Known, statements: &[Statement], at: usize) {
    let (statement, own) = (&statements[at], &statements[at..=at]);
    for until in at..statements.len() {
        let stands = |of: (Subject, &str)| {
            let (value, since) = (counted(statement, of), corrected(&statements[..=until], statement.number, of));
            let late = if of.0 == Subject::Quantity { corrected(own, 0, of) } else { [0; 4] };
            std::array::from_fn::<_, 4, _>(|place| (value[place] + since[place], late[place]))
        };
        for (before, (one, of_one)) in FIGURES.iter().enumerate() {
            for (other, of_other) in &FIGURES[before + 1..] {
                let (first, second) = (stands(*of_one), stands(*of_other));
                let either = |(value, late): (i64, i64)| [value, value + late];
                let is_same = |place: usize, way: (usize, usize)| {
                    let is = either(first[place])[way.0] == either(second[place])[way.1];
                    is && (place == ALL || (first[place].0, second[place].0) != (0, 0))
                };
                let nothing = |place: usize| (first[place].0, second[place].0) == (0, 0);
                for way in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    // What is one number in all, and at the sites is not, is so by chance.
                    let everywhere = (0..ALL).all(|place| nothing(place) || is_same(place, way));
                    for place in (0..=ALL).filter(|place| is_same(*place, way) && (*place < ALL || everywhere)) {
                        known.relations.push(vec![((at, *one, place), 1), ((at, *other, place), -1)]);
                    }
                }
            }
        }
    }
}

/// Of each statement and place: how many came, how many of their reports came late, how many of them had come before.
fn stories() -> impl Strategy<Value = Vec<[(i64, i64, i64); 3]>> {
    let number = prop_oneof![2 => Just(0i64), 3 => 1i64..5, 3 => 5i64..12];
    let place = (number, 0i64..9, 0i64..2);
    let place = place.prop_map(|(came, late, again)| (came, late.min(came), again.min(came)));
    prop::collection::vec([place.clone(), place.clone(), place], 1..=3)
}

/// The statements of what came to pass: reports that are late come in the period after.
fn state(story: &[[(i64, i64, i64); 3]]) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for closing in 0..story.len() {
        let mut all = numbers();
        for (at, places) in story[..=closing].iter().enumerate() {
            let number = i64::try_from(at).unwrap() + 1;
            let came = places.map(|(came, ..)| came);
            let missing = places.map(|(_, late, _)| if at == closing { late } else { 0 });
            let late_before: [i64; 3] = std::array::from_fn(|place| if at > 0 { story[at - 1][place].1 } else { 0 });
            let results: [i64; 3] = std::array::from_fn(|place| came[place] - places[place].1 + late_before[place]);
            all = all.given(number, std::array::from_fn(|place| came[place] - missing[place]));
            all = all.came(number, "attended", came).came(number, "results-available", results);
            all = all.came(number, "completed", results);
            all = all.people(number, places.map(|(came, _, again)| came - again));
        }
        let number = i64::try_from(closing).unwrap() + 1;
        let statement = closed(number, &format!("2026-{number:02}"), all, &statements, vec![]);
        statements.push(statement);
    }
    statements
}

proptest! {
    // Always the same stories: whoever reads guesses right each time which figures are the same, and so finds more than anybody would.
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Whoever subtracts whatever may be subtracted finds no small number, of whichever statement and section.
    #[test]
    fn nothing_is_unveiled_by_other_sections_and_statements(story in stories()) {
        let statements = state(&story);
        prop_assert_eq!(unveiled(&statements), vec![], "{:?}", story);
    }

    /// What all sites have is shown where it is no small number itself, and several sites have some of each.
    #[test]
    fn what_all_have_stays(came in prop::collection::vec(5i64..40, 3), few in 1i64..5) {
        let came = [came[0], came[1], came[2]];
        let counted = numbers()
            .given(1, [few, came[1], came[2]])
            .came(1, "attended", came)
            .came(1, "results-available", came)
            .people(1, came);
        let statement = closed(1, "2026-01", counted, &[], vec![]);
        let all = [line(&statement).period.all, step(&statement, "attended").all, statement.document.persons.all];
        let sum = came.iter().sum();
        prop_assert_eq!(all, [Some(few + came[1] + came[2]), Some(sum), Some(sum)]);
        prop_assert_eq!(step(&statement, "attended").at[0], None);
    }
}
