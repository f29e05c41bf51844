//! A person is kept, changed field by field, and answered to the organisation that holds the record.

use anyhow::Result;
use relais_proto::referral::v1::{
    CreatePatientRequest, InsTraits, Patient, PatientContacts, PatientIdentifier, PatientIdentity, PostalAddress,
    UpdatePatientRequest,
    patient_identity::{InsStatus, Proof, Sex},
};
use relais_tests::{date, partnership, request_id, rules, violations};
use tonic::Code;

use super::{MATRICULE, NIR, born, enter, get, named};
use crate::partners::Partners;

fn whole() -> PatientIdentity {
    PatientIdentity {
        used_name: "Moreau".into(),
        sex: Sex::Female.into(),
        birth_place_code: "2A004".into(),
        contacts: Some(PatientContacts {
            phone: "+352621123456".into(),
            email: "h.lefevre@example.org".into(),
            address: Some(PostalAddress {
                lines: vec!["3, rue de l'Alzette".into()],
                postal_code: "4011".into(),
                locality: "Esch-sur-Alzette".into(),
                country_code: "LU".into(),
            }),
        }),
        language: "fr-LU".into(),
        needs_interpreter: true,
        identifiers: vec![PatientIdentifier {
            system: "urn:relais:lu:matricule".into(),
            value: "1985050912345".into(),
        }],
        ..named("Lefèvre", "Hélène")
    }
}

pub(super) fn register() -> InsTraits {
    InsTraits {
        matricule: Some(PatientIdentifier { system: NIR.into(), value: MATRICULE.into() }),
        birth_name: "LEFEVRE".into(),
        given_names: vec!["HELENE".into()],
        birth_date: Some(date(born())),
        sex: Sex::Female.into(),
        birth_place_code: String::new(),
    }
}

pub(super) fn update(patient: &Patient, identity: PatientIdentity, paths: &[&str]) -> UpdatePatientRequest {
    let mask = prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_string()).collect() };
    UpdatePatientRequest {
        patient: Some(Patient { identity: Some(identity), ..patient.clone() }),
        update_mask: Some(mask),
        request_id: request_id(),
    }
}

#[tokio::test]
async fn a_person_is_read_as_it_was_written_and_by_nobody_else() -> Result<()> {
    let partners = Partners::meet().await?;
    let created = partnership::patient_of(&partners.desk, whole()).await?;
    let expected = PatientIdentity { ins_status: InsStatus::Provisional.into(), ..whole() };
    assert_eq!(created.identity, Some(expected));
    assert_eq!(get(&partners.coordinator, &created.name).await?, created);
    let absent = get(&partners.lab, "patients/0190a000-0000-7000-8000-000000000000").await.unwrap_err();
    for session in [&partners.lab, &partners.stranger] {
        let refused = get(session, &created.name).await.unwrap_err();
        assert_eq!(refused.code(), absent.code());
        assert_eq!(refused.message(), format!("{} was not found", created.name));
    }
    // Without a person it is a record all the same.
    assert_eq!(get(&partners.desk, &partners.patient).await?.identity, None);
    partners.world.end().await
}

#[tokio::test]
async fn the_same_request_twice_and_at_once_makes_one_record() -> Result<()> {
    let partners = Partners::meet().await?;
    let request = CreatePatientRequest {
        patient: Some(Patient { identity: Some(whole()), ..Patient::default() }),
        request_id: request_id(),
    };
    let calls = (0..8).map(|_| {
        let (mut client, request) = (partners.desk.patients(), request.clone());
        async move { client.create_patient(request).await }
    });
    let answers: Vec<_> = futures::future::join_all(calls).await.into_iter().collect::<Result<_, _>>()?;
    assert!(answers.iter().all(|answer| answer.get_ref() == answers[0].get_ref()));
    assert_eq!(partners.world.count("SELECT count(*) FROM patient_person").await?, 1);
    // A change later, the first request still answers what it answered.
    let first = answers[0].get_ref().patient.clone().unwrap();
    let changed = update(&first, named("Weber", "Anne"), &["identity.family_name"]);
    partners.desk.patients().update_patient(changed).await?;
    let again = partners.desk.patients().create_patient(request.clone()).await?.into_inner();
    assert_eq!(again.patient, Some(first));
    let other = CreatePatientRequest { patient: None, ..request };
    let refused = partners.desk.patients().create_patient(other).await.unwrap_err();
    assert_eq!(violations(&refused), ["request_id"]);
    partners.world.end().await
}

#[tokio::test]
async fn the_mask_says_what_changes_and_the_etag_what_was_seen() -> Result<()> {
    let partners = Partners::meet().await?;
    let created = partnership::patient_of(&partners.desk, whole()).await?;
    let given = PatientIdentity { language: "ar-DZ".into(), ..named("Nobody", "No") };
    let request = update(&created, given.clone(), &["identity.language", "identity.needs_interpreter"]);
    let mut client = partners.desk.patients();
    let changed = client.update_patient(request.clone()).await?.into_inner().patient.unwrap();
    let expected = PatientIdentity {
        language: "ar-DZ".into(),
        needs_interpreter: false,
        ins_status: InsStatus::Provisional.into(),
        ..whole()
    };
    assert_eq!(changed.identity.as_ref(), Some(&expected));
    assert_eq!(client.update_patient(request).await?.into_inner().patient.as_ref(), Some(&changed), "the same again");
    let stale = client.update_patient(update(&created, given.clone(), &[])).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let unknown = client.update_patient(update(&changed, given, &["state"])).await.unwrap_err();
    assert_eq!(violations(&unknown), ["update_mask"]);
    // All of it, to a record that had nobody.
    let nobody = get(&partners.desk, &partners.patient).await?;
    let somebody = client.update_patient(update(&nobody, whole(), &["identity"])).await?.into_inner().patient.unwrap();
    assert_eq!(get(&partners.desk, &partners.patient).await?, somebody);
    let unnamed = client.update_patient(update(&somebody, PatientIdentity::default(), &[])).await.unwrap_err();
    assert_eq!(violations(&unnamed), ["patient.identity.family_name"]);
    let foreign = partners.stranger.patients().update_patient(update(&somebody, whole(), &[])).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn a_trait_that_differs_from_the_register_blocks_qualification() -> Result<()> {
    let partners = Partners::meet().await?;
    let created = enter(&partners.desk, "Lefevre", "Helene").await?;
    let mut client = partners.desk.patients();
    let retrieved = PatientIdentity { ins: Some(register()), ..PatientIdentity::default() };
    let retrieved = client.update_patient(update(&created, retrieved, &["identity.ins"])).await?.into_inner();
    let retrieved = retrieved.patient.unwrap();
    assert_eq!(retrieved.identity.as_ref().unwrap().ins_status(), InsStatus::Retrieved);
    let seen = PatientIdentity { proof: Proof::Passport.into(), ..PatientIdentity::default() };
    let refused = client.update_patient(update(&retrieved, seen.clone(), &["identity.proof"])).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["ins-sex".to_string()]));
    let agreed = PatientIdentity { sex: Sex::Female.into(), ..seen };
    let paths = ["identity.proof", "identity.sex"];
    let qualified = client.update_patient(update(&retrieved, agreed, &paths)).await?.into_inner().patient.unwrap();
    assert_eq!(qualified.identity.as_ref().unwrap().ins_status(), InsStatus::Qualified);
    // A qualified identity is not changed away from what the register says.
    let other = client.update_patient(update(&qualified, named("Other", "A"), &["identity.family_name"])).await;
    assert_eq!(rules(&other.unwrap_err()), ["ins-birth-name"]);
    partners.world.end().await
}
