//! Two records that look alike and are of two people: proposed no more, until that is taken back or overtaken.

use anyhow::Result;
use relais_proto::referral::v1::{
    DismissDuplicateRequest, DuplicateDismissal, ListDuplicatesRequest, MergePatientsRequest, Patient, PatientIdentity,
    UndismissDuplicateRequest,
    duplicate_dismissal::Reason,
    patient_identity::{Proof, Sex},
    patient_merge,
};
use relais_tests::{Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::{
    enter, get,
    identity::{register, update},
};
use crate::partners::Partners;

fn ask(patient: &str, other: &str) -> DismissDuplicateRequest {
    DismissDuplicateRequest {
        patient: patient.into(),
        other: other.into(),
        reason: Reason::RelatedPersons.into(),
        request_id: request_id(),
    }
}

async fn dismiss(session: &Session, patient: &str, other: &str) -> Result<DuplicateDismissal, Status> {
    let answer = session.patients().dismiss_duplicate(ask(patient, other)).await?.into_inner();
    Ok(answer.dismissal.unwrap_or_default())
}

async fn undismiss(session: &Session, patient: &str, other: &str) -> Result<DuplicateDismissal, Status> {
    let request = UndismissDuplicateRequest { patient: patient.into(), other: other.into(), request_id: request_id() };
    Ok(session.patients().undismiss_duplicate(request).await?.into_inner().dismissal.unwrap_or_default())
}

/// How many pairs are proposed.
async fn proposed(session: &Session) -> Result<usize> {
    let all = ListDuplicatesRequest::default();
    Ok(session.patients().list_duplicates(all).await?.into_inner().duplicates.len())
}

async fn change(session: &Session, patient: &str, identity: PatientIdentity, fields: &[&str]) -> Result<Patient> {
    let now = get(session, patient).await?;
    Ok(session
        .patients()
        .update_patient(update(&now, identity, fields))
        .await?
        .into_inner()
        .patient
        .unwrap_or_default())
}

#[tokio::test]
async fn a_dismissed_pair_is_not_proposed_again_until_that_is_taken_back() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let (one, other) = (enter(desk, "Weber", "Anne").await?.name, enter(desk, "Weber", "Anne").await?.name);
    assert_eq!(proposed(desk).await?, 1);
    assert_eq!(dismiss(desk, &one, &other).await.unwrap_err().code(), Code::PermissionDenied, "a desk does not judge");

    let request = ask(&one, &other);
    let first = coordinator.patients().dismiss_duplicate(request.clone()).await?.into_inner();
    let made = first.dismissal.clone().unwrap_or_default();
    assert_eq!((&made.patient, &made.other, made.reason()), (&one, &other, Reason::RelatedPersons));
    assert!(made.dismiss_time.is_some() && made.end_time.is_none());
    assert_eq!(coordinator.patients().dismiss_duplicate(request.clone()).await?.into_inner(), first, "the same again");
    assert_eq!(proposed(desk).await?, 0);
    // Said once, whichever way round.
    for (one, other) in [(&one, &other), (&other, &one)] {
        assert_eq!(rules(&dismiss(coordinator, one, other).await.unwrap_err()), ["duplicate-dismissed"]);
    }
    // Whatever changes in either.
    let spoken = PatientIdentity { language: "fr-LU".into(), ..PatientIdentity::default() };
    for name in [&one, &other] {
        change(desk, name, spoken.clone(), &["identity.language"]).await?;
        assert_eq!(proposed(desk).await?, 0);
    }
    // A third one is another pair with each of them.
    enter(desk, "Weber", "Anne").await?;
    assert_eq!(proposed(desk).await?, 2);

    let undone = undismiss(coordinator, &other, &one).await?;
    assert!(undone.end_time.is_some(), "{undone:?}");
    assert_eq!(proposed(desk).await?, 3);
    assert_eq!(rules(&undismiss(coordinator, &one, &other).await.unwrap_err()), ["duplicate-not-dismissed"]);
    assert_eq!(coordinator.patients().dismiss_duplicate(request).await?.into_inner(), first, "as it was");
    dismiss(coordinator, &other, &one).await?;
    assert_eq!(proposed(desk).await?, 2, "and again, the other way round");
    let rows = "SELECT count(*) FROM audit WHERE action LIKE '%/DismissDuplicate' AND outcome <> 'refused'
                AND patient IS NOT NULL";
    // Two dismissals and two that were asked again, each of both records.
    assert_eq!(partners.world.count(rows).await?, 8);
    partners.world.end().await
}

