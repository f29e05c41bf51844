//! Records are merged and taken apart again, and referrals stay readable.

use anyhow::Result;
use relais_proto::referral::v1::{
    ExportPatientRequest, GetReferralRequest, MergePatientsRequest, PatientMerge, SubmitReferralRequest,
    UnmergePatientsRequest, UpdatePatientRequest, patient, patient_merge::Reason,
};
use relais_tests::{Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::{enter, get, names_found};
use crate::partners::Partners;

fn ask(survivor: &str, merged: &str) -> MergePatientsRequest {
    MergePatientsRequest {
        survivor: survivor.into(),
        merged: merged.into(),
        reason: Reason::SeenDocument.into(),
        request_id: request_id(),
    }
}

async fn merge(session: &Session, survivor: &str, merged: &str) -> Result<PatientMerge, Status> {
    Ok(session.patients().merge_patients(ask(survivor, merged)).await?.into_inner().merge.unwrap_or_default())
}

async fn unmerge(session: &Session, merged: &str) -> Result<PatientMerge, Status> {
    let request = UnmergePatientsRequest { merged: merged.into(), request_id: request_id() };
    Ok(session.patients().unmerge_patients(request).await?.into_inner().merge.unwrap_or_default())
}

#[tokio::test]
async fn a_merge_leads_to_the_survivor_and_taking_it_back_restores_both() -> Result<()> {
    let partners = Partners::meet().await?;
    let desk = &partners.desk;
    let (one, other) = (enter(desk, "Weber", "Anne").await?, enter(desk, "Klein", "Anna").await?);
    let referral = partnership::referral(&partners.convention, &other.name, &partners.provider, partners.today);
    let sent =
        SubmitReferralRequest { referral: Some(referral.clone()), request_id: request_id(), ..Default::default() };
    let sent = desk.referrals().submit_referral(sent).await?.into_inner().referral.unwrap();

    let request = ask(&one.name, &other.name);
    let first = desk.patients().merge_patients(request.clone()).await?.into_inner();
    let merged = get(desk, &other.name).await?;
    assert_eq!((merged.state(), &merged.merged_into), (patient::State::Merged, &one.name));
    assert_eq!(merged.identity, other.identity, "it stays readable");
    assert_eq!(names_found(desk, "Klein").await?, [one.name.as_str()], "its name leads to the survivor");
    let read = desk.referrals().get_referral(GetReferralRequest { name: sent.name.clone() }).await?.into_inner();
    assert_eq!(read.referral.unwrap().patient, other.name);
    let export = ExportPatientRequest { name: one.name.clone() };
    let all = desk.patients().export_patient(export).await?.into_inner();
    assert_eq!((all.patients.len(), all.referrals.len(), all.merges.len()), (2, 1, 1), "and follows the survivor");
    let again =
        SubmitReferralRequest { referral: Some(referral.clone()), request_id: request_id(), ..Default::default() };
    let refused = desk.referrals().submit_referral(again.clone()).await.unwrap_err();
    assert_eq!(rules(&refused), ["patient-merged"]);
    assert!(refused.message().contains(&one.name));
    let update = UpdatePatientRequest { patient: Some(merged), update_mask: None, request_id: request_id() };
    assert_eq!(desk.patients().update_patient(update).await.unwrap_err().code(), Code::FailedPrecondition);

    let undone = unmerge(desk, &other.name).await?;
    assert!(undone.unmerge_time.is_some());
    let restored = get(desk, &other.name).await?;
    assert_eq!((restored.state(), &restored.identity), (patient::State::Active, &other.identity));
    assert_eq!(get(desk, &one.name).await?, one);
    assert_eq!(names_found(desk, "Klein").await?, [other.name.as_str()]);
    desk.referrals().submit_referral(again).await?;
    assert_eq!(unmerge(desk, &other.name).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(desk.patients().merge_patients(request).await?.into_inner(), first, "the same again, as it was");
    partners.world.end().await
}

#[tokio::test]
async fn of_two_merges_at_once_one_is_made() -> Result<()> {
    let partners = Partners::meet().await?;
    let desk = &partners.desk;
    for _ in 0..5 {
        let (one, other) = (enter(desk, "Weber", "Anne").await?.name, enter(desk, "Weber", "Anne").await?.name);
        let (there, back) = tokio::join!(merge(desk, &one, &other), merge(desk, &other, &one));
        let made = [&there, &back].iter().filter(|merge| merge.is_ok()).count();
        assert_eq!(made, 1, "{there:?} {back:?}");
        let refused = there.and(back).unwrap_err();
        assert_eq!(rules(&refused), ["patient-merged"]);
    }
    assert_eq!(partners.world.count("SELECT count(*) FROM patient WHERE state = 'merged'").await?, 5);
    partners.world.end().await
}

#[tokio::test]
async fn itself_and_somebody_elses_are_refused_as_if_absent() -> Result<()> {
    let partners = Partners::meet().await?;
    let (own, foreign) =
        (enter(&partners.desk, "Weber", "Anne").await?.name, enter(&partners.lab, "Weber", "Anne").await?.name);
    assert_eq!(violations(&merge(&partners.desk, &own, &own).await.unwrap_err()), ["merged"]);
    let absent = "patients/0190a000-0000-7000-8000-000000000000";
    for (survivor, merged) in [(own.as_str(), foreign.as_str()), (&foreign, &own), (&own, absent), (absent, &own)] {
        let refused = merge(&partners.desk, survivor, merged).await.unwrap_err();
        let other = if survivor == own { merged } else { survivor };
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, format!("{other} was not found").as_str()));
    }
    assert_eq!(unmerge(&partners.desk, &foreign).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}
