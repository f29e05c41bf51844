use chrono::{DateTime, Days};
use relais_platform::ids::{ConventionId, PractitionerId};
use uuid::Uuid;

use super::{
    super::{
        Bearer, Coding, Conditions, Eligibility, Line, LineKind, Measure, Party, Prescribers, Reason, ServiceTerm,
        Terms, resume, sentence, sign, suspend, terminate,
    },
    *,
};
use crate::domain::{
    language::Language,
    network::{Identifier, RegistrationEnd, RegistrationName},
};

const LOINC: &str = "http://loinc.org";
const COLLEGE: &str = "urn:relais:lu:college-medical";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn draft(referrer: OrganisationId, provider: OrganisationId) -> Convention {
    let party = |organisation, role| Party { organisation, role };
    let code = Coding { system: LOINC.into(), version: String::new(), code: "24323-8".into(), display: String::new() };
    let terms = Terms {
        parties: vec![party(referrer, Role::Referrer), party(provider, Role::Provider)],
        services: vec![ServiceTerm { code, bearer: Bearer::ProviderInKind }],
        lines: vec![Line { line_id: "analyses".into(), measure: Measure::Acts, kind: LineKind::Counted }],
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
    let service = (LOINC, "24323-8");
    Ask { referrer, provider, service, date, site: None, prescriber: None, today, situation, chain: &[] }
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
