//! Every rule of a convention, all at once, in the caller's language; and asking before.

use anyhow::{Context, Result};
use chrono::{Days, TimeDelta};
use relais_proto::{
    convention::v1::{Coding, Eligibility, Prescribers, Terms, eligibility},
    network::v1::{CreatePractitionerRequest, Identifier, Practitioner, registration::EndReason},
    referral::v1::{CheckAdmissionRequest, CheckAdmissionResponse, FailedRule, Needs, Referral, referral::HealthCover},
};
use relais_tests::{Identity, Session, date, in_language, partnership, request_id, rules, violations};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    lifecycle::advance_to_evening,
    partners::Partners,
    registrations::{COLLEGE, end, get},
};

async fn check(by: &Session, referral: Referral, language: &'static str) -> Result<CheckAdmissionResponse, Status> {
    let request = in_language(CheckAdmissionRequest { referral: Some(referral) }, language);
    Ok(by.referrals().check_admission(request).await?.into_inner())
}

/// Terms that ask for all that terms can ask for, with a site and a doctor who satisfy them.
struct Strict {
    partners: Partners,
    convention: String,
    site: String,
    doctor: String,
}

impl Strict {
    async fn agree() -> Result<Self> {
        let partners = Partners::meet().await?;
        let site = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
        let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
        let terms = Terms {
            sites: vec![site.clone()],
            prescribers: Some(Prescribers { required: true, register: COLLEGE.into() }),
            eligibility: Some(Eligibility {
                health_cover: eligibility::HealthCover::None.into(),
                declared_reasons: vec!["first-arrival".into(), "no-doctor".into()],
                patient_wish: true,
                territories: vec!["lu".into()],
                patient_statuses: vec!["newcomer".into()],
            }),
            checklist: vec!["order".into()],
            ..partnership::terms(&partners.mdm, &partners.provider, partners.today)
        };
        let draft = partnership::draft(&partners.coordinator, terms).await?;
        let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
        Ok(Self { partners, convention, site, doctor })
    }

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
            needs: Some(Needs { interpreter_language: "ti".into(), wheelchair: true }),
            ..self.partners.ask()
        }
    }

    async fn submit(&self, ask: Referral) -> Result<Referral, Status> {
        let request = self.partners.request(ask);
        Ok(self.partners.desk.referrals().submit_referral(request).await?.into_inner().referral.unwrap_or_default())
    }
}

fn codes(failed: &[FailedRule]) -> Vec<&str> {
    failed.iter().map(|rule| rule.code.as_str()).collect()
}

#[tokio::test]
async fn what_satisfies_every_rule_is_admitted_with_what_was_said() -> Result<()> {
    let strict = Strict::agree().await?;
    let checked = check(&strict.partners.desk, strict.ask(), "fr").await?;
    assert_eq!((checked.admitted, checked.convention_version, checked.failed_rules.len()), (true, 1, 0));
    assert_eq!(strict.partners.world.count("SELECT count(*) FROM referral").await?, 0, "asking changes nothing");
    let sent = strict.submit(strict.ask()).await?;
    let ask = strict.ask();
    assert_eq!(
        (sent.needs, sent.health_cover, sent.declared_reason),
        (ask.needs, ask.health_cover, ask.declared_reason)
    );
    let told = (sent.patient_wish, sent.territory, sent.patient_status);
    assert_eq!(told, (true, ask.territory, ask.patient_status));
    // Once more is no fault, and said.
    let again = check(&strict.partners.desk, strict.ask(), "fr").await?;
    assert_eq!((again.admitted, again.duplicates), (true, vec![sent.name]));
    strict.partners.world.end().await
}

