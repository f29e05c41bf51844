//! Rejection names its reason and, where there is one, an alternative; sending on makes a referral that replaces.

use anyhow::{Context, Result};
use relais_platform::events::Event;
use relais_proto::{
    convention::v1::{Party, Terms, party},
    referral::v1::{
        ListReferralsRequest, RedirectReferralRequest, Referral, RejectReferralRequest, UndoReferralRequest,
        referral::{Reason, State},
        undo_referral_request,
    },
};
use relais_tests::{Identity, partnership, request_id, rules, violations};
use tonic::Code;

use super::*;

fn reject(name: &str, reason: Reason, alternative: &str) -> RejectReferralRequest {
    RejectReferralRequest {
        name: name.into(),
        reason: reason.into(),
        alternative: alternative.into(),
        request_id: request_id(),
        ..Default::default()
    }
}

/// A referral under a convention with another provider, and that one.
async fn with_another(partners: &Partners) -> Result<(Referral, String)> {
    let another = partnership::organisation(&partners.operator, "Another laboratory").await?;
    let mut terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    terms.parties.push(Party { organisation: another.clone(), role: party::Role::Provider.into() });
    let draft = partnership::draft(&partners.operator, terms).await?;
    let convention = partnership::sign(&partners.operator, draft, partners.today).await?.name;
    let ask = Referral { convention, ..partners.ask() };
    let sent = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    Ok((sent.referral.context("no referral")?, another))
}

#[tokio::test]
async fn nobody_is_bounced_without_a_reason_or_without_an_alternative() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (sent, another) = with_another(&partners).await?;
    let mut lab = partners.lab.referrals();
    let refused = lab.reject_referral(reject(&sent.name, Reason::Unspecified, &another)).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["reason".to_string()]));
    let bounced = lab.reject_referral(reject(&sent.name, Reason::NoCapacity, "")).await.unwrap_err();
    assert_eq!((bounced.code(), rules(&bounced)), (Code::FailedPrecondition, vec!["alternative-required".to_string()]));
    let nowhere = format!("organisations/{}", Uuid::now_v7());
    let unrelated = partnership::organisation(&partners.operator, "A bakery").await?;
    let shop = partnership::site(&partners.operator, &unrelated, "Its shop").await?;
    let wrong = ["nowhere", nowhere.as_str(), partners.provider.as_str(), unrelated.as_str(), shop.as_str()];
    for alternative in wrong {
        let refused = lab.reject_referral(reject(&sent.name, Reason::NoCapacity, alternative)).await.unwrap_err();
        let told = (refused.code(), violations(&refused));
        assert_eq!(told, (Code::InvalidArgument, vec!["alternative".to_string()]), "{alternative}");
    }
    let rejected = lab.reject_referral(reject(&sent.name, Reason::NoCapacity, &another)).await?.into_inner();
    let rejected = rejected.referral.context("no referral")?;
    assert_eq!((rejected.state(), rejected.reason.as_str()), (State::Rejected, "no-capacity"));
    assert_eq!(get(&partners.desk, &sent.name).await?.alternative, another, "the referrer reads where else");
    let moved = loop {
        // What else was entered meanwhile passes by, too.
        if let (_, Event::ReferralMoved(moved)) = partners.world.tap.next().await? {
            break moved;
        }
    };
    assert_eq!((moved.state.as_str(), moved.reason.as_str()), ("rejected", "no-capacity"));
    assert_eq!((moved.alternative, moved.owner, moved.due_time), (another, String::new(), None));
    partners.world.end().await
}

