//! Erasure destroys a key, is refused while something stands against it, and leaves nothing to find.

use anyhow::Result;
use relais_proto::audit::v1::{Access, ListAccessesRequest};
use relais_proto::referral::v1::{
    CancelReferralRequest, ErasePatientRequest, ErasePatientResponse, ExportPatientRequest, LiftHoldRequest,
    MergePatientsRequest, PatientHold, PlaceHoldRequest, SubmitReferralRequest, cancel_referral_request,
    patient_hold::Reason, patient_merge,
};
use relais_tests::{Identity, Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::{enter, get, names_found};
use crate::partners::Partners;

async fn erase(session: &Session, name: &str) -> Result<ErasePatientResponse, Status> {
    let request = ErasePatientRequest { name: name.into(), request_id: request_id() };
    Ok(session.patients().erase_patient(request).await?.into_inner())
}

async fn hold(session: &Session, name: &str, end: Option<i64>) -> Result<PatientHold, Status> {
    let end_time = end.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 });
    let hold = Some(PatientHold { reason: Reason::Litigation.into(), end_time, ..PatientHold::default() });
    let request = PlaceHoldRequest { parent: name.into(), hold, request_id: request_id() };
    Ok(session.patients().place_hold(request).await?.into_inner().hold.unwrap_or_default())
}

#[tokio::test]
async fn a_hold_and_an_open_referral_refuse_and_say_why() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let name = enter(desk, "Weber", "Anne").await?.name;
    assert_eq!(erase(desk, &name).await.unwrap_err().code(), Code::PermissionDenied, "a desk does not erase");
    let referral = partnership::referral(&partners.convention, &name, &partners.provider, partners.today);
    let sent = SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() };
    let sent = desk.referrals().submit_referral(sent).await?.into_inner().referral.unwrap();
    let held = hold(coordinator, &name, None).await?;
    let refused = erase(coordinator, &name).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(rules(&refused), ["legal-hold", "open-referral"]);
    assert!(refused.message().contains("litigation") && refused.message().contains(&sent.number));

    let lift = LiftHoldRequest { name: held.name, request_id: request_id() };
    let lifted = coordinator.patients().lift_hold(lift.clone()).await?.into_inner();
    assert!(lifted.hold.as_ref().unwrap().lift_time.is_some());
    assert_eq!(coordinator.patients().lift_hold(lift).await?.into_inner(), lifted);
    assert_eq!(rules(&erase(coordinator, &name).await.unwrap_err()), ["open-referral"]);
    let cancel = CancelReferralRequest {
        name: sent.name,
        reason: cancel_referral_request::Reason::PatientDeclined.into(),
        request_id: request_id(),
        ..CancelReferralRequest::default()
    };
    desk.referrals().cancel_referral(cancel).await?;
    erase(coordinator, &name).await?;
    assert_eq!(violations(&hold(coordinator, &partners.patient, Some(0)).await.unwrap_err()), ["hold.end_time"]);
    assert_eq!(hold(&partners.lab, &partners.patient, None).await.unwrap_err().code(), Code::PermissionDenied);
    partners.world.end().await
}

async fn accesses(session: &Session, patient: &str) -> Result<Vec<Access>, Status> {
    let request = ListAccessesRequest { patient: patient.into(), page_size: 100, ..Default::default() };
    Ok(session.audits().list_accesses(request).await?.into_inner().accesses)
}

