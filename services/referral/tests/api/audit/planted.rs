//! The bug `audit-outside`, planted on purpose: the promise is kept without it, and broken with it every time.

use anyhow::Result;
use relais_proto::referral::v1::{CreatePatientRequest, GetReferralRequest};
use relais_referral::Referral as Service;
use relais_tests::{World, partnership::Partners, request_id};

const BUG: [(&str, &str); 1] = [("RELAIS__PLANTED__BUG", "audit-outside")];

/// The audit cannot be written: nothing is shown, and nothing is changed.
async fn nothing_is_served_without_its_row(planted: &[(&str, &str)]) -> Result<bool> {
    let world = World::<Service>::start_with(planted).await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    let name = partners.submit(partners.request()).await?.name;
    let full = "ALTER TABLE audit ADD CONSTRAINT full_up CHECK (false) NOT VALID";
    sqlx::query(full).execute(&world.database).await?;
    let shown = partners.desk.referrals().get_referral(GetReferralRequest { name }).await.is_ok();
    let create = CreatePatientRequest { patient: None, request_id: request_id() };
    let told = partners.desk.patients().create_patient(create).await.is_ok();
    let changed = world.count("SELECT count(*) FROM patient").await? != 1;
    assert_eq!((shown, told), (changed, changed), "the bug breaks all or nothing");
    world.abandon().await?;
    Ok(!shown && !changed)
}

#[tokio::test]
async fn is_kept() -> Result<()> {
    assert!(nothing_is_served_without_its_row(&[]).await?, "broken without a bug");
    Ok(())
}

#[tokio::test]
async fn is_broken_by_the_bug() -> Result<()> {
    assert!(!nothing_is_served_without_its_row(&BUG).await?, "the bug audit-outside was not caught");
    Ok(())
}
