//! Whose rows a connection shows, and that it forgets it with its transaction.

use anyhow::Result;
use relais_proto::referral::v1::ListReferralsRequest;

use crate::partners::Partners;

/// A unit of work tells the database for whom it works. The next borrower of its connection must not inherit that.
async fn nothing_is_left_in_the_connection(planted: &[(&str, &str)]) -> Result<bool> {
    let one = ("RELAIS__DATABASE__MAX_CONNECTIONS", "1");
    let partners = Partners::meet_with(&[planted, &[one]].concat()).await?;
    partners.submit().await?;
    let page = partners.desk.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner();
    assert_eq!(page.referrals.len(), 1);
    let pool = partners.world.running.context.database.between_units();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM referral").fetch_one(pool).await?;
    partners.world.end().await?;
    Ok(seen == 0)
}

#[tokio::test]
async fn a_connection_forgets_whose_rows_it_showed() -> Result<()> {
    assert!(nothing_is_left_in_the_connection(&[]).await?);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_does_not_forget_is_caught() -> Result<()> {
    assert!(!nothing_is_left_in_the_connection(&[("RELAIS__PLANTED__BUG", "setting-not-local")]).await?);
    Ok(())
}