/// A merge hides nobody who read the record before, and an erasure nobody at all: to an administrator of who held it.
#[tokio::test]
async fn who_saw_a_merged_and_erased_person_is_told() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let (name, other) = (enter(desk, "Weber", "Anne").await?.name, enter(desk, "Weber", "Anne").await?.name);
    let reader = partners.world.session(&Identity::new("reader", "clinician").of(&partners.mdm))?;
    get(&reader, &other).await?;
    let reason = patient_merge::Reason::PatientSays.into();
    let merge = MergePatientsRequest { survivor: name.clone(), merged: other, reason, request_id: request_id() };
    desk.patients().merge_patients(merge).await?;
    let read = |told: &[Access]| told.iter().filter(|access| access.subject.ends_with("reader")).count();
    assert_eq!(read(&accesses(coordinator, &name).await?), 1, "before the merge, the merged record");
    erase(coordinator, &name).await?;
    let admin = partners.world.session(&Identity::new("admin", "admin").of(&partners.mdm))?;
    assert_eq!(read(&accesses(&admin, &name).await?), 1, "after the erasure");
    let elsewhere = partners.world.session(&Identity::new("admin", "admin").of(&partners.provider))?;
    for nobody in [coordinator, &elsewhere] {
        assert_eq!(accesses(nobody, &name).await.unwrap_err().code(), Code::NotFound);
    }
    partners.world.end().await
}

#[tokio::test]
async fn what_was_erased_is_absent_to_everybody_and_its_key_is_gone() -> Result<()> {
    let partners = Partners::meet().await?;
    let (desk, coordinator) = (&partners.desk, &partners.coordinator);
    let (name, other) = (enter(desk, "Weber", "Anne").await?.name, enter(desk, "Weber", "Anne").await?.name);
    let reason = patient_merge::Reason::PatientSays.into();
    let merge =
        MergePatientsRequest { survivor: name.clone(), merged: other.clone(), reason, request_id: request_id() };
    desk.patients().merge_patients(merge).await?;
    assert_eq!(rules(&erase(coordinator, &other).await.unwrap_err()), ["patient-merged"]);
    let request = ErasePatientRequest { name: name.clone(), request_id: request_id() };
    let erased = coordinator.patients().erase_patient(request.clone()).await?.into_inner();
    assert_eq!(coordinator.patients().erase_patient(request).await?.into_inner(), erased, "the same again");

    for left in [
        "SELECT count(*) FROM patient WHERE data_key IS NOT NULL",
        "SELECT count(*) FROM patient_person",
        "SELECT count(*) FROM patient_token",
        "SELECT count(*) FROM patient_duplicate",
    ] {
        assert_eq!(partners.world.count(left).await?, 0, "{left}");
    }
    assert!(names_found(desk, "Weber").await?.is_empty());
    for name in [&name, &other] {
        let refused = get(desk, name).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, format!("{name} was not found").as_str()));
        assert_eq!(erase(coordinator, name).await.unwrap_err().code(), Code::NotFound);
        let export = ExportPatientRequest { name: name.clone() };
        assert_eq!(coordinator.patients().export_patient(export).await.unwrap_err().code(), Code::NotFound);
        let referral = partnership::referral(&partners.convention, name, &partners.provider, partners.today);
        let sent = SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() };
        assert_eq!(desk.referrals().submit_referral(sent).await.unwrap_err().code(), Code::NotFound);
    }
    let noted = "SELECT count(*) FROM audit WHERE action LIKE '%ErasePatient' AND outcome <> 'refused'";
    assert_eq!(partners.world.count(noted).await?, 3, "two records, and the one that was asked again");
    partners.world.end().await
}

#[tokio::test]
async fn of_an_erasure_and_a_referral_at_once_one_is_made() -> Result<()> {
    let partners = Partners::meet().await?;
    for _ in 0..8 {
        let name = enter(&partners.desk, "Weber", "Anne").await?.name;
        let referral = partnership::referral(&partners.convention, &name, &partners.provider, partners.today);
        let sent = SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() };
        let mut client = partners.desk.referrals();
        let (erased, sent) = tokio::join!(erase(&partners.coordinator, &name), client.submit_referral(sent));
        assert_ne!(erased.is_ok(), sent.is_ok(), "{erased:?} {sent:?}");
    }
    let lost = "SELECT count(*) FROM referral r JOIN patient p ON p.id = r.patient_id
                WHERE p.state = 'erased' AND r.state = 'submitted'";
    assert_eq!(partners.world.count(lost).await?, 0);
    partners.world.end().await
}
