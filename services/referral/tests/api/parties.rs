//! What a party sees and may do, by its capacity.

use anyhow::{Context, Result};
use relais_proto::{
    convention::v1::{Party, party},
    referral::v1::{
        CancelReferralRequest, GetAllowedActionsRequest, GetReferralRequest, ListReferralsRequest, Referral,
        cancel_referral_request::Reason,
    },
};
use relais_tests::{Identity, Session, partnership, request_id};
use tonic::Code;

use crate::partners::Partners;

async fn get(session: &Session, name: &str) -> Result<Referral> {
    let answer = session.referrals().get_referral(GetReferralRequest { name: name.into() }).await?.into_inner();
    answer.referral.context("no referral")
}

async fn allowed(session: &Session, name: &str) -> Result<Vec<String>, tonic::Status> {
    let request = GetAllowedActionsRequest { name: name.into() };
    Ok(session.referrals().get_allowed_actions(request).await?.into_inner().actions)
}

fn cancel(name: &str) -> CancelReferralRequest {
    let (name, reason) = (name.into(), Reason::Duplicate.into());
    CancelReferralRequest { name, reason, etag: String::new(), request_id: request_id() }
}

/// A referral under a convention that a third organisation watches over, and somebody there.
async fn watched(partners: &Partners) -> Result<(Referral, Session)> {
    let network = partnership::organisation(&partners.operator, "The network").await?;
    let mut terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    terms.parties.push(Party { organisation: network.clone(), role: party::Role::Coordinator.into() });
    let draft = partnership::draft(&partners.operator, terms).await?;
    let convention = partnership::sign(&partners.operator, draft, partners.today).await?.name;
    let ask = Referral { convention, ..partners.ask() };
    let sent = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    let watcher = partners.world.session(&Identity::new("watcher", "coordinator").of(&network))?;
    Ok((sent.referral.context("no referral")?, watcher))
}

#[tokio::test]
async fn who_watches_over_a_convention_sees_the_step_and_not_what_is_asked() -> Result<()> {
    let partners = Partners::meet().await?;
    let (sent, watcher) = watched(&partners).await?;
    assert!(sent.service.is_some());
    assert_eq!(get(&partners.lab, &sent.name).await?, sent, "the provider sees all of it");
    let shown = Referral { service: None, ..sent.clone() };
    assert_eq!(get(&watcher, &sent.name).await?, shown);
    let page = watcher.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner();
    assert_eq!(page.referrals, [shown]);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_allowed_is_told_and_all_else_is_refused() -> Result<()> {
    let partners = Partners::meet().await?;
    let (sent, watcher) = watched(&partners).await?;
    assert_eq!(allowed(&partners.desk, &sent.name).await?, ["CancelReferral", "EnterInError"]);
    assert_eq!(allowed(&watcher, &sent.name).await?, Vec::<String>::new(), "who watches has no move");
    for party in [&partners.lab, &watcher] {
        assert!(!allowed(party, &sent.name).await?.contains(&"CancelReferral".to_string()));
        let refused = party.referrals().cancel_referral(cancel(&sent.name)).await.unwrap_err();
        let told = (refused.code(), refused.message());
        assert_eq!(told, (Code::PermissionDenied, "only the referrer may do this"));
    }
    assert_eq!(allowed(&partners.stranger, &sent.name).await.unwrap_err().code(), Code::NotFound);
    partners.desk.referrals().cancel_referral(cancel(&sent.name)).await?;
    assert_eq!(allowed(&partners.desk, &sent.name).await?, ["UndoReferral"], "what was cancelled by mistake");
    assert_eq!(allowed(&partners.lab, &sent.name).await?, Vec::<String>::new());
    partners.world.end().await
}