#[tokio::test]
async fn every_rule_that_fails_is_told_with_its_term_and_in_the_callers_language() -> Result<()> {
    let strict = Strict::agree().await?;
    let elsewhere = partnership::site(&strict.partners.operator, &strict.partners.mdm, "Elsewhere").await?;
    let ask = Referral {
        service: Some(Coding { system: "http://loinc.org".into(), code: "36643-5".into(), ..Coding::default() }),
        requested_date: Some(date(strict.partners.today + Days::new(901))),
        provider: strict.partners.mdm.clone(),
        site: elsewhere,
        prescriber: String::new(),
        health_cover: HealthCover::Covered.into(),
        declared_reason: String::new(),
        patient_wish: false,
        territory: "be".into(),
        patient_status: String::new(),
        documents: vec!["photo".into()],
        ..strict.ask()
    };
    let expected = [
        ("convention-not-in-force", "terms.start_date"),
        ("service-not-covered", "terms.services"),
        ("provider-not-party", "terms.parties"),
        ("site-not-in-scope", "terms.sites"),
        ("prescriber-not-entitled", "terms.prescribers"),
        ("not-eligible", "terms.eligibility.patient_statuses"),
        ("not-eligible", "terms.eligibility.health_cover"),
        ("not-eligible", "terms.eligibility.declared_reasons"),
        ("not-eligible", "terms.eligibility.patient_wish"),
        ("out-of-area", "terms.eligibility.territories"),
        ("missing-document", "terms.checklist"),
    ];
    let french = check(&strict.partners.desk, ask.clone(), "de, fr-LU;q=0.9, en;q=0.5").await?;
    let told: Vec<_> = french.failed_rules.iter().map(|rule| (rule.code.as_str(), rule.term.as_str())).collect();
    assert_eq!((french.admitted, told), (false, expected.to_vec()));
    assert_eq!(french.failed_rules[4].sentence, "la convention exige un prescripteur");
    assert_eq!(french.failed_rules[10].sentence, "il manque les documents suivants : l’ordonnance");
    assert_eq!(french.failed_rules[3].passes, std::slice::from_ref(&strict.site));
    let day = |days: i64| strict.partners.today + TimeDelta::days(days);
    assert_eq!(french.failed_rules[0].passes, [format!("{}/{}", day(-200), day(900))]);
    let english = check(&strict.partners.desk, ask.clone(), "en").await?;
    assert_eq!(codes(&english.failed_rules), codes(&french.failed_rules));
    assert_eq!(english.failed_rules[4].sentence, "the convention asks for a prescriber");

    // Submitting is refused by the same rules.
    let refused = strict.submit(ask).await.unwrap_err();
    tells_the_same(&refused, &french.failed_rules)?;
    strict.partners.world.end().await
}

