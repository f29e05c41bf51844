use relais_platform::ids::{OrganisationId, SiteId};

use super::{
    super::{Conditions, CountedFrom, LineKind, Measure, OnExhausted, Per, Rule, State, Terms},
    *,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(first: &str, last: &str) -> Days {
    Days::try_new(day(first), day(last)).unwrap()
}

fn firm(line_id: &str, per: Per) -> Line {
    Line {
        kind: LineKind::Firm,
        committed: Some(5),
        per,
        counted_from: CountedFrom::Attendance,
        ..Line::counted_acts(line_id)
    }
}

fn agreed((start, end): (&str, &str), lines: Vec<Line>) -> Convention {
    let terms = Terms {
        parties: Vec::new(),
        services: Vec::new(),
        lines,
        start_date: day(start),
        end_date: day(end),
        sites: Vec::new(),
        exclusive: false,
        conditions: Conditions::default(),
    };
    let draft = Convention::draft(ConventionId::draw(), String::new(), terms, chrono::DateTime::UNIX_EPOCH);
    Convention { state: State::Signed, ..draft }
}

fn used_up(line_id: &str, last: &str) -> Failure {
    let why = Why::UsedUp(line_id.into(), day(last));
    Failure { rule: Rule::VolumeExhausted, term: "terms.lines", why, passes: Vec::new() }
}

fn look(convention: &Convention, following: &[Convention], failed: &[Failure]) -> Prospect {
    Prospect::find(convention, following, failed, (None, false)).unwrap()
}

#[test]
fn the_first_later_period_that_is_not_full_is_named() {
    let year = agreed(("2026-01-15", "2026-12-31"), vec![firm("places", Per::Month), firm("more", Per::Term)]);
    let other = Failure { why: Why::NoReferrer, ..used_up("places", "2026-02-28") };
    assert_eq!(Prospect::find(&year, &[], &[other], (None, false)), None, "no line is used up");
    let prospect = look(&year, &[], &[used_up("places", "2026-02-28"), used_up("more", "2026-12-31")]);
    let looked_at = prospect.stretches();
    assert_eq!(
        (looked_at.len(), looked_at[0].starts),
        (10, day("2026-03-01")),
        "none of the one that has no later one"
    );
    let named = |full: &[Stretch]| prospect.room(full).later.iter().map(|it| it.days.to_string()).collect::<Vec<_>>();
    assert_eq!(named(&[]), ["2026-03-01/2026-03-31"]);
    let march = looked_at[0].clone();
    let another = Stretch { line_id: "more".into(), ..looked_at[1].clone() };
    assert_eq!(named(&[march, another]), ["2026-04-01/2026-04-30"]);
    let all: Vec<_> = looked_at.into_iter().cloned().collect();
    assert_eq!(named(&all), [""; 0]);
    // Past its last day nothing is named; far ahead nothing is looked for.
    let ended = Convention { last_day: day("2026-03-15"), ..year.clone() };
    let left = look(&ended, &[], &[used_up("places", "2026-02-28")]);
    assert_eq!(left.room(&[]).later[0].days, days("2026-03-01", "2026-03-15"));
    assert_eq!(left.stretches().len(), 1);
    let long = agreed(("2026-01-01", "2035-12-31"), vec![firm("places", Per::Month)]);
    assert_eq!(look(&long, &[], &[used_up("places", "2026-01-31")]).stretches().len(), MOST);
}

#[test]
fn a_convention_that_follows_is_named_with_days_on_which_all_that_could_refuse_has_something_left() {
    let first = agreed(("2026-01-01", "2026-12-31"), vec![firm("places", Per::Term)]);
    let waits = Line { on_exhausted: OnExhausted::Waitlist, ..firm("waits", Per::Term) };
    let soft = Line { kind: LineKind::Soft, ..firm("soft", Per::Term) };
    let lines = vec![firm("places", Per::Month), firm("all", Per::Term), waits, soft];
    let next = agreed(("2027-01-01", "2027-12-31"), lines);
    let free = agreed(("2028-01-01", "2028-12-31"), vec![Line::counted_acts("acts")]);
    let failed = [used_up("places", "2026-12-31")];
    let prospect = look(&first, &[next.clone(), free], &failed);
    let looked_at = prospect.stretches();
    assert_eq!(looked_at.len(), 13, "twelve months and a term: who waits is admitted");
    let year = days("2028-01-01", "2028-12-31");
    let following = |full: &[Stretch]| prospect.room(full).following;
    assert_eq!(following(&[]), [days("2027-01-01", "2027-01-31"), year]);
    assert_eq!(following(&[looked_at[0].clone()]), [days("2027-02-01", "2027-02-28"), year]);
    assert_eq!(following(&[looked_at[12].clone()]), [year], "its term is full");
    let months: Vec<_> = looked_at[..12].iter().map(|it| (*it).clone()).collect();
    assert_eq!(following(&months), [year]);
    // What somebody answers for refuses nothing; money that is spent does.
    let through = Line { on_exhausted: OnExhausted::LetThrough, ..firm("places", Per::Term) };
    let money = Line { measure: Measure::Money, currency: Some("EUR".into()), ..firm("money", Per::Term) };
    let next = [agreed(("2027-01-01", "2027-12-31"), vec![through, money])];
    for (approved, expected) in [(true, 1), (false, 2)] {
        let found = Prospect::find(&first, &next, &failed, (None, approved)).unwrap();
        assert_eq!(found.stretches().len(), expected, "{approved}");
    }
}

/// Where each site counts, it is the same one that is looked for.
#[test]
fn a_line_by_site_is_looked_at_there() {
    let site = Child::new(OrganisationId::draw(), SiteId::draw());
    let line = Line { scope: LineScope::Site, ..firm("places", Per::Month) };
    let mut year = agreed(("2026-01-01", "2026-02-28"), vec![line]);
    year.terms.sites = vec![site];
    let used_up = [used_up("places", "2026-01-31")];
    let sites = |year: &Convention, site| {
        let found = Prospect::find(year, &[], &used_up, (site, false)).unwrap();
        found.stretches().iter().map(|it| it.site).collect::<Vec<_>>()
    };
    let other = Child::new(site.organisation, SiteId::draw());
    assert_eq!(sites(&year, Some(site)), [Some(site.id)]);
    assert_eq!(sites(&year, Some(other)), []);
    assert_eq!(sites(&year, None), []);
    // Without sites in the terms, patients are received at all of them.
    year.terms.sites.clear();
    assert_eq!((sites(&year, Some(other)), sites(&year, None)), (vec![Some(other.id)], vec![]));
}
