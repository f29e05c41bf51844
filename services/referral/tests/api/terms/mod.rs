//! Every term by which a convention admits, by itself: what it lets in, and what it keeps out. One row for each, in the words of the
//! agreement; where terms act later than at admission, [docs/terms.md] says which test holds them. Calls are made in boxes, not on the
//! stack, which is small in tests.
//!
//! [docs/terms.md]: ../../../../docs/terms.md

mod deadlines;

use anyhow::{Context, Result};
use relais_proto::{
    convention::v1::{Coding, Eligibility, Line, Party, Prescribers, Terms, eligibility, line, party},
    referral::v1::{CheckAdmissionRequest, Referral, referral::HealthCover},
};
use relais_tests::{Identity, Session, date, partnership, rules};
use tonic::Status;

use crate::{
    partners::Partners,
    registrations::{COLLEGE, add, end, entry, get},
};

/// Partners whose terms ask for all that terms can ask for.
struct Agreement {
    partners: Partners,
    convention: String,
    site: String,
    doctor: String,
    funder: String,
}

fn firm(line_id: &str, committed: i64) -> Line {
    let (measure, kind) = (line::Measure::Acts.into(), line::Kind::Firm.into());
    Line { line_id: line_id.into(), measure, kind, committed, ..Line::default() }
}

impl Agreement {
    async fn sign() -> Result<Self> {
        let partners = Box::pin(Partners::meet()).await?;
        let site = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
        let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
        let funder = partnership::organisation(&partners.operator, "A funder").await?;
        let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
        let pays = |role: party::Role| Party { organisation: funder.clone(), role: role.into() };
        let terms = Terms {
            parties: [usual.parties.clone(), vec![pays(party::Role::Funder), pays(party::Role::Coordinator)]].concat(),
            sites: vec![site.clone()],
            prescribers: Some(Prescribers { required: true, register: COLLEGE.into() }),
            eligibility: Some(Eligibility {
                health_cover: eligibility::HealthCover::None.into(),
                declared_reasons: vec!["first-arrival".into(), "no-doctor".into()],
                patient_wish: true,
                territories: vec!["lu".into(), "fr-57".into()],
                patient_statuses: vec!["newcomer".into(), "asylum-seeker".into()],
            }),
            checklist: vec!["order".into()],
            lines: vec![firm("places", 2)],
            ..usual
        };
        let draft = partnership::draft(&partners.operator, terms).await?;
        let convention = partnership::sign(&partners.operator, draft, partners.today).await?.name;
        Ok(Self { partners, convention, site, doctor, funder })
    }

    /// What satisfies all of it.
    fn ask(&self) -> Referral {
        Referral {
            convention: self.convention.clone(),
            site: self.site.clone(),
            prescriber: self.doctor.clone(),
            health_cover: HealthCover::None.into(),
            declared_reason: "no-doctor".into(),
            patient_wish: true,
            territory: "lu".into(),
            patient_status: "newcomer".into(),
            documents: vec!["order".into()],
            ..self.partners.ask()
        }
    }

    /// The rules that fail, with the terms that they come from; none when it is admitted.
    async fn fails(&self, by: &Session, asked: Referral) -> Result<Vec<(String, String)>> {
        let request = CheckAdmissionRequest { referral: Some(asked) };
        let checked = by.referrals().check_admission(request).await?.into_inner();
        let failed: Vec<_> = checked.failed_rules.into_iter().map(|rule| (rule.code, rule.term)).collect();
        assert_eq!(checked.admitted, failed.is_empty());
        Ok(failed)
    }
}

async fn submit(partners: &Partners, asked: Referral) -> Result<Referral, Status> {
    let answer = partners.desk.referrals().submit_referral(partners.request(asked)).await?.into_inner();
    Ok(answer.referral.unwrap_or_default())
}