/// A refusal tells what asking before told.
fn tells_the_same(refused: &Status, asked: &[FailedRule]) -> Result<()> {
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    assert_eq!(rules(refused), codes(asked));
    let failure = refused.get_details_precondition_failure().context("no rules")?;
    assert_eq!(failure.violations[1].r#type, "terms.services");
    let info = refused.get_details_error_info().context("no info")?;
    assert_eq!(info.metadata.get("missing-document").map(String::as_str), Some("order"));
    // As asking before: each of the rules that share a code.
    for rule in asked.iter().filter(|rule| rule.code == "not-eligible" && !rule.passes.is_empty()) {
        let told = info.metadata.get(&format!("{}:{}", rule.code, rule.term));
        assert_eq!(told, Some(&rule.passes.join(" ")), "{}", rule.term);
    }
    let eligible = info.metadata.get("not-eligible").map(String::as_str);
    assert_eq!(eligible, Some("newcomer none first-arrival no-doctor"));
    Ok(())
}

#[tokio::test]
async fn a_prescriber_who_is_struck_off_sends_nothing_more() -> Result<()> {
    let strict = Strict::agree().await?;
    strict.submit(strict.ask()).await?;
    let entry = get(&strict.partners.operator, &strict.doctor).await?.registrations[0].name.clone();
    end(&strict.partners.operator, &entry, Some(date(strict.partners.today)), EndReason::StruckOff).await?;
    let refused = strict.submit(strict.ask()).await.unwrap_err();
    assert_eq!(rules(&refused), ["prescriber-not-entitled"]);
    // Another register of the same doctor is not the one that the convention names.
    let other = crate::registrations::entry("urn:relais:fr:ordre", "7", None);
    crate::registrations::add(&strict.partners.operator, &strict.doctor, other).await?;
    let checked = check(&strict.partners.desk, strict.ask(), "en").await?;
    assert_eq!(codes(&checked.failed_rules), ["prescriber-not-entitled"]);
    assert_eq!(checked.failed_rules[0].passes, [COLLEGE]);
    strict.partners.world.end().await
}

/// Struck off from a day on that has begun where the doctor is, and not yet by UTC.
#[tokio::test]
async fn the_day_of_the_register_is_told_by_the_clocks_of_the_place() -> Result<()> {
    let mut strict = Strict::agree().await?;
    let tomorrow = advance_to_evening(&mut strict.partners).await?;
    strict.submit(strict.ask()).await?;
    let partners = &strict.partners;
    let entry = get(&partners.operator, &strict.doctor).await?.registrations[0].name.clone();
    end(&partners.operator, &entry, Some(date(tomorrow)), EndReason::StruckOff).await?;
    assert_eq!(rules(&strict.submit(strict.ask()).await.unwrap_err()), ["prescriber-not-entitled"]);
    assert_eq!(codes(&check(&partners.desk, strict.ask(), "en").await?.failed_rules), ["prescriber-not-entitled"]);
    // The clocks of whoever sends count before those of the place that is sent to: there that day is yet to come.
    partnership::site_in(&partners.operator, &partners.mdm, "Fort-de-France", "America/Martinique").await?;
    strict.submit(strict.ask()).await?;
    strict.partners.world.end().await
}

/// Struck off, and still with a token for the rest of the quarter of an hour: not under a colleague's name either.
#[tokio::test]
async fn a_clinician_prescribes_under_their_own_name_alone() -> Result<()> {
    let strict = Strict::agree().await?;
    let partners = &strict.partners;
    let own = |ask: Referral| async {
        let weber = Identity::new("weber", "clinician").of(&partners.mdm).at(&partners.centre);
        let weber =
            partners.world.session(&weber.registered(&strict.doctor)).map_err(|e| Status::internal(e.to_string()))?;
        weber.referrals().submit_referral(partners.request(ask)).await.map(|_| ())
    };
    own(strict.ask()).await?;
    let entry = get(&partners.operator, &strict.doctor).await?.registrations[0].name.clone();
    end(&partners.operator, &entry, Some(date(partners.today)), EndReason::StruckOff).await?;
    assert_eq!(rules(&own(strict.ask()).await.unwrap_err()), ["prescriber-not-entitled"]);
    let reuter = colleague(partners).await?;
    let borrowed = || Referral { prescriber: reuter.clone(), ..strict.ask() };
    let refused = own(borrowed()).await.unwrap_err();
    assert_eq!(
        (refused.code(), violations(&refused)),
        (Code::InvalidArgument, vec!["referral.prescriber".to_string()])
    );
    // Nor as somebody at a desk who is on the register, nor as a clinician who is not.
    for identity in [
        Identity::new("weber", "clinician").and("desk").registered(&strict.doctor),
        Identity::new("weber", "desk").registered(&strict.doctor),
        Identity::new("weber", "clinician"),
    ] {
        let session = partners.world.session(&identity.of(&partners.mdm).at(&partners.centre))?;
        let refused = session.referrals().submit_referral(partners.request(borrowed())).await.unwrap_err();
        assert_eq!(violations(&refused), ["referral.prescriber"]);
        assert_eq!(violations(&check(&session, borrowed(), "en").await.unwrap_err()), ["referral.prescriber"]);
    }
    // A desk writes for whoever prescribes.
    strict.submit(borrowed()).await?;
    strict.partners.world.end().await
}

/// Dr Reuter, of the same organisation.
async fn colleague(partners: &Partners) -> Result<String> {
    let registration = Some(Identifier { system: COLLEGE.into(), value: "M-4712".into() });
    let practitioner =
        Some(Practitioner { display_name: "Dr Paul Reuter".into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent: partners.mdm.clone(), practitioner, request_id: request_id() };
    let answer = partners.operator.network().create_practitioner(request).await?.into_inner();
    Ok(answer.practitioner.context("no practitioner")?.name)
}

#[tokio::test]
async fn asking_is_refused_for_what_submitting_is_refused_for() -> Result<()> {
    let strict = Strict::agree().await?;
    let foreign = partnership::practitioner(&strict.partners.operator, &strict.partners.provider).await?;
    let nobody = format!("{}/practitioners/{}", strict.partners.mdm, uuid::Uuid::now_v7());
    let nowhere = format!("{}/sites/{}", strict.partners.provider, uuid::Uuid::now_v7());
    for (ask, field) in [
        (Referral { prescriber: foreign, ..strict.ask() }, "referral.prescriber"),
        (Referral { prescriber: nobody, ..strict.ask() }, "referral.prescriber"),
        (Referral { site: nowhere, ..strict.ask() }, "referral.site"),
        (Referral { declared_reason: "No Doctor".into(), ..strict.ask() }, "referral.declared_reason"),
        (Referral { documents: vec!["order".into(), "a\0".into()], ..strict.ask() }, "referral.documents[1]"),
        (Referral { territory: "Esch sur Alzette".into(), ..strict.ask() }, "referral.territory"),
        (Referral { patient_status: "A Newcomer".into(), ..strict.ask() }, "referral.patient_status"),
        (Referral { health_cover: 99, ..strict.ask() }, "referral.health_cover"),
        (
            Referral {
                needs: Some(Needs { interpreter_language: "Tigrinya".into(), wheelchair: false }),
                ..strict.ask()
            },
            "referral.needs.interpreter_language",
        ),
        (
            Referral { requested_date: crate::registrations::day(1899, 12, 31), ..strict.ask() },
            "referral.requested_date",
        ),
        (Referral { requested_date: crate::registrations::day(2201, 1, 1), ..strict.ask() }, "referral.requested_date"),
    ] {
        for refused in
            [check(&strict.partners.desk, ask.clone(), "en").await.unwrap_err(), strict.submit(ask).await.unwrap_err()]
        {
            assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.to_string()]));
        }
    }
    let patient = partnership::patient(&strict.partners.stranger).await?;
    let absent = check(&strict.partners.desk, Referral { patient, ..strict.ask() }, "en").await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    strict.partners.world.end().await
}
