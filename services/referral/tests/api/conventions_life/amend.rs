//! Drafts that are edited, and what was signed, which is amended.

use anyhow::Result;
use relais_proto::convention::v1::{
    Convention, DiscardAmendmentRequest, Eligibility, Terms, UpdateConventionRequest, convention::Standing,
};
use relais_tests::{Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::*;

async fn update(by: &Session, convention: Convention, paths: &[&str]) -> Result<Convention, Status> {
    let paths = paths.iter().map(ToString::to_string).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    let request = UpdateConventionRequest { convention: Some(convention), update_mask, request_id: request_id() };
    Ok(by.conventions().update_convention(request).await?.into_inner().convention.unwrap_or_default())
}

#[tokio::test]
async fn a_draft_is_edited_until_it_is_signed() -> Result<()> {
    let partners = Partners::meet().await?;
    let entered = draft(&partners.coordinator, "", terms(&partners, 0, 100)).await?;
    let named = Convention { display_name: "Named".into(), terms: None, ..entered.clone() };
    let named = update(&partners.coordinator, named, &["display_name"]).await?;
    assert_eq!((named.display_name.as_str(), &named.terms, named.etag.as_str()), ("Named", &entered.terms, "2"));
    let longer = Convention { terms: Some(terms(&partners, 0, 200)), ..named.clone() };
    let longer = update(&partner(&partners)?, longer, &["terms"]).await?;
    assert_eq!((longer.last_day, longer.display_name.as_str()), (told(&partners, 200), "Named"));
    assert_eq!(get(&partners.lab, &entered.name).await?, longer);
    // Whoever saw an older one is told so, and what is no agreement is told by field.
    let stale = update(&partners.coordinator, named, &["display_name"]).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let wrong = Convention { terms: Some(terms(&partners, 0, -1)), ..longer.clone() };
    assert_eq!(
        violations(&update(&partners.coordinator, wrong, &[]).await.unwrap_err()),
        ["convention.terms.end_date"]
    );
    let unknown = update(&partners.coordinator, longer.clone(), &["state"]).await.unwrap_err();
    assert_eq!(violations(&unknown), ["update_mask"]);
    let open = versions(&partners.lab, &entered.name).await?;
    assert_eq!((open.len(), open[0].version, open[0].signature_date), (1, 2, None));

    let signed = sign(&partners.coordinator, &longer, partners.today).await?;
    assert_eq!((signed.terms_version, &signed.terms), (2, &longer.terms), "as it was edited");
    assert_eq!(submit(&partners, &signed.name, 150).await?.convention_version, 2);
    // A version that is signed does not change.
    let edited = Convention { terms: Some(terms(&partners, 0, 300)), ..signed.clone() };
    let refused = update(&partners.coordinator, edited, &["terms"]).await.unwrap_err();
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, vec!["convention-signed".to_string()]));
    assert_eq!(get(&partners.coordinator, &signed.name).await?, signed);
    partners.world.end().await
}

#[tokio::test]
async fn nobody_edits_themselves_out_of_a_draft() -> Result<()> {
    let partners = Partners::meet().await?;
    let other = partnership::organisation(&partners.operator, "Third").await?;
    let entered = draft(&partners.coordinator, "", terms(&partners, 0, 100)).await?;
    let theirs = Some(partnership::terms(&other, &partners.provider, partners.today));
    let refused = update(&partners.coordinator, Convention { terms: theirs, ..entered.clone() }, &["terms"]).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(get(&partners.coordinator, &entered.name).await?, entered);
    partners.world.end().await
}

#[tokio::test]
async fn an_amendment_judges_from_its_day_on_once_it_is_signed() -> Result<()> {
    let partners = Partners::meet().await?;
    let first = get(&partners.coordinator, &partners.convention).await?;
    assert_eq!(first.standing(), Standing::InForce);
    let before = submit(&partners, &first.name, 50).await?;
    let eligibility = Some(Eligibility { patient_wish: true, ..Eligibility::default() });
    let wished = Terms { eligibility, ..terms(&partners, -200, 1000) };
    let amended = amend(&partners.coordinator, amendment(&first, wished.clone(), told(&partners, 30))).await?;
    let open = amended.amendment.clone().unwrap_or_default();
    assert_eq!((open.version, open.effective_date, open.signature_date), (2, told(&partners, 30), None));
    assert_eq!((amended.terms_version, &amended.terms), (1, &first.terms), "nothing is in force of it");
    assert_eq!(get(&partners.lab, &first.name).await?, amended, "the other partner sees what is to be signed");
    assert_eq!(submit(&partners, &first.name, 50).await?.convention_version, 1);

    let signed = sign(&partner(&partners)?, &amended, partners.today).await?;
    assert_eq!((signed.terms_version, &signed.amendment, signed.last_day), (2, &None, told(&partners, 1000)));
    assert_eq!(submit(&partners, &first.name, 29).await?.convention_version, 1, "its day has not come");
    let refused = submit(&partners, &first.name, 30).await.unwrap_err();
    assert_eq!(rules(&refused), ["not-eligible"], "from its first day on it asks for more");
    let wish = Referral { patient_wish: true, ..ask(&partners, &first.name, 950) };
    let sent = partners.desk.referrals().submit_referral(partners.request(wish)).await?.into_inner();
    assert_eq!(sent.referral.map(|sent| sent.convention_version), Some(2), "and goes on longer");
    let listed = versions(&partners.lab, &first.name).await?;
    let numbers: Vec<_> = listed.iter().map(|version| (version.version, version.effective_date)).collect();
    assert_eq!(numbers, [(1, told(&partners, -200)), (2, told(&partners, 30))]);
    assert_eq!(listed[0].terms, first.terms);
    // What was admitted names what admitted it.
    assert_eq!(before.convention_version, 1);
    partners.world.end().await
}

