use chrono::DateTime;
use relais_platform::ids::ConventionId;

use super::{super::Conditions, *};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(start: &str, end: &str) -> Terms {
    Terms {
        parties: Vec::new(),
        services: Vec::new(),
        lines: Vec::new(),
        start_date: day(start),
        end_date: day(end),
        sites: Vec::new(),
        conditions: Conditions::default(),
        exclusive: false,
    }
}

fn link(start: &str, versions: &[(i64, &str, &str)]) -> Link {
    let signed = |(number, from, end): &(i64, &str, &str)| Signed {
        number: *number,
        effective_date: day(from),
        end_date: day(end),
    };
    Link {
        id: ConventionId::draw(),
        state: State::Signed,
        halted: false,
        start_date: day(start),
        last_day: None,
        versions: versions.iter().map(signed).collect(),
    }
}

/// Three years, amended and then made longer; a gap of a year; three years more.
fn chain() -> Chain {
    let first = [(1, "2017-01-01", "2019-12-31"), (3, "2018-01-01", "2019-12-31"), (4, "2019-07-01", "2020-06-30")];
    let second = [(1, "2021-07-01", "2024-06-30")];
    Chain(vec![link("2017-01-01", &first), link("2021-07-01", &second)])
}

#[test]
fn whoever_is_in_force_judges_by_the_version_of_the_day() {
    let chain = chain();
    let (first, second) = (chain.0[0].id, chain.0[1].id);
    for (on, judge, version) in [
        ("2017-01-01", first, 1),
        ("2017-12-31", first, 1),
        ("2018-01-01", first, 3),
        ("2019-12-31", first, 4),
        ("2020-06-30", first, 4),
        ("2021-07-01", second, 1),
        ("2024-06-30", second, 1),
    ] {
        for asked in [first, second] {
            let found = chain.judge(asked, day(on)).map(|(link, version)| (link.id, version));
            assert_eq!(found, Some((judge, version)), "{on}");
        }
    }
    // Days that are nobody's: the one that was asked for says why.
    assert_eq!(chain.judge(first, day("2021-01-01")).map(|(link, _)| link.id), Some(first));
    assert_eq!(chain.judge(second, day("2016-12-31")).map(|(link, version)| (link.id, version)), Some((second, 1)));
    assert_eq!(chain.judge(ConventionId::draw(), day("2021-01-01")), None);
    let days = chain.days().iter().map(Days::to_string).collect::<Vec<_>>();
    assert_eq!(days, ["2017-01-01/2020-06-30", "2021-07-01/2024-06-30"]);
}

#[test]
fn a_termination_cuts_the_days_and_a_suspension_takes_them_away() {
    let mut chain = chain();
    chain.0[0].last_day = Some(day("2018-06-30"));
    chain.0[0].state = State::Terminated;
    assert_eq!(chain.days()[0].to_string(), "2017-01-01/2018-06-30");
    let first = chain.0[0].id;
    assert_eq!(chain.judge(first, day("2018-06-30")).map(|(_, version)| version), Some(3));
    chain.0[1].state = State::Suspended;
    assert_eq!(chain.days().len(), 1);
    // It is still the one that says so.
    assert_eq!(chain.judge(first, day("2022-01-01")).map(|(link, _)| link.id), Some(chain.0[1].id));
    chain.0[0].halted = true;
    assert_eq!(chain.days(), []);
    // Before its first day nothing is left of it.
    chain.0[0].last_day = Some(day("2016-06-30"));
    assert_eq!(chain.0[0].days(), None);
}

#[test]
fn a_renewal_goes_on_where_its_parent_ended() {
    let now = DateTime::UNIX_EPOCH;
    let draft = Convention::draft(ConventionId::draw(), "c".into(), terms("2017-01-01", "2019-12-31"), now);
    let parent = Convention { state: State::Signed, terms_version: 1, ..draft.clone() };
    let rules = |parent: &Convention, start: &str, end: &str| {
        let faults = renewal_faults(parent, &terms(start, end));
        faults.into_iter().map(|fault| fault.subject).collect::<Vec<_>>()
    };
    for (start, end, broken) in [
        ("2020-01-01", "2022-12-31", vec![]),
        ("2025-01-01", "2026-12-31", vec![]),
        ("2019-12-31", "2022-12-31", vec!["chain-overlap"]),
        ("2017-01-01", "2022-12-31", vec!["renewal-before-parent", "chain-overlap"]),
        ("2014-01-01", "2016-12-31", vec!["renewal-before-parent"]),
    ] {
        assert_eq!(rules(&parent, start, end), broken, "{start}");
    }
    assert_eq!(rules(&draft, "2020-01-01", "2022-12-31"), ["renewal-of-draft"]);
    let renewed = Convention { renewed: true, ..parent.clone() };
    assert_eq!(rules(&renewed, "2020-01-01", "2022-12-31"), ["convention-renewed"]);
    let ended = Convention { state: State::Terminated, last_day: day("2018-06-30"), ..parent };
    assert_eq!(rules(&ended, "2018-07-01", "2022-12-31"), [""; 0]);
}
