use chrono::{DateTime, Days};
use relais_platform::ids::{ConventionId, PractitionerId};
use uuid::Uuid;

use super::{
    super::{
        Bearer, Coding, Conditions, Eligibility, Line, Party, Prescribers, Reason, ServiceTerm, Standing, Stretch,
        Terms, lets_wait, resume, sentence, sign, suspend, terminate,
    },
    *,
};
use crate::domain::{
    language::Language,
    network::{Identifier, RegistrationEnd, RegistrationName},
};

const LOINC: &str = "http://loinc.org";
const COLLEGE: &str = "urn:relais:lu:college-medical";
const NO_ROOM: &Room = &Room { later: Vec::new(), following: Vec::new() };

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn draft(referrer: OrganisationId, provider: OrganisationId) -> Convention {
    let party = |organisation, role| Party { organisation, role };
    let code = Coding { system: LOINC.into(), version: String::new(), code: "24323-8".into(), display: String::new() };
    let terms = Terms {
        parties: vec![party(referrer, Role::Referrer), party(provider, Role::Provider)],
        services: vec![ServiceTerm { code, bearer: Bearer::ProviderInKind }],
        lines: vec![Line::counted_acts("analyses")],
        start_date: day("2017-03-20"),
        end_date: day("2019-12-31"),
        sites: Vec::new(),
        conditions: Conditions::default(),
        exclusive: false,
    };
    assert_eq!(terms.faults(), []);
    Convention::draft(ConventionId::draw(), "c".into(), terms, DateTime::UNIX_EPOCH)
}

fn ask<'a>(referrer: OrganisationId, provider: OrganisationId, date: &str, situation: &'a Situation) -> Ask<'a> {
    let (date, today) = (day(date), day("2017-06-01"));
    let (service, standings) = ((LOINC, "24323-8"), &[]);
    let (site, prescriber, approved) = (None, None, false);
    let (chain, room) = (&[], NO_ROOM);
    Ask { referrer, provider, service, date, site, prescriber, today, situation, chain, standings, room, approved }
}

fn codes(result: Result<Admission, Vec<Failure>>) -> Vec<&'static str> {
    result.err().unwrap_or_default().iter().map(|failure| failure.rule.as_str()).collect()
}

