use chrono::DateTime;
use relais_platform::ids::{ConventionId, OrganisationId};

use super::{
    super::{Conditions, Line, Role, sign},
    *,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn draft() -> Convention {
    let party = |role| Party { organisation: OrganisationId::draw(), role };
    let terms = Terms {
        parties: vec![party(Role::Referrer), party(Role::Provider)],
        services: Vec::new(),
        lines: vec![Line::counted_acts("seen")],
        start_date: day("2017-01-01"),
        end_date: day("2019-12-31"),
        sites: Vec::new(),
        conditions: Conditions { run_off_days: 30, ..Conditions::default() },
        exclusive: false,
    };
    Convention::draft(ConventionId::draw(), "c".into(), terms, DateTime::UNIX_EPOCH)
}

fn signed() -> Convention {
    sign(draft(), day("2017-01-01"), day("2017-01-01")).unwrap()
}

fn rules<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    result.unwrap_err().violations.into_iter().map(|violation| violation.subject).collect()
}

#[test]
fn a_draft_is_edited_and_what_is_signed_is_not() {
    let named = edit(draft(), Some("d".into()), None).unwrap();
    assert_eq!((named.display_name.as_str(), named.version, named.entered), ("d", 2, 1));
    let longer = Terms { end_date: day("2020-12-31"), ..named.terms.clone() };
    let edited = edit(named, None, Some(longer)).unwrap();
    assert_eq!((edited.version, edited.entered, edited.last_day), (3, 2, day("2020-12-31")));
    let signed = sign(edited, day("2017-01-01"), day("2017-01-01")).unwrap();
    assert_eq!((signed.terms_version, signed.version), (2, 4));
    assert_eq!(rules(edit(signed, Some("e".into()), None)), ["convention-signed"]);
}

#[test]
fn an_amendment_stands_beside_what_is_in_force_until_it_is_signed() {
    let (before, today) = (signed(), day("2018-01-01"));
    let terms = Terms { end_date: day("2020-12-31"), ..before.terms.clone() };
    let amended = amend(before.clone(), terms.clone(), day("2018-07-01"), today).unwrap();
    assert_eq!((amended.terms_version, amended.last_day), (1, day("2019-12-31")));
    assert_eq!(rules(amend(amended.clone(), terms.clone(), day("2018-07-01"), today)), ["amendment-open"]);
    let after = sign(amended.clone(), today, today).unwrap();
    assert_eq!((after.terms_version, after.effective_date, after.last_day), (2, day("2018-07-01"), day("2020-12-31")));
    let back = discard(amended).unwrap();
    assert_eq!((back.terms.clone(), back.amendment.clone(), back.version), (before.terms, None, 4));
    // Its number stays its own.
    assert_eq!(amend(back, terms.clone(), day("2018-07-01"), today).unwrap().entered, 3);
    assert_eq!(rules(discard(after.clone())), ["no-amendment"]);
    assert_eq!(rules(sign(after.clone(), today, today)), ["convention-not-draft"]);
    // The next one judges later, or instead.
    assert_eq!(rules(amend(after, terms, day("2018-06-30"), today)), ["amendment-effective-date"]);
}

#[test]
fn an_amendment_keeps_who_agreed_and_since_when() {
    let (convention, today) = (signed(), day("2018-01-01"));
    let mut terms = Terms { start_date: day("2017-02-01"), end_date: day("2017-12-31"), ..convention.terms.clone() };
    terms.parties.pop();
    terms.lines.pop();
    let all = [
        "amendment-keeps-start",
        "amendment-keeps-parties",
        "amendment-keeps-lines",
        "amendment-effective-date",
        "amendment-ends-in-past",
    ];
    assert_eq!(rules(amend(convention.clone(), terms, day("2018-01-01"), today)), all);
    let mut turned = convention.terms.clone();
    turned.parties.reverse();
    assert!(amend(convention, turned.clone(), day("2018-01-01"), today).is_ok(), "the order is nobody's");
    assert_eq!(rules(amend(draft(), turned, day("2018-01-01"), today)), ["convention-not-signed"]);
}

#[test]
fn a_suspension_is_of_what_is_signed_and_ends() {
    assert_eq!(rules(suspend(draft(), Reason::Breach)), ["convention-not-signed"]);
    let suspended = suspend(signed(), Reason::Breach).unwrap();
    assert_eq!((suspended.reason, suspended.version), (Some(Reason::Breach), 3));
    assert_eq!(rules(suspend(suspended.clone(), Reason::Breach)), ["convention-not-signed"]);
    let resumed = resume(suspended).unwrap();
    assert_eq!((resumed.reason, resumed.state), (None, State::Signed));
    assert_eq!(rules(resume(resumed)), ["convention-not-suspended"]);
}

#[test]
fn a_termination_cuts_what_is_to_come() {
    let (today, end) = (day("2018-01-15"), |text: &str| terminate(signed(), day(text), day("2018-01-15"), Reason::Law));
    assert_eq!(rules(end("2018-01-14")), ["last_day"]);
    assert_eq!(rules(end("2020-01-01")), ["last_day"]);
    assert_eq!(rules(terminate(draft(), today, today, Reason::Law)), ["convention-not-signed"]);
    assert_eq!(rules(terminate(signed(), day("2020-01-02"), day("2020-01-01"), Reason::Law)), ["convention-over"]);
    let ended = end("2018-06-30").unwrap();
    assert_eq!((ended.last_day, ended.run_off_until()), (day("2018-06-30"), day("2018-07-30")));
    assert_eq!(rules(terminate(ended.clone(), day("2018-06-30"), today, Reason::Law)), ["convention-terminated"]);
    assert_eq!(terminate(ended.clone(), today, today, Reason::Law).map(|sooner| sooner.last_day).ok(), Some(today));
    let terms = ended.terms.clone();
    assert_eq!(rules(amend(ended, terms, today, today)), ["convention-not-signed"]);
}

#[test]
fn where_it_stands_follows_from_its_days() {
    let stage = |convention: &Convention, on: &str| convention.stage(day(on)).as_str();
    let signed = signed();
    for (on, stands) in [
        ("2016-12-31", "not-yet"),
        ("2017-01-01", "in-force"),
        ("2019-12-31", "in-force"),
        ("2020-01-01", "run-off"),
        ("2020-01-30", "run-off"),
        ("2020-01-31", "expired"),
    ] {
        assert_eq!(stage(&signed, on), stands, "{on}");
    }
    assert_eq!(stage(&draft(), "2018-01-01"), "draft");
    let renewed = Convention { renewed: true, ..signed.clone() };
    assert_eq!((stage(&renewed, "2019-01-01"), stage(&renewed, "2020-02-01")), ("in-force", "renewed"));
    let suspended = suspend(signed.clone(), Reason::Breach).unwrap();
    assert_eq!((stage(&suspended, "2018-01-01"), stage(&suspended, "2021-01-01")), ("suspended", "expired"));
    let end = |convention| terminate(convention, day("2018-06-30"), day("2018-01-01"), Reason::Law).unwrap();
    let ended = end(signed.clone());
    for (on, stands) in [("2018-06-30", "in-force"), ("2018-07-01", "run-off"), ("2018-08-01", "terminated")] {
        assert_eq!(stage(&ended, on), stands, "{on}");
    }
    assert_eq!(stage(&end(suspended), "2018-06-30"), "terminated");
    let never = terminate(signed, day("2016-06-30"), day("2016-06-01"), Reason::Law).unwrap();
    assert_eq!(stage(&never, "2016-06-15"), "terminated");
}