#[tokio::test]
async fn two_partners_who_amend_at_once_enter_one_amendment() -> Result<()> {
    let partners = Partners::meet().await?;
    let first = get(&partners.coordinator, &partners.convention).await?;
    let lab = partner(&partners)?;
    for checked in [false, true] {
        let now = get(&partners.coordinator, &first.name).await?;
        let seen = if checked { now } else { Convention { etag: String::new(), ..now } };
        let one = amendment(&seen, terms(&partners, -200, 1000), told(&partners, 10));
        let two = amendment(&seen, terms(&partners, -200, 1100), told(&partners, 10));
        let (one, two) = tokio::join!(amend(&partners.coordinator, one), amend(&lab, two));
        let (won, lost) = match (one, two) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => anyhow::bail!("{both:?}"),
        };
        if checked {
            assert_eq!(lost.code(), Code::Aborted);
        } else {
            assert_eq!((lost.code(), rules(&lost)), (Code::FailedPrecondition, vec!["amendment-open".to_string()]));
        }
        assert_eq!(get(&lab, &first.name).await?, won);
        let request = DiscardAmendmentRequest { name: first.name.clone(), etag: won.etag, request_id: request_id() };
        let back = lab.conventions().discard_amendment(request).await?.into_inner().convention.unwrap_or_default();
        assert_eq!((back.amendment, &back.terms), (None, &first.terms));
    }
    let name = first.name.clone();
    let request = DiscardAmendmentRequest { name, request_id: request_id(), ..Default::default() };
    let nothing = lab.conventions().discard_amendment(request).await.unwrap_err();
    assert_eq!(rules(&nothing), ["no-amendment"]);
    partners.world.end().await
}

#[tokio::test]
async fn what_an_amendment_may_not_change_is_told_all_at_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let first = get(&partners.coordinator, &partners.convention).await?;
    let third = partnership::organisation(&partners.operator, "Third").await?;
    let mut others = terms(&partners, -100, 0);
    others.end_date = told(&partners, -1);
    others.parties[0].organisation = third;
    others.lines[0].per = relais_proto::convention::v1::line::Per::Month.into();
    let refused = amend(&partners.coordinator, amendment(&first, others, told(&partners, 1))).await.unwrap_err();
    let all = [
        "amendment-keeps-start",
        "amendment-keeps-parties",
        "amendment-keeps-lines",
        "amendment-effective-date",
        "amendment-ends-in-past",
    ];
    assert_eq!((refused.code(), rules(&refused)), (Code::FailedPrecondition, all.map(String::from).to_vec()));
    let early = amendment(&first, terms(&partners, -200, 900), told(&partners, -201));
    assert_eq!(rules(&amend(&partners.coordinator, early).await.unwrap_err()), ["amendment-effective-date"]);
    let nothing = Terms { services: Vec::new(), ..terms(&partners, -200, 900) };
    let refused = amend(&partners.coordinator, amendment(&first, nothing, told(&partners, 1))).await.unwrap_err();
    assert_eq!(violations(&refused), ["convention.terms.services"]);
    let entered = draft(&partners.coordinator, "", terms(&partners, 0, 100)).await?;
    let of_draft = amendment(&entered, terms(&partners, 0, 200), told(&partners, 1));
    assert_eq!(rules(&amend(&partners.coordinator, of_draft).await.unwrap_err()), ["convention-not-signed"]);
    let tomorrow = on(&partners, 2);
    let amended =
        amend(&partners.coordinator, amendment(&first, terms(&partners, -200, 900), told(&partners, 1))).await?;
    let future = sign(&partners.coordinator, &amended, tomorrow).await.unwrap_err();
    assert_eq!(violations(&future), ["signature_date"]);
    let stale = sign(&partners.coordinator, &first, partners.today).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    partners.world.end().await
}