/// What a term is called, what it admits, what it refuses, by which rule, from which term.
type Row = (&'static str, Referral, Referral, &'static str, &'static str);

fn rows(agreed: &Agreement) -> Vec<Row> {
    let on = |days: i64| Some(date(agreed.partners.today + chrono::TimeDelta::days(days)));
    let ask = || agreed.ask();
    let other = Coding { system: partnership::LOINC.into(), code: partnership::CHEST_XRAY.into(), ..Coding::default() };
    let sent_to = |provider: &str| Referral { provider: provider.into(), site: String::new(), ..ask() };
    let from = |days| Referral { requested_date: on(days), ..ask() };
    vec![
        (
            "a start that lies before the signature",
            from(-200),
            from(-201),
            "convention-not-in-force",
            "terms.start_date",
        ),
        ("an end", from(900), from(901), "convention-not-in-force", "terms.start_date"),
        (
            "services with codes",
            ask(),
            Referral { service: Some(other), ..ask() },
            "service-not-covered",
            "terms.services",
        ),
        (
            "parties: a provider, which who pays is not",
            sent_to(&agreed.partners.provider),
            sent_to(&agreed.funder),
            "provider-not-party",
            "terms.parties",
        ),
        (
            "who may prescribe: named",
            ask(),
            Referral { prescriber: String::new(), ..ask() },
            PRESCRIBER,
            "terms.prescribers",
        ),
    ]
}

/// As [`rows`], of what is said of the patient and what comes along.
fn eligible(agreed: &Agreement) -> Vec<Row> {
    let ask = || agreed.ask();
    vec![
        (
            "eligible: status",
            Referral { patient_status: "asylum-seeker".into(), ..ask() },
            Referral { patient_status: "resident".into(), ..ask() },
            "not-eligible",
            "terms.eligibility.patient_statuses",
        ),
        (
            "eligible: coverage",
            ask(),
            Referral { health_cover: HealthCover::Covered.into(), ..ask() },
            "not-eligible",
            "terms.eligibility.health_cover",
        ),
        (
            "eligible: territory",
            Referral { territory: "fr-57".into(), ..ask() },
            Referral { territory: "be".into(), ..ask() },
            "out-of-area",
            "terms.eligibility.territories",
        ),
        (
            "eligible: declared reason",
            Referral { declared_reason: "first-arrival".into(), ..ask() },
            Referral { declared_reason: String::new(), ..ask() },
            "not-eligible",
            "terms.eligibility.declared_reasons",
        ),
        (
            "eligible: the patient's own wish",
            ask(),
            Referral { patient_wish: false, ..ask() },
            "not-eligible",
            "terms.eligibility.patient_wish",
        ),
        (
            "checklist of documents",
            Referral { documents: vec!["photo".into(), "order".into()], ..ask() },
            Referral { documents: vec!["photo".into()], ..ask() },
            "missing-document",
            "terms.checklist",
        ),
    ]
}

const PRESCRIBER: &str = "prescriber-not-entitled";

#[tokio::test]
async fn each_term_by_itself_admits_and_refuses() -> Result<()> {
    let agreed = Box::pin(Agreement::sign()).await?;
    let desk = &agreed.partners.desk;
    for (term, passes, fails, rule, from) in rows(&agreed).into_iter().chain(eligible(&agreed)) {
        assert_eq!(Box::pin(agreed.fails(desk, passes)).await?, [], "{term}");
        assert_eq!(
            Box::pin(agreed.fails(desk, fails.clone())).await?,
            [(rule.to_string(), from.to_string())],
            "{term}"
        );
        let refused = Box::pin(submit(&agreed.partners, fails)).await.unwrap_err();
        assert_eq!(rules(&refused), [rule], "{term}");
    }
    assert_eq!(agreed.partners.world.count("SELECT count(*) FROM referral").await?, 0, "who is refused leaves nothing");

    // Lines: two places, and none for a third.
    for _ in 0..2 {
        assert_eq!(Box::pin(agreed.fails(desk, agreed.ask())).await?, []);
        Box::pin(submit(&agreed.partners, agreed.ask())).await?;
    }
    let used_up = [("volume-exhausted".to_string(), "terms.lines".to_string())];
    assert_eq!(Box::pin(agreed.fails(desk, agreed.ask())).await?, used_up);
    Box::pin(agreed.partners.world.end()).await
}

/// Which register counts, and that of the day.
#[tokio::test]
async fn who_may_prescribe_is_on_the_register_that_is_named_on_the_day() -> Result<()> {
    let agreed = Box::pin(Agreement::sign()).await?;
    let (operator, desk) = (&agreed.partners.operator, &agreed.partners.desk);
    assert_eq!(Box::pin(agreed.fails(desk, agreed.ask())).await?, []);
    let own = Box::pin(get(operator, &agreed.doctor)).await?.registrations.pop().context("no registration")?;
    let today = agreed.partners.today;
    let reason = relais_proto::network::v1::registration::EndReason::StruckOff;
    Box::pin(end(operator, &own.name, Some(date(today)), reason)).await?;
    Box::pin(add(operator, &agreed.doctor, entry("urn:relais:fr:ordre", "7", None))).await?;
    let refused = [(PRESCRIBER.to_string(), "terms.prescribers".to_string())];
    assert_eq!(Box::pin(agreed.fails(desk, agreed.ask())).await?, refused, "struck off today, and on another register");
    Box::pin(add(operator, &agreed.doctor, entry(COLLEGE, "M-4711-2", Some(date(today))))).await?;
    assert_eq!(Box::pin(agreed.fails(desk, agreed.ask())).await?, [], "entered again");
    Box::pin(agreed.partners.world.end()).await
}

/// Roles and directions: who pays sends nobody; who sees sends nobody back, unless the convention goes both ways.
#[tokio::test]
async fn who_sends_to_whom_is_a_term() -> Result<()> {
    let partners = Box::pin(Partners::meet()).await?;
    let funder = Box::pin(partnership::organisation(&partners.operator, "A funder")).await?;
    let role = |organisation: &str, role: party::Role| Party { organisation: organisation.into(), role: role.into() };
    let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let one_way = Terms {
        parties: [usual.parties.clone(), vec![role(&funder, party::Role::Funder)]].concat(),
        lines: vec![firm("places", 9)],
        ..usual
    };
    let back = [role(&partners.provider, party::Role::Referrer), role(&partners.mdm, party::Role::Provider)];
    let both_ways = Terms { parties: [one_way.parties.clone(), back.to_vec()].concat(), ..one_way.clone() };
    let agreed = async |terms| {
        let draft = partnership::draft(&partners.operator, terms).await?;
        anyhow::Ok(partnership::sign(&partners.operator, draft, partners.today).await?.name)
    };
    let (one_way, both_ways) = (Box::pin(agreed(one_way)).await?, Box::pin(agreed(both_ways)).await?);
    let payer = partners.world.session(&Identity::new("payer", "desk").of(&funder))?;
    let fails = async |by: &Session, convention: &str, provider: &str| {
        let patient = partnership::patient(by).await?;
        let asked = partnership::referral(convention, &patient, provider, partners.today);
        let answer = by.referrals().submit_referral(partners.request(asked)).await;
        anyhow::Ok(answer.err().map(|refused| rules(&refused)).unwrap_or_default())
    };
    let (mdm, lab) = (&partners.mdm, &partners.provider);
    assert_eq!(Box::pin(fails(&partners.desk, &one_way, lab)).await?, [""; 0]);
    assert_eq!(Box::pin(fails(&payer, &one_way, lab)).await?, ["referrer-not-party"]);
    assert_eq!(Box::pin(fails(&partners.lab, &one_way, mdm)).await?, ["referrer-not-party", "provider-not-party"]);
    assert_eq!(Box::pin(fails(&partners.lab, &both_ways, mdm)).await?, [""; 0]);
    assert_eq!(Box::pin(fails(&partners.desk, &both_ways, lab)).await?, [""; 0]);
    Box::pin(partners.world.end()).await
}
