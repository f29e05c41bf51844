//! Statements out of numbers: what is shown, what is left out, what comes late, and how it looks.

use chrono::{NaiveDate, TimeDelta};
use relais_platform::ids::{Child, ConventionId, OrganisationId, SiteId, StatementId};
use uuid::Uuid;

use super::*;
use crate::domain::{
    convention::{Bearer, Coding, Conditions, Convention, Line, Party, Role, ServiceTerm, State, Terms},
    language::Language,
};

mod golden;
mod related;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An id that is the same each time.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn provider() -> OrganisationId {
    OrganisationId(id(2))
}

fn site(number: u128) -> SiteId {
    SiteId(id(100 + number))
}

fn convention() -> Convention {
    let party = |organisation: u128, role| Party { organisation: OrganisationId(id(organisation)), role };
    let code = Coding {
        system: "http://loinc.org".into(),
        version: String::new(),
        code: "36643-5".into(),
        display: String::new(),
    };
    let terms = Terms {
        parties: vec![party(1, Role::Referrer), party(2, Role::Provider), party(3, Role::Funder)],
        services: vec![ServiceTerm { code, bearer: Bearer::Funder }],
        lines: vec![Line::counted_acts("chest-x-rays")],
        start_date: day("2026-01-01"),
        end_date: day("2028-12-31"),
        sites: Vec::new(),
        conditions: Conditions::default(),
        exclusive: false,
    };
    let name = "Radiographies <thorax> & arrivants".into();
    let draft = Convention::draft(ConventionId(id(1)), name, terms, DateTime::UNIX_EPOCH);
    let signature_date = Some(day("2025-12-15"));
    Convention { state: State::Signed, version: 2, terms_version: 1, signature_date, ..draft }
}

/// Numbers of a period.
struct Numbers(Vec<InPeriod>);

impl Numbers {
    fn with(mut self, number: i64, (subject, code): (Subject, &str), place: Place, quantity: i64) -> Self {
        let key = Key { subject, code: code.into(), place };
        self.0.push(InPeriod { number, counted: Counted { key, quantity } });
        self
    }

    /// Given at three places.
    fn given(self, number: i64, [first, second, nowhere]: [i64; 3]) -> Self {
        let of = (Subject::Quantity, "chest-x-rays");
        self.with(number, of, Place::Site(site(1)), first).with(number, of, Place::Site(site(2)), second).with(
            number,
            of,
            Place::Nowhere,
            nowhere,
        )
    }
}

fn numbers() -> Numbers {
    Numbers(Vec::new())
}

fn named() -> Vec<SiteName> {
    let name = |number, text: &str| SiteName { site: Child::new(provider(), site(number)), display_name: text.into() };
    vec![name(2, "Dijon \u{201c}gare\u{201d}"), name(1, "Besançon")]
}

/// Closes the statement of a month.
fn closed(number: i64, month: &str, counted: Numbers, earlier: &[Statement], took: Vec<Took>) -> Statement {
    let first = day(&format!("{month}-01"));
    let last = first.checked_add_months(chrono::Months::new(1)).unwrap() - TimeDelta::days(1);
    let of_period = counted.0.iter().filter(|it| it.number == number && it.counted.key.subject == Subject::Quantity);
    let given = of_period.map(|it| it.counted.quantity).sum();
    let counted = counted.with(number, (Subject::Month, &format!("chest-x-rays/{month}")), Place::All, given);
    let signer = |role, name: &str| Signer { role, display_name: name.into() };
    close(&Closing {
        id: StatementId(id(1000 + number.unsigned_abs() as u128)),
        convention: &convention(),
        number,
        days: Days { first, last },
        earlier,
        counted: counted.0,
        took,
        sites: named(),
        signers: vec![signer(Role::Referrer, "OFII"), signer(Role::Provider, "MC3"), signer(Role::Funder, "OFII")],
        now: (last + TimeDelta::days(3)).and_hms_opt(9, 30, 0).unwrap().and_utc(),
    })
}

fn line(statement: &Statement) -> &LineFigures {
    &statement.document.lines[0]
}

#[test]
fn places_are_told_by_name_and_the_last_one_is_none() {
    let statement = closed(1, "2026-01", numbers().given(1, [40, 7, 9]), &[], vec![]);
    let names: Vec<_> = statement.document.place_names();
    assert_eq!(names, [Some("Besançon"), Some("Dijon \u{201c}gare\u{201d}"), None]);
    let figures = line(&statement);
    assert_eq!(figures.period, Places { all: Some(56), at: vec![Some(40), Some(7), Some(9)] });
    assert_eq!(figures.before, Places { all: Some(0), at: vec![Some(0); 3] });
    assert_eq!(figures.to_date, figures.period);
    assert_eq!(figures.months, [Month { month: day("2026-01-01"), number: 1, quantity: Some(56) }]);
}