fn registered(from: &str, until: Option<&str>) -> Registration {
    let practitioner = Child::new(OrganisationId::draw(), PractitionerId::draw());
    Registration {
        name: RegistrationName { practitioner, id: Uuid::now_v7() },
        version: 1,
        identifier: Identifier { system: COLLEGE.into(), value: "M-1".into() },
        start: Some(day(from)),
        end: until.map(|until| (day(until), RegistrationEnd::StruckOff)),
        create_time: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_signed_convention_admits_between_its_dates_even_before_its_signature() {
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let signed = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    for date in ["2017-03-20", "2017-05-01", "2019-12-31"] {
        assert_eq!(admit(&signed, &ask(mdm, lab, date, &situation)), Ok(Admission { convention_version: 1 }), "{date}");
    }
    for date in [day("2017-03-20") - Days::new(1), day("2019-12-31") + Days::new(1)] {
        let chain = &[signed.days().unwrap()];
        let failed = admit(&signed, &Ask { date, chain, ..ask(mdm, lab, "2018-01-01", &situation) }).unwrap_err();
        assert_eq!(failed[0].passes, ["2017-03-20/2019-12-31"]);
        assert_eq!((failed[0].rule, failed[0].term), (Rule::ConventionNotInForce, "terms.start_date"));
    }
}

#[test]
fn what_is_suspended_or_terminated_admits_no_more() {
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let signed = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    let judged = |convention: &Convention, date: &str| {
        let failed = admit(convention, &ask(mdm, lab, date, &situation)).err().unwrap_or_default();
        failed.into_iter().map(|failure| failure.why).collect::<Vec<_>>()
    };
    let suspended = suspend(signed.clone(), Reason::Safety).unwrap();
    assert_eq!(judged(&suspended, "2018-01-01"), [Why::Suspended]);
    assert_eq!(judged(&resume(suspended.clone()).unwrap(), "2018-01-01"), []);
    let (last, today) = (day("2018-06-30"), day("2018-01-01"));
    let ended = terminate(signed, last, today, Reason::Funding).unwrap();
    assert_eq!(judged(&ended, "2018-06-30"), []);
    assert_eq!(judged(&ended, "2018-07-01"), [Why::Terminated(last)]);
    assert_eq!(judged(&ended, "2020-01-01"), [Why::OutsideOfDates(day("2017-03-20"), last)]);
    let halted = terminate(suspended, last, today, Reason::Safety).unwrap();
    assert_eq!(judged(&halted, "2018-01-01"), [Why::Halted]);
    for why in [Why::Suspended, Why::Terminated(last), Why::Halted, Why::OutsideOfChain(Vec::new())] {
        let failure = Failure { rule: Rule::ConventionNotInForce, term: "", why, passes: Vec::new() };
        assert_ne!(sentence(&failure, Language::English), sentence(&failure, Language::French));
    }
}

#[test]
fn every_rule_that_fails_is_named() {
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let mut convention = draft(mdm, lab);
    let site = Child::new(lab, SiteId::draw());
    convention.terms.sites = vec![site];
    convention.terms.conditions = Conditions {
        prescribers: Prescribers { required: true, register: COLLEGE.into() },
        eligibility: Eligibility {
            health_cover: Cover::None,
            declared_reasons: vec!["asylum".into()],
            patient_wish: true,
            territories: vec!["lu".into()],
            patient_statuses: vec!["newcomer".into()],
        },
        checklist: vec!["order".into()],
        ..Conditions::default()
    };
    let elsewhere = Some(Child::new(lab, SiteId::draw()));
    let ask = Ask { service: (LOINC, "1-8"), site: elsewhere, ..ask(lab, mdm, "2018-01-01", &situation) };
    let failed = admit(&convention, &ask).unwrap_err();
    let all = [
        "convention-not-in-force",
        "service-not-covered",
        "referrer-not-party",
        "provider-not-party",
        "site-not-in-scope",
        "prescriber-not-entitled",
        "not-eligible",
        "not-eligible",
        "not-eligible",
        "not-eligible",
        "out-of-area",
        "missing-document",
    ];
    assert_eq!(failed.iter().map(|failure| failure.rule.as_str()).collect::<Vec<_>>(), all);
    assert_eq!(failed[1].passes, [format!("{LOINC}|24323-8")]);
    assert_eq!(failed[4].passes, [site.to_string()]);
    for failure in &failed {
        let (english, french) = (sentence(failure, Language::English), sentence(failure, Language::French));
        assert!(!english.is_empty() && english != french, "{english}");
    }
}

#[test]
fn a_prescriber_stands_on_the_register_on_the_day() {
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let mut convention = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    convention.terms.conditions.prescribers.register = COLLEGE.into();
    let entry = [registered("2017-01-01", Some("2017-07-01"))];
    for (today, passes) in [("2016-12-31", false), ("2017-01-01", true), ("2017-06-30", true), ("2017-07-01", false)] {
        let ask = Ask { prescriber: Some(&entry), today: day(today), ..ask(mdm, lab, "2017-06-01", &situation) };
        let expected: &[&str] = if passes { &[] } else { &["prescriber-not-entitled"] };
        assert_eq!(codes(admit(&convention, &ask)), expected, "{today}");
    }
    // Nobody need be named; who is named must be entitled.
    assert!(admit(&convention, &ask(mdm, lab, "2017-06-01", &situation)).is_ok());
    convention.terms.conditions.prescribers.register = "https://rpps.esante.gouv.fr".into();
    let other = Ask { prescriber: Some(&entry), ..ask(mdm, lab, "2017-06-01", &situation) };
    assert_eq!(codes(admit(&convention, &other)), ["prescriber-not-entitled"]);
}

#[test]
fn who_is_eligible_and_what_comes_along() {
    let (mdm, lab) = (OrganisationId::draw(), OrganisationId::draw());
    let mut convention = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    convention.terms.conditions.eligibility = Eligibility {
        health_cover: Cover::None,
        declared_reasons: vec!["asylum".into(), "residence".into()],
        ..Eligibility::default()
    };
    convention.terms.conditions.checklist = vec!["order".into()];
    let judged = |health_cover, declared_reason: &str, documents: &[&str]| {
        let documents = documents.iter().map(ToString::to_string).collect();
        let situation =
            Situation { health_cover, declared_reason: declared_reason.into(), documents, ..Situation::default() };
        codes(admit(&convention, &ask(mdm, lab, "2018-01-01", &situation)))
    };
    assert_eq!(judged(HealthCover::None, "residence", &["order", "photo"]), [""; 0]);
    assert_eq!(judged(HealthCover::Covered, "residence", &["order"]), ["not-eligible"]);
    assert_eq!(judged(HealthCover::NotSaid, "holiday", &["order"]), ["not-eligible", "not-eligible"]);
    assert_eq!(judged(HealthCover::None, "asylum", &["photo"]), ["missing-document"]);
}

#[test]
fn who_wishes_it_and_lives_where_it_holds() {
    let (mdm, lab) = (OrganisationId::draw(), OrganisationId::draw());
    let mut convention = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    let territories = vec!["lu".into(), "fr-57".into()];
    convention.terms.conditions.eligibility = Eligibility { patient_wish: true, territories, ..Eligibility::default() };
    let judged = |patient_wish, territory: &str| {
        let situation = Situation { patient_wish, territory: territory.into(), ..Situation::default() };
        admit(&convention, &ask(mdm, lab, "2018-01-01", &situation)).err().unwrap_or_default()
    };
    assert_eq!((judged(true, "lu"), judged(true, "fr-57")), (vec![], vec![]));
    for (patient_wish, territory, terms) in [
        (false, "lu", vec!["terms.eligibility.patient_wish"]),
        (true, "fr", vec!["terms.eligibility.territories"]),
        (false, "", vec!["terms.eligibility.patient_wish", "terms.eligibility.territories"]),
    ] {
        let failed = judged(patient_wish, territory);
        assert_eq!(failed.iter().map(|failure| failure.term).collect::<Vec<_>>(), terms, "{patient_wish} {territory}");
    }
    assert_eq!(judged(true, "be")[0].passes, ["lu", "fr-57"]);
}

#[test]
fn a_convention_is_signed_once_and_not_before_its_day() {
    let draft = draft(OrganisationId::draw(), OrganisationId::draw());
    let early = sign(draft.clone(), day("2017-10-02"), day("2017-10-01")).unwrap_err();
    assert_eq!(early.violations[0].subject, "signature_date");
    let signed = sign(draft, day("2017-10-02"), day("2017-10-02")).unwrap();
    assert_eq!(sign(signed, day("2017-10-03"), day("2017-10-03")).unwrap_err().reason, "CONVENTION_NOT_DRAFT");
}

#[test]
fn faults_of_terms_are_told_all_at_once() {
    let mut terms = draft(OrganisationId::draw(), OrganisationId::draw()).terms;
    terms.parties.clear();
    terms.lines.clear();
    (terms.start_date, terms.end_date) = (terms.end_date, terms.start_date);
    terms.sites = vec![Child::new(OrganisationId::draw(), SiteId::draw())];
    terms.conditions.run_off_days = -1;
    assert_eq!(terms.faults().len(), 6);
}

fn standing(line_id: &str, used: i64, period: (&str, &str)) -> Standing {
    let period = (day(period.0), day(period.1));
    Standing {
        line_id: line_id.into(),
        period,
        site: None,
        committed: 50,
        reserved: 0,
        used,
        held: false,
        awaited: false,
    }
}

fn days(first: &str, last: &str) -> super::Days {
    super::Days::try_new(day(first), day(last)).unwrap()
}

fn stretch(line_id: &str, first: &str, last: &str) -> Stretch {
    let (convention, starts) = (ConventionId(Uuid::nil()), day(first));
    Stretch { convention, line_id: line_id.into(), site: None, starts, days: days(first, last) }
}

/// Each line that is used up fails by itself, beside all other rules, and says what would pass.
#[test]
fn a_used_up_line_is_told_with_what_would_pass() {
    use super::super::{CountedFrom, LineKind, Measure, OnExhausted, Per};
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let firm = |line_id: &str| Line {
        kind: LineKind::Firm,
        committed: Some(50),
        counted_from: CountedFrom::Attendance,
        per: Per::Month,
        ..Line::counted_acts(line_id)
    };
    let let_through = Line { on_exhausted: OnExhausted::LetThrough, per: Per::Term, ..firm("more") };
    let money = Line { measure: Measure::Money, currency: Some("EUR".into()), per: Per::Year, ..firm("money") };
    let mut signed = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    signed.terms.lines = vec![firm("places"), let_through, money];
    let (may, term, year) = (("2017-05-01", "2017-05-31"), ("2017-03-20", "2019-12-31"), ("2017-03-20", "2018-03-19"));
    let full = [standing("places", 50, may), standing("more", 51, term), standing("money", 50, year)];
    let asked = ask(mdm, lab, "2017-05-02", &situation);
    let room = Room {
        later: vec![stretch("places", "2017-07-01", "2017-07-31"), stretch("money", "2018-03-20", "2019-03-19")],
        // One of them begins before the period is over: it is no later one.
        following: [("2019-12-31", "2020-01-31"), ("2020-02-01", "2020-12-31")].map(|it| days(it.0, it.1)).to_vec(),
    };
    let refused = admit(&signed, &Ask { standings: &full, room: &room, ..asked }).unwrap_err();
    let told: Vec<_> = refused.iter().map(|it| (it.rule, it.term, it.passes.clone())).collect();
    let passes = |passes: &[&str]| passes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [
        (Rule::VolumeExhausted, "terms.lines", passes(&["2017-07-01/2017-07-31"])),
        (Rule::VolumeExhausted, "terms.lines", passes(&["2020-02-01/2020-12-31", "approver"])),
        (Rule::BudgetExhausted, "terms.lines", passes(&["2018-03-20/2019-03-19"])),
    ];
    assert_eq!(told, expected);
    let french = sentence(&refused[0], Language::French);
    assert_eq!(french, "tout ce que la ligne «\u{a0}places\u{a0}» prévoit jusqu’au 31/05/2017 est réservé ou consommé");
    assert_ne!(sentence(&refused[2], Language::English), sentence(&refused[2], Language::French));

    let approved = Ask { standings: &full, approved: true, ..asked };
    assert_eq!(codes(admit(&signed, &approved)), ["volume-exhausted", "budget-exhausted"]);
    let held = Standing { held: true, ..full[0].clone() };
    let left = [held, standing("more", 49, term), standing("money", 49, year)];
    assert!(admit(&signed, &Ask { standings: &left, ..asked }).is_ok(), "one is left, or the patient has a place");
    signed.terms.lines[0].on_exhausted = OnExhausted::Waitlist;
    let waits = Ask { standings: &full[..1], ..asked };
    assert!(admit(&signed, &waits).is_ok() && lets_wait(&signed, &waits));
    // What is left belongs to those who wait already; who has a place shares it.
    let awaited = Standing { awaited: true, ..standing("places", 49, ("2017-05-01", "2017-05-31")) };
    let shared = Standing { held: true, ..awaited.clone() };
    let free = Standing { awaited: false, ..awaited.clone() };
    for (one, expected) in [(awaited, true), (shared, false), (free, false)] {
        assert_eq!(lets_wait(&signed, &Ask { standings: std::slice::from_ref(&one), ..asked }), expected, "{one:?}");
    }
}

/// Where a line counts each site, one is named; another one of the provider with something left would pass.
#[test]
fn a_line_by_site_asks_for_a_site_and_names_another_that_has_places() {
    use super::super::{CountedFrom, LineKind, LineScope};
    let (mdm, lab, situation) = (OrganisationId::draw(), OrganisationId::draw(), Situation::default());
    let mut signed = sign(draft(mdm, lab), day("2017-10-02"), day("2017-10-02")).unwrap();
    let sites = [(); 3].map(|()| Child::new(lab, SiteId::draw()));
    signed.terms.sites = sites.to_vec();
    signed.terms.lines = vec![Line {
        kind: LineKind::Firm,
        committed: Some(50),
        counted_from: CountedFrom::Attendance,
        scope: LineScope::Site,
        ..Line::counted_acts("places")
    }];
    let asked = ask(mdm, lab, "2017-05-02", &situation);
    let nowhere = admit(&signed, &asked).unwrap_err();
    assert_eq!((nowhere[0].rule, nowhere[0].passes.len()), (Rule::SiteNotInScope, 3));
    let at = |site: Child<SiteId>, used| Standing {
        site: Some(site.id),
        ..standing("places", used, ("2017-03-20", "2019-12-31"))
    };
    let full = [at(sites[0], 50), at(sites[1], 50), at(sites[2], 49)];
    let refused = admit(&signed, &Ask { site: Some(sites[0]), standings: &full, ..asked }).unwrap_err();
    assert_eq!((refused[0].rule, refused[0].passes.clone()), (Rule::VolumeExhausted, vec![sites[2].to_string()]));
    assert!(admit(&signed, &Ask { site: Some(sites[2]), standings: &full, ..asked }).is_ok());
}

/// Whoever handles refusals by their codes reads them there.
#[test]
fn every_rule_stands_in_the_contract() {
    let contract = include_str!("../../../../../../proto/relais/referral/v1/referral_service.proto");
    let (_, message) = contract.split_once("message FailedRule {").unwrap();
    let (comment, _) = message.split_once("string code").unwrap();
    let of_lines = [Rule::VolumeExhausted, Rule::BudgetExhausted];
    for rule in RULES.iter().map(|(rule, ..)| *rule).chain(of_lines) {
        assert!(comment.contains(&format!("`{}`", rule.as_str())), "{} is not told", rule.as_str());
    }
}