/// One provider with several sites: a full one names another, for people do not know which.
#[tokio::test]
async fn a_site_without_a_place_names_another_one_of_the_same_provider() -> Result<()> {
    let partners = Partners::meet().await?;
    let mut sites = Vec::new();
    for name in ["Forges du Sud", "CHEM", "Not the convention's"] {
        sites.push(partnership::site(&partners.operator, &partners.provider, name).await?);
    }
    let [forges, chem, other] = &sites[..] else { panic!("{sites:?}") };
    let own = partnership::site(&partners.operator, &partners.mdm, "The referrer's").await?;
    let unrelated = partnership::organisation(&partners.operator, "A bakery").await?;
    let shop = partnership::site(&partners.operator, &unrelated, "Its shop").await?;
    let agree = async |sites: Vec<String>| {
        let terms = Terms { sites, ..partnership::terms(&partners.mdm, &partners.provider, partners.today) };
        let draft = partnership::draft(&partners.coordinator, terms).await?;
        anyhow::Ok(partnership::sign(&partners.coordinator, draft, partners.today).await?.name)
    };
    let (two, one, any) =
        (agree(vec![forges.clone(), chem.clone()]).await?, agree(vec![forges.clone()]).await?, agree(vec![]).await?);
    let sent = async |convention: &str, site: &str| {
        let ask = Referral { convention: convention.into(), site: site.into(), ..partners.ask() };
        let sent = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
        anyhow::Ok(sent.referral.context("no referral")?.name)
    };
    let mut lab = partners.lab.referrals();
    for convention in [&two, &any] {
        let name = sent(convention, forges).await?;
        let bounced = lab.reject_referral(reject(&name, Reason::NoCapacity, "")).await.unwrap_err();
        assert_eq!(rules(&bounced), ["alternative-required"]);
        let strange = if *convention == two { other } else { &shop };
        for wrong in [forges, &own, &partners.mdm, strange, &shop] {
            let refused = lab.reject_referral(reject(&name, Reason::NoCapacity, wrong)).await.unwrap_err();
            assert_eq!(violations(&refused), ["alternative"], "{wrong}");
        }
        let alternative = if *convention == two { chem } else { other };
        lab.reject_referral(reject(&name, Reason::NoCapacity, alternative)).await?;
        assert_eq!(&get(&partners.desk, &name).await?.alternative, alternative);
    }
    // What is used up is used up at every site; a convention of one site has no other; without a wish all of them were meant.
    lab.reject_referral(reject(&sent(&two, forges).await?, Reason::VolumeExhausted, "")).await?;
    lab.reject_referral(reject(&sent(&one, forges).await?, Reason::NoCapacity, "")).await?;
    lab.reject_referral(reject(&sent(&any, "").await?, Reason::NoCapacity, "")).await?;
    partners.world.end().await
}

#[tokio::test]
async fn where_the_reason_is_the_patients_or_there_is_nobody_else_none_is_asked() -> Result<()> {
    let partners = Partners::meet().await?;
    let (sent, _) = with_another(&partners).await?;
    let mut lab = partners.lab.referrals();
    lab.reject_referral(reject(&sent.name, Reason::PatientDeclined, "")).await?;
    let alone = partners.submit().await?;
    lab.reject_referral(reject(&alone.name, Reason::NoCapacity, "")).await?;
    // Nor is it refused: any place of the directory is better than none.
    let hospital = partnership::organisation(&partners.operator, "A hospital").await?;
    let alone = partners.submit().await?;
    lab.reject_referral(reject(&alone.name, Reason::NoCapacity, &hospital)).await?;
    assert_eq!(get(&partners.desk, &alone.name).await?.alternative, hospital);
    partners.world.end().await
}

#[tokio::test]
async fn a_referral_that_is_sent_on_is_replaced_by_one_of_the_same_referrer() -> Result<()> {
    let partners = Partners::meet().await?;
    let (sent, another) = with_another(&partners).await?;
    let redirect = |provider: &str| RedirectReferralRequest {
        name: sent.name.clone(),
        reason: Reason::NoCapacity.into(),
        provider: provider.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut lab = partners.lab.referrals();
    for provider in [&partners.provider, &partners.mdm] {
        let refused = lab.redirect_referral(redirect(provider)).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["provider".to_string()]));
    }
    let request = redirect(&another);
    let first = lab.redirect_referral(request.clone()).await?.into_inner();
    let again = lab.redirect_referral(request).await?.into_inner();
    assert_eq!(first, again, "the same request again makes no other");
    let sent_on = first.referral.context("no referral")?;
    assert_eq!((sent_on.state(), &sent_on.alternative), (State::Redirected, &another));

    let there = partners.world.session(&Identity::new("there", "desk").of(&another))?;
    let page = there.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner();
    let [child] = &page.referrals[..] else { panic!("{page:?}") };
    assert_eq!((child.state(), &child.replaces, &child.provider), (State::Submitted, &sent.name, &another));
    assert_eq!((&child.patient, &child.convention, &child.owner), (&sent.patient, &sent.convention, &another));
    assert_eq!(get(&partners.desk, &child.name).await?.parties, child.parties, "the referrer sees it");
    let refused = partners.lab.referrals().get_referral(v1::GetReferralRequest { name: child.name.clone() }).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound, "whoever sent it on does not");
    accept_referral(&there, &child.name).await?;
    let undo = UndoReferralRequest {
        name: sent.name.clone(),
        reason: undo_referral_request::Reason::WrongStep.into(),
        request_id: request_id(),
        ..Default::default()
    };
    assert_eq!(rules(&lab.undo_referral(undo).await.unwrap_err()), ["replaced"]);
    partners.world.end().await
}