#[test]
fn what_is_small_is_left_out_with_company_and_the_total_stays() {
    let statement = closed(1, "2026-01", numbers().given(1, [40, 3, 9]), &[], vec![]);
    assert_eq!(line(&statement).period, Places { all: Some(52), at: vec![Some(40), None, None] });
    assert_eq!(line(&statement).to_date, Places { all: Some(52), at: vec![Some(40), None, None] });
}

/// From one statement to the next, what a site gave is not the difference of what it had given.
#[test]
fn nothing_is_told_by_the_statement_before() {
    let mut earlier: Vec<Statement> = Vec::new();
    let mut all = numbers().given(0, [0, 0, 0]);
    for (number, given) in (1..).zip([[40, 30, 9], [41, 3, 20], [38, 4, 22], [37, 1, 2], [50, 25, 12], [2, 1, 0]]) {
        all = all.given(number, given);
        let month = format!("2026-{number:02}");
        let statement = closed(number, &month, Numbers(all.0.clone()), &earlier, vec![]);
        earlier.push(statement);
        assert!(found_again(&earlier).is_empty(), "{number}: {:?}", found_again(&earlier));
    }
    assert_eq!(line(&earlier[0]).to_date.at, [Some(40), Some(30), Some(9)]);
    let second = |number: usize| (line(&earlier[number - 1]).period.at[1], line(&earlier[number - 1]).to_date.at[1]);
    assert_eq!(second(2), (None, None), "33 less 30 would be 3");
    assert_eq!(second(3), (None, Some(37)), "three and four are seven");
    assert_eq!(second(5), (Some(25), None), "one more was counted between, and nobody else");
    assert_eq!(line(&earlier[4]).to_date.all, Some(334));
}

/// What somebody finds who subtracts whatever may be subtracted, until nothing new is found: values of small numbers that were left
/// out, by place and statement.
fn found_again(statements: &[Statement]) -> Vec<(i64, usize, i64)> {
    use std::collections::BTreeMap;
    // Of which statement, which of its three figures, at which place.
    type Which = (i64, char, usize);
    let mut known: BTreeMap<Which, i64> = BTreeMap::new();
    let mut sums: Vec<(Which, Vec<Which>)> = Vec::new();
    for statement in statements {
        let (of, figures) = (statement.number, line(statement));
        for (figure, places) in [('p', &figures.period), ('b', &figures.before), ('d', &figures.to_date)] {
            let all = places.at.iter().copied().chain([places.all]).enumerate();
            known.extend(all.filter_map(|(at, shown)| Some(((of, figure, at), shown?))));
            sums.push(((of, figure, 3), (0..3).map(|at| (of, figure, at)).collect()));
        }
        for at in 0..4 {
            sums.push(((of, 'd', at), vec![(of, 'b', at), (of, 'p', at)]));
            if of > 1 {
                sums.push(((of, 'b', at), vec![(of - 1, 'd', at)]));
            }
        }
    }
    let shown: Vec<_> = known.keys().copied().collect();
    loop {
        let before = known.len();
        for (total, parts) in &sums {
            let terms: Vec<_> = parts.iter().map(|part| (*part, 1)).chain([(*total, -1)]).collect();
            let unknown: Vec<_> = terms.iter().filter(|(at, _)| !known.contains_key(at)).collect();
            if let [(at, sign)] = unknown.as_slice() {
                let rest: i64 = terms.iter().filter_map(|(at, sign)| Some(sign * known.get(at)?)).sum();
                known.insert(*at, -rest * sign);
            }
        }
        if known.len() == before {
            break;
        }
    }
    let found = known.into_iter().filter(|(at, value)| !shown.contains(at) && at.1 == 'p' && (1..5).contains(value));
    found.map(|((number, _, at), value)| (number, at, value)).collect()
}