#[tokio::test]
async fn the_same_qualified_number_overtakes_a_dismissal() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let (one, other) = (enter(desk, "Lefevre", "Helene").await?.name, enter(desk, "Lefevre", "Helene").await?.name);
    dismiss(coordinator, &one, &other).await?;
    let qualified = PatientIdentity {
        ins: Some(register()),
        proof: Proof::Passport.into(),
        sex: Sex::Female.into(),
        ..PatientIdentity::default()
    };
    let fields = ["identity.ins", "identity.proof", "identity.sex"];
    change(desk, &one, qualified.clone(), &fields).await?;
    // The same number, not yet qualified: still two people.
    let retrieved = PatientIdentity { proof: Proof::Unspecified.into(), ..qualified.clone() };
    change(desk, &other, retrieved, &fields).await?;
    assert_eq!(proposed(desk).await?, 0);
    change(desk, &other, qualified, &fields).await?;
    assert_eq!(proposed(desk).await?, 1, "they are one");
    assert_eq!(rules(&dismiss(coordinator, &one, &other).await.unwrap_err()), ["same-qualified-number"]);
    partners.world.end().await
}

#[tokio::test]
async fn of_two_dismissals_at_once_one_is_made() -> Result<()> {
    let partners = Partners::meet().await?;
    let coordinator = &partners.coordinator;
    for _ in 0..5 {
        let (one, other) =
            (enter(coordinator, "Weber", "Anne").await?.name, enter(coordinator, "Weber", "Anne").await?.name);
        let (there, back) = tokio::join!(dismiss(coordinator, &one, &other), dismiss(coordinator, &other, &one));
        assert_ne!(there.is_ok(), back.is_ok(), "{there:?} {back:?}");
        assert_eq!(rules(&there.and(back).unwrap_err()), ["duplicate-dismissed"]);
    }
    partners.world.end().await
}

#[tokio::test]
async fn a_merged_record_and_somebody_elses_are_not_judged() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let (own, foreign) = (enter(desk, "Weber", "Anne").await?.name, enter(&partners.lab, "Weber", "Anne").await?.name);
    assert_eq!(violations(&dismiss(coordinator, &own, &own).await.unwrap_err()), ["other"]);
    let unstated = DismissDuplicateRequest { reason: 0, request_id: String::new(), ..ask(&own, &foreign) };
    let refused = coordinator.patients().dismiss_duplicate(unstated).await.unwrap_err();
    assert_eq!(violations(&refused), ["reason", "request_id"]);
    let absent = "patients/0190a000-0000-7000-8000-000000000000";
    for (patient, other) in [(own.as_str(), foreign.as_str()), (&foreign, &own), (&own, absent), (absent, &own)] {
        let named = if patient == own { other } else { patient };
        let expected = (Code::NotFound, format!("{named} was not found"));
        let refused = dismiss(coordinator, patient, other).await.unwrap_err();
        assert_eq!((refused.code(), refused.message().to_string()), expected);
        let refused = undismiss(coordinator, patient, other).await.unwrap_err();
        assert_eq!((refused.code(), refused.message().to_string()), expected);
    }
    let merged = partnership::patient(desk).await?;
    let merge = MergePatientsRequest {
        survivor: own.clone(),
        merged: merged.clone(),
        reason: patient_merge::Reason::SeenDocument.into(),
        request_id: request_id(),
    };
    desk.patients().merge_patients(merge).await?;
    for (patient, other) in [(&own, &merged), (&merged, &own)] {
        assert_eq!(rules(&dismiss(coordinator, patient, other).await.unwrap_err()), ["patient-merged"]);
    }
    partners.world.end().await
}
