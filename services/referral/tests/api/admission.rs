//! What is admitted, what is refused with every rule, and what is no request at all.

use anyhow::Result;
use chrono::Days;
use relais_proto::{
    convention::v1::Coding,
    referral::v1::{GetReferralRequest, Referral, referral, referral_party::Capacity},
};
use relais_tests::{Identity, date, partnership, rules, violations};
use tonic::Code;

use crate::partners::Partners;

#[tokio::test]
async fn a_referral_is_admitted_stored_and_read_back() -> Result<()> {
    let partners = Partners::meet().await?;
    let site = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let prescriber = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let ask = Referral { site: site.clone(), prescriber, ..partners.ask() };
    let sent = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner().referral.unwrap();
    assert_eq!((sent.state(), sent.priority()), (referral::State::Submitted, referral::Priority::Routine));
    assert_eq!((sent.convention_version, sent.etag.as_str(), &sent.site), (1, "1", &site));
    assert!(relais_referral::domain::referral::Number::parse(&sent.number).is_some(), "{}", sent.number);
    let parties: Vec<_> = sent.parties.iter().map(|p| (p.organisation.clone(), p.unit.clone(), p.capacity())).collect();
    let referrer = (partners.mdm.clone(), partners.centre.clone(), Capacity::Referrer);
    assert_eq!(parties, [referrer, (partners.provider.clone(), String::new(), Capacity::Provider)]);

    for reader in [&partners.desk, &partners.lab] {
        let request = GetReferralRequest { name: sent.name.clone() };
        assert_eq!(reader.referrals().get_referral(request).await?.into_inner().referral.as_ref(), Some(&sent));
    }
    partners.world.end().await
}

#[tokio::test]
async fn a_refusal_names_every_rule_that_fails_and_leaves_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let service = Some(Coding { system: "http://loinc.org".into(), code: "36643-5".into(), ..Coding::default() });
    let requested_date = Some(date(partners.today + Days::new(901)));
    let provider = partners.mdm.clone();
    let ask = Referral { service, requested_date, provider, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(rules(&refused), ["convention-not-in-force", "service-not-covered", "provider-not-party"]);
    assert_eq!(partners.world.count("SELECT count(*) FROM referral").await?, 0);
    assert_eq!(partners.world.count("SELECT count(*) FROM outbox_sent").await?, 0);
    partners.world.end().await
}

#[tokio::test]
async fn the_first_and_the_last_day_are_admitted_and_their_neighbours_are_not() -> Result<()> {
    let partners = Partners::meet().await?;
    let day = |days: i64| partners.today + chrono::TimeDelta::days(days);
    for (days, admitted) in [(-201, false), (-200, true), (900, true), (901, false)] {
        let ask = Referral { requested_date: Some(date(day(days))), ..partners.ask() };
        let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await;
        assert_eq!(answer.is_ok(), admitted, "{days} days from today");
    }
    partners.world.end().await
}

#[tokio::test]
async fn a_draft_admits_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let convention = partnership::draft(&partners.coordinator, terms).await?.name;
    let ask = Referral { convention, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    assert_eq!(rules(&refused), ["convention-not-in-force"]);
    partners.world.end().await
}

#[tokio::test]
async fn what_belongs_to_others_is_absent() -> Result<()> {
    let partners = Partners::meet().await?;
    let foreign = partnership::patient(&partners.stranger).await?;
    let absent = foreign.replace(&foreign[foreign.len() - 4..], "0000");
    for patient in [foreign, absent] {
        let ask = Referral { patient: patient.clone(), ..partners.ask() };
        let refused = partners.desk.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, format!("{patient} was not found").as_str()));
    }
    let patient = partnership::patient(&partners.stranger).await?;
    let ask = Referral { patient, ..partners.ask() };
    let refused = partners.stranger.referrals().submit_referral(partners.request(ask)).await.unwrap_err();
    let expected = format!("{} was not found", partners.convention);
    assert_eq!((refused.code(), refused.message()), (Code::NotFound, expected.as_str()));
    partners.world.end().await
}

#[tokio::test]
async fn references_to_other_organisations_are_refused_by_field() -> Result<()> {
    let partners = Partners::meet().await?;
    let site = partnership::site(&partners.operator, &partners.mdm, "Not the provider's").await?;
    let prescriber = partnership::practitioner(&partners.operator, &partners.provider).await?;
    let elsewhere = Referral { site, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(elsewhere)).await.unwrap_err();
    assert_eq!(violations(&refused), ["referral.site"]);
    let unlicensed = Referral { prescriber, ..partners.ask() };
    let refused = partners.desk.referrals().submit_referral(partners.request(unlicensed)).await.unwrap_err();
    assert_eq!(violations(&refused), ["referral.prescriber"]);
    partners.world.end().await
}

#[tokio::test]
async fn a_request_that_is_none_names_every_field() -> Result<()> {
    let partners = Partners::meet().await?;
    let nonsense = Referral {
        convention: "conventions/1".into(),
        service: Some(Coding { system: "s\0".into(), ..Coding::default() }),
        patient: "patients/".into(),
        provider: String::new(),
        requested_date: Some(relais_proto::google::r#type::Date { year: 2025, month: 2, day: 30 }),
        priority: 99,
        ..Referral::default()
    };
    let mut request = partners.request(nonsense);
    request.request_id = "not a uuid".into();
    let refused = partners.desk.referrals().submit_referral(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut fields = violations(&refused);
    fields.sort();
    let expected = [
        "referral.convention",
        "referral.patient",
        "referral.priority",
        "referral.provider",
        "referral.requested_date",
        "referral.service.code",
        "referral.service.system",
        "request_id",
    ];
    assert_eq!(fields, expected);
    partners.world.end().await
}

#[tokio::test]
async fn a_unit_that_is_not_in_the_directory_sends_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let unit = format!("{}/units/{}", partners.mdm, uuid::Uuid::now_v7());
    let nowhere = partners.world.session(&Identity::new("nowhere", "desk").of(&partners.mdm).at(&unit))?;
    let refused = nowhere.referrals().submit_referral(partners.request(partners.ask())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    partners.world.end().await
}