#[test]
fn what_comes_late_is_a_correction_on_the_next_one_and_the_one_before_stays() {
    let first = closed(1, "2026-01", numbers().given(1, [40, 30, 20]), &[], vec![]);
    let was = first.clone();
    // Ten more at one site, and two at another, which is too little to be told.
    let now = numbers().given(1, [50, 32, 20]).given(2, [60, 30, 10]);
    let second = closed(2, "2026-02", now, std::slice::from_ref(&first), vec![]);
    let [told] = second.document.corrections.as_slice() else { panic!("{:?}", second.document.corrections) };
    assert_eq!((told.number, told.difference, told.key.place), (1, 10, Place::Site(site(1))));
    assert!(second.document.carried_over);
    assert_eq!(first, was);
    assert_eq!(line(&second).before.at, [Some(50), Some(30), Some(20)], "what waits is not counted in");
    assert_eq!(line(&second).to_date.all, Some(200));

    // Four more: with the two that wait, they are told.
    let now = numbers().given(1, [50, 36, 20]).given(2, [60, 30, 10]).given(3, [10, 10, 10]);
    let third = closed(3, "2026-03", now, &[first.clone(), second.clone()], vec![]);
    let [told] = third.document.corrections.as_slice() else { panic!("{:?}", third.document.corrections) };
    assert_eq!((told.number, told.difference, told.key.place), (1, 6, Place::Site(site(2))));
    assert!(!third.document.carried_over);
    assert_eq!(line(&third).to_date.all, Some(236));
    // Nothing more came: nothing is corrected twice.
    let now = numbers().given(1, [50, 36, 20]).given(2, [60, 30, 10]).given(3, [10, 10, 10]).given(4, [9, 9, 9]);
    let fourth = closed(4, "2026-04", now, &[first, second, third], vec![]);
    assert!(fourth.document.corrections.is_empty() && !fourth.document.carried_over);
}

#[test]
fn what_is_taken_back_is_a_correction_of_less() {
    let first = closed(1, "2026-01", numbers().given(1, [40, 30, 20]), &[], vec![]);
    let now = numbers().given(1, [33, 30, 20]).given(2, [60, 30, 10]);
    let second = closed(2, "2026-02", now, &[first], vec![]);
    assert_eq!(second.document.corrections.iter().map(|told| told.difference).collect::<Vec<_>>(), [-7]);
    assert_eq!(line(&second).before.all, Some(83));
}

#[test]
fn people_are_counted_once_in_all_and_reasons_add_up_to_their_step() {
    let of = (Subject::Persons, "");
    let counted = numbers()
        .with(1, of, Place::Site(site(1)), 30)
        .with(1, of, Place::Site(site(2)), 8)
        .with(1, of, Place::All, 36)
        .with(1, (Subject::Steps, "rejected"), Place::Nowhere, 9)
        .with(1, (Subject::Refusals, "rejected/no-capacity"), Place::Nowhere, 7)
        .with(1, (Subject::Refusals, "rejected/duplicate"), Place::Nowhere, 2);
    let Document { persons, refusals, steps, .. } = closed(1, "2026-01", counted, &[], vec![]).document;
    assert_eq!((persons.all, persons.at), (Some(36), vec![Some(30), Some(8), Some(0)]));
    assert!(refusals.iter().all(|refusal| refusal.count.all.is_none()), "seven of nine would leave two: {refusals:?}");
    let rejected = steps.iter().find(|step| step.code == "rejected").map(|step| step.count.all);
    assert_eq!(rejected, Some(Some(9)));
}

#[test]
fn delays_of_few_are_left_out() {
    let took = |place, count| Took { code: "submitted/accepted".into(), place, count, p50: 15, p90: 240 };
    let took = vec![took(Place::All, 9), took(Place::Site(site(1)), 5), took(Place::Site(site(2)), 4)];
    let statement = closed(1, "2026-01", numbers(), &[], took);
    let delay = &statement.document.delays[0];
    assert_eq!(delay.all, DelayAt::Took(15, 240));
    assert_eq!(delay.at, [DelayAt::Took(15, 240), DelayAt::Suppressed, DelayAt::None]);
    assert_eq!(statement.document.delays.len(), 5);
}

/// What is left out stands nowhere in what is kept to be shown.
#[test]
fn a_number_that_is_left_out_is_not_in_the_document() {
    let statement = closed(1, "2026-01", numbers().given(1, [70_017, 3, 40_009]), &[], vec![]);
    let kept = serde_json::to_string(&statement.document).unwrap();
    assert!(kept.contains("70017") && !kept.contains("40009"), "{kept}");
    let read: Document = serde_json::from_str(&kept).unwrap();
    assert_eq!(read, statement.document);
    let counted = serde_json::to_string(&statement.counted).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Counted>>(&counted).unwrap(), statement.counted);
}
