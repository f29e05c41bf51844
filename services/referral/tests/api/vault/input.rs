//! Bad input: each is refused by the name of its field, and nothing is kept.

use anyhow::Result;
use relais_proto::{
    google::r#type::Date,
    referral::v1::{
        CreatePatientRequest, InsTraits, Patient, PatientContacts, PatientIdentifier, PatientIdentity,
        SearchPatientsRequest,
    },
};
use relais_tests::{request_id, violations};
use tonic::Code;

use super::{NIR, named};
use crate::partners::Partners;

fn number(system: &str, value: &str) -> PatientIdentifier {
    PatientIdentifier { system: system.into(), value: value.into() }
}

/// Fields, and somebody in whom they are wrong.
fn cases() -> Vec<(&'static str, PatientIdentity)> {
    let with = |change: &dyn Fn(&mut PatientIdentity)| {
        let mut identity = named("Canary", "Bird");
        change(&mut identity);
        identity
    };
    let contacts = |phone: &str, email: &str| {
        Some(PatientContacts { phone: phone.into(), email: email.into(), ..PatientContacts::default() })
    };
    let long = "x".repeat(64 * 1024);
    let day = |year, month, day| Some(Date { year, month, day });
    vec![
        ("family_name", with(&|i| i.family_name = "Can\0ary".into())),
        ("family_name", with(&|i| i.family_name = "\u{202e}yranaC".into())),
        ("family_name", with(&|i| i.family_name = "Canary\u{2069}".into())),
        ("family_name", with(&|i| i.family_name = "Can\u{200b}ary".into())),
        ("family_name", with(&|i| i.family_name = "Can\u{feff}ary".into())),
        ("family_name", with(&|i| i.family_name = "Can\u{61c}ary".into())),
        ("family_name", with(&|i| i.family_name = "Can\u{1b}[31mary".into())),
        ("family_name", with(&|i| i.family_name = long.clone())),
        ("family_name", with(&|i| (i.family_name, i.given_names) = (String::new(), vec![]))),
        ("used_name", with(&|i| i.used_name = long.clone())),
        ("given_names", with(&|i| i.given_names = vec![long.clone()])),
        ("given_names", with(&|i| i.given_names = vec![String::new()])),
        ("given_names", with(&|i| i.given_names = vec!["Canary".into(); 11])),
        ("birth_date", with(&|i| i.birth_date = day(1899, 12, 31))),
        ("birth_date", with(&|i| i.birth_date = day(2201, 1, 1))),
        ("birth_date", with(&|i| i.birth_date = day(1985, 2, 29))),
        ("sex", with(&|i| i.sex = 9)),
        ("proof", with(&|i| i.proof = -1)),
        ("birth_place_code", with(&|i| i.birth_place_code = "Paris".into())),
        ("language", with(&|i| i.language = "français".into())),
        ("contacts.phone", with(&|i| i.contacts = contacts("06 21 12 34 56", ""))),
        ("contacts.email", with(&|i| i.contacts = contacts("", "canary"))),
        ("identifiers.value", with(&|i| i.identifiers = vec![number(NIR, "285057800608442")])),
        ("identifiers.value", with(&|i| i.identifiers = vec![number(NIR, "180022C00100177")])),
        ("identifiers.system", with(&|i| i.identifiers = vec![number("", "1")])),
        ("identifiers", with(&|i| i.identifiers = vec![number("urn:x", "1"); 21])),
        ("ins.matricule", with(&|i| i.ins = Some(InsTraits::default()))),
    ]
}

#[tokio::test]
async fn a_wrong_field_is_named_and_its_value_is_not_repeated() -> Result<()> {
    let partners = Partners::meet().await?;
    let mut client = partners.desk.patients();
    for (field, identity) in cases() {
        let patient = Some(Patient { identity: Some(identity), ..Patient::default() });
        let request = CreatePatientRequest { patient, request_id: request_id() };
        let refused = client.create_patient(request).await.expect_err(field);
        let named = violations(&refused);
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert!(named.contains(&format!("patient.identity.{field}")), "{field} is not in {named:?}");
        assert!(refused.message().len() < 2000 && !format!("{refused:?}").contains("anary"), "{field}: {refused:?}");
    }
    assert_eq!(partners.world.count("SELECT count(*) FROM patient_person").await?, 0);
    assert_eq!(partners.world.count("SELECT count(*) FROM patient").await?, 1, "the one that was there");
    partners.world.end().await
}

#[tokio::test]
async fn a_search_asks_for_something_and_in_order() -> Result<()> {
    let partners = Partners::meet().await?;
    let ask = |query: &str, page_size, page_token: &str| SearchPatientsRequest {
        query: query.into(),
        page_size,
        page_token: page_token.into(),
        ..SearchPatientsRequest::default()
    };
    let cases = [
        ("query", ask("", 0, "")),
        ("query", ask(" ' - ", 0, "")),
        ("query", ask("a\0b", 0, "")),
        ("query", ask(&"x ".repeat(32 * 1024), 0, "")),
        ("page_size", ask("Weber", -1, "")),
        ("page_token", ask("Weber", 0, "AAAA")),
    ];
    for (field, request) in cases {
        let refused = partners.desk.patients().search_patients(request).await.expect_err(field);
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.to_string()]));
    }
    partners.world.end().await
}
