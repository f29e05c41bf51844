//! Lists by keyset, and what a list never shows.

use anyhow::Result;
use relais_proto::referral::v1::{GetReferralRequest, ListReferralsRequest};
use relais_tests::{Identity, Session, violations};
use tonic::Code;

use crate::partners::Partners;

async fn pages(session: &Session, page_size: i32) -> Result<Vec<Vec<String>>> {
    let (mut pages, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListReferralsRequest { page_size, page_token, ..Default::default() };
        let page = session.referrals().list_referrals(request).await?.into_inner();
        pages.push(page.referrals.into_iter().map(|referral| referral.name).collect());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(pages);
        }
    }
}

#[tokio::test]
async fn pages_hold_each_referral_once_the_most_recent_first() -> Result<()> {
    let partners = Partners::meet().await?;
    let mut sent = Vec::new();
    for _ in 0..7 {
        sent.push(partners.submit().await?.name);
    }
    sent.reverse();
    for reader in [&partners.desk, &partners.lab] {
        let read = pages(reader, 3).await?;
        assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
        assert_eq!(read.concat(), sent);
    }
    assert_eq!(pages(&partners.desk, 7).await?.len(), 1, "a full last page has no token");
    partners.world.end().await
}

#[tokio::test]
async fn a_referral_that_comes_in_between_moves_no_page() -> Result<()> {
    let partners = Partners::meet().await?;
    let (first, second) = (partners.submit().await?.name, partners.submit().await?.name);
    let mut client = partners.desk.referrals();
    let request = ListReferralsRequest { page_size: 1, ..Default::default() };
    let page = client.list_referrals(request).await?.into_inner();
    assert_eq!(page.referrals[0].name, second);
    partners.submit().await?;
    let request = ListReferralsRequest { page_size: 1, page_token: page.next_page_token, ..Default::default() };
    assert_eq!(client.list_referrals(request).await?.into_inner().referrals[0].name, first);
    partners.world.end().await
}

#[tokio::test]
async fn others_see_nothing_not_even_a_token() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    assert_eq!(pages(&partners.stranger, 1).await?, [Vec::<String>::new()]);
    let absent = GetReferralRequest { name: format!("referrals/{}", uuid::Uuid::now_v7()) };
    let foreign = GetReferralRequest { name: sent.name };
    for request in [absent, foreign] {
        let expected = format!("{} was not found", request.name);
        let status = partners.stranger.referrals().get_referral(request).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, expected.as_str()));
    }
    partners.world.end().await
}

#[tokio::test]
async fn a_unit_sees_its_own_and_its_organisation_sees_all() -> Result<()> {
    let partners = Partners::meet().await?;
    partners.submit().await?;
    let elsewhere = relais_tests::partnership::care_centre(&partners.operator, &partners.mdm).await?;
    let elsewhere = partners.world.session(&Identity::new("e", "desk").of(&partners.mdm).at(&elsewhere))?;
    assert_eq!(pages(&elsewhere, 9).await?.concat().len(), 0);
    assert_eq!(pages(&partners.coordinator, 9).await?.concat().len(), 1);
    partners.world.end().await
}

#[tokio::test]
async fn tokens_and_sizes_are_checked() -> Result<()> {
    let partners = Partners::meet().await?;
    for _ in 0..2 {
        partners.submit().await?;
    }
    let mut desk = partners.desk.referrals();
    let first = ListReferralsRequest { page_size: 1, ..Default::default() };
    let token = desk.list_referrals(first).await?.into_inner().next_page_token;
    let of_another = ListReferralsRequest { page_size: 1, page_token: token.clone(), ..Default::default() };
    let status = partners.lab.referrals().list_referrals(of_another).await.unwrap_err();
    assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec!["page_token".to_string()]));
    for (page_size, page_token, field) in [(-1, String::new(), "page_size"), (1, format!("{token}x"), "page_token")] {
        let status = desk
            .list_referrals(ListReferralsRequest { page_size, page_token, ..Default::default() })
            .await
            .unwrap_err();
        assert_eq!(violations(&status), [field]);
    }
    let huge = ListReferralsRequest { page_size: i32::MAX, ..Default::default() };
    assert_eq!(desk.list_referrals(huge).await?.into_inner().referrals.len(), 2, "a huge size is coerced");
    partners.world.end().await
}
