//! What becomes of an export when records are merged or erased.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::{
    audit::v1::ListAccessesRequest,
    operations::v1::RebuildProjectionRequest,
    referral::v1::{
        DismissDuplicateRequest, ErasePatientRequest, MergePatientsRequest, Referral, SubmitReferralRequest,
        duplicate_dismissal, patient_merge,
    },
};
use relais_tests::{
    Identity, Options, Sessions, Suite,
    partnership::{self, Partners},
    request_id, settled,
};
use sqlx::Executor;
use tonic::Code;

use super::{admin, cancel, export, refusal};

#[tokio::test]
async fn after_a_merge_the_survivor_names_the_records_to_ask_for() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let coordinator = suite.sessions(&Identity::new("head", "coordinator").of(&partners.sender.organisation))?;
    let born = NaiveDate::from_ymd_opt(1985, 5, 9).context("a day")?;
    let enter = async |given: &str| {
        let named = partnership::identity("Weber", given, born);
        anyhow::Ok(partnership::patient_of(&partners.desk, named).await?.name)
    };
    let (survivor, merged, twin) = (enter("Anne").await?, enter("Anna").await?, enter("Anne").await?);
    let request = SubmitReferralRequest {
        referral: partners.request().referral.map(|asked| Referral { patient: merged.clone(), ..asked }),
        ..partners.request()
    };
    partners.desk.referrals().submit_referral(request).await?;
    let dismiss = DismissDuplicateRequest {
        patient: survivor.clone(),
        other: twin.clone(),
        reason: duplicate_dismissal::Reason::RelatedPersons.into(),
        request_id: request_id(),
    };
    coordinator.referral.patients().dismiss_duplicate(dismiss).await?;
    let merge = MergePatientsRequest {
        survivor: survivor.clone(),
        merged: merged.clone(),
        reason: patient_merge::Reason::SeenDocument.into(),
        request_id: request_id(),
    };
    coordinator.referral.patients().merge_patients(merge).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    let whole = export(&coordinator.referral, &survivor).await?;
    assert_eq!(whole.records, [survivor.clone(), merged.clone()]);
    let expected =
        [("dismissal", 1), ("duplicate", 1), ("merge", 1), ("record", 2), ("referral", 1), ("transition", 1)];
    assert_eq!(whole.kinds().into_iter().collect::<Vec<_>>(), expected);
    for (service, session) in coordinator.all().into_iter().skip(1) {
        assert_eq!(
            refusal(session, &survivor).await.0,
            Code::NotFound,
            "{service} holds nothing on the survivor itself"
        );
        let told = export(session, &merged).await.with_context(|| service.to_string())?;
        let things = told.kinds().into_iter().filter(|(kind, _)| *kind != "version");
        assert_eq!(things.map(|(_, count)| count).sum::<usize>(), 1, "{service}");
    }
    suite.stop().await
}

#[tokio::test]
async fn an_erased_record_is_exported_by_nobody_also_after_a_rebuild() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let (sent, kept) = (partners.submit(partners.request()).await?, partnership::patient(&partners.desk).await?);
    let other = partners.request().referral.map(|asked| Referral { patient: kept.clone(), ..asked });
    let other = SubmitReferralRequest { referral: other, request_id: request_id(), ..Default::default() };
    partners.desk.referrals().submit_referral(other).await?;
    cancel(&partners.desk, &sent.name).await?;
    settled(&operator).await?;
    let admin = admin(&suite, &partners)?;
    // As rows of before the column: found again by a rebuild.
    for (service, forgotten) in [
        ("scheduling", "UPDATE appointment SET patient_id = NULL"),
        ("results", "UPDATE service_order SET patient_id = NULL"),
        ("notification", "DELETE FROM referral_sender"),
    ] {
        suite.owner(service).await?.execute(forgotten).await?;
    }
    for (service, session) in admin.all().into_iter().skip(1) {
        assert_eq!(refusal(session, partners.patient()).await.0, Code::NotFound, "{service}");
    }
    rebuild(&operator).await?;
    for (service, session) in admin.all() {
        export(session, partners.patient()).await.with_context(|| service.to_string())?;
    }

    let erase = ErasePatientRequest { name: partners.patient().into(), request_id: request_id() };
    admin.referral.patients().erase_patient(erase).await?;
    settled(&operator).await?;
    for again in [false, true] {
        if again {
            rebuild(&operator).await?;
        }
        for (service, session) in admin.all() {
            let absent = (Code::NotFound, "{patient} was not found".to_string());
            assert_eq!(refusal(session, partners.patient()).await, absent, "{service}");
            let asked = ListAccessesRequest { patient: partners.patient().into(), ..Default::default() };
            let told = session.audits().list_accesses(asked).await;
            // Who saw it is still told to the admin of whoever held it, by whoever knows who that was.
            if service == "referral" {
                assert!(!told?.into_inner().accesses.is_empty());
            } else {
                assert_eq!(told.unwrap_err().code(), Code::NotFound, "{service}");
            }
            export(session, &kept).await.with_context(|| format!("{service}: another's"))?;
        }
    }
    // What happened is still there, and nobody's.
    assert_eq!(suite.count("scheduling", "SELECT count(*) FROM appointment WHERE patient_id IS NULL").await?, 1);
    suite.stop().await
}

async fn rebuild(operator: &Sessions) -> Result<()> {
    for (_, session) in operator.all().into_iter().skip(1) {
        let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.referral".into() };
        let mut progress = session.operations().rebuild_projection(request).await?.into_inner();
        while progress.message().await?.is_some() {}
    }
    Ok(())
}
