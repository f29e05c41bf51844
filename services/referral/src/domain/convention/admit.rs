//! Admission: whether a referral is taken under a convention's terms.
//!
//! A pure function. It answers with the version that admits, or with all the rules that fail, each with its code, the term
//! it comes from and a sentence.

use chrono::NaiveDate;
use relais_platform::{error::Violation, ids::OrganisationId};

use super::{Convention, Role, State};

/// What is asked of a convention.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who sends.
    pub referrer: OrganisationId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The service's system and code.
    pub service: (&'a str, &'a str),
    /// The day that is wished for; it judges at submission.
    pub date: NaiveDate,
}

/// What admits a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The version of the convention's terms.
    pub convention_version: i64,
}

/// Admits, or names every rule that fails.
///
/// # Errors
/// One violation for each rule, its subject the rule's code.
pub fn admit(convention: &Convention, ask: Ask<'_>) -> Result<Admission, Vec<Violation>> {
    let terms = &convention.terms;
    let mut failed = Vec::new();
    let mut rule = |code: &str, holds: bool, sentence: String| {
        if !holds {
            failed.push(Violation::new(code, sentence));
        }
    };
    let in_force = convention.state == State::Signed && (terms.start_date..=terms.end_date).contains(&ask.date);
    let dates = format!("the convention admits from {} to {}, once signed", terms.start_date, terms.end_date);
    rule("convention-not-in-force", in_force, dates);
    let covered = terms.services.iter().any(|service| service.code.is_same(ask.service.0, ask.service.1));
    rule("service-not-covered", covered, format!("the convention's services do not cover {}", ask.service.1));
    let referrer = terms.is_party(ask.referrer, Role::Referrer);
    rule("referrer-not-party", referrer, format!("{} is no referrer of the convention", ask.referrer));
    let provider = terms.is_party(ask.provider, Role::Provider);
    rule("provider-not-party", provider, format!("{} is no provider of the convention", ask.provider));
    if failed.is_empty() { Ok(Admission { convention_version: convention.terms_version }) } else { Err(failed) }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Days};
    use relais_platform::ids::ConventionId;

    use super::super::{Bearer, Coding, Line, LineKind, Measure, Party, ServiceTerm, Terms, sign};
    use super::*;

    const LOINC: &str = "http://loinc.org";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn draft(referrer: OrganisationId, provider: OrganisationId) -> Convention {
        let party = |organisation, role| Party { organisation, role };
        let code =
            Coding { system: LOINC.into(), version: String::new(), code: "24323-8".into(), display: String::new() };
        let terms = Terms {
            parties: vec![party(referrer, Role::Referrer), party(provider, Role::Provider)],
            services: vec![ServiceTerm { code, bearer: Bearer::ProviderInKind }],
            lines: vec![Line { line_id: "analyses".into(), measure: Measure::Acts, kind: LineKind::Counted }],
            start_date: day("2017-03-20"),
            end_date: day("2019-12-31"),
        };
        assert_eq!(terms.faults(), []);
        Convention {
            id: ConventionId::draw(),
            display_name: "c".into(),
            state: State::Draft,
            version: 1,
            terms_version: 0,
            terms,
            signature_date: None,
            create_time: DateTime::UNIX_EPOCH,
        }
    }

    fn codes(result: Result<Admission, Vec<Violation>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|violation| violation.subject).collect()
    }

    #[test]
    fn a_signed_convention_admits_between_its_dates_even_before_its_signature() {
        let (mdm, lab) = (OrganisationId::draw(), OrganisationId::draw());
        let signed = sign(draft(mdm, lab), day("2017-10-02")).unwrap();
        let ask = |date| Ask { referrer: mdm, provider: lab, service: (LOINC, "24323-8"), date };
        for date in ["2017-03-20", "2017-05-01", "2019-12-31"] {
            assert_eq!(admit(&signed, ask(day(date))), Ok(Admission { convention_version: 1 }), "{date}");
        }
        for date in [day("2017-03-20") - Days::new(1), day("2019-12-31") + Days::new(1)] {
            assert_eq!(codes(admit(&signed, ask(date))), ["convention-not-in-force"]);
        }
    }

    #[test]
    fn every_rule_that_fails_is_named() {
        let (mdm, lab) = (OrganisationId::draw(), OrganisationId::draw());
        let ask = Ask { referrer: lab, provider: mdm, service: (LOINC, "1-8"), date: day("2018-01-01") };
        let failed = codes(admit(&draft(mdm, lab), ask));
        let all = ["convention-not-in-force", "service-not-covered", "referrer-not-party", "provider-not-party"];
        assert_eq!(failed, all);
    }

    #[test]
    fn a_convention_is_signed_once() {
        let signed = sign(draft(OrganisationId::draw(), OrganisationId::draw()), day("2017-10-02")).unwrap();
        assert!(sign(signed, day("2017-10-03")).is_err());
    }

    #[test]
    fn faults_of_terms_are_told_all_at_once() {
        let mut terms = draft(OrganisationId::draw(), OrganisationId::draw()).terms;
        terms.parties.clear();
        terms.lines.clear();
        (terms.start_date, terms.end_date) = (terms.end_date, terms.start_date);
        assert_eq!(terms.faults().len(), 4);
    }
}
