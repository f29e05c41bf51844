//! Conventions: entered, signed, seen by their parties.

use anyhow::Result;
use relais_proto::convention::v1::{
    Convention, CreateConventionRequest, GetConventionRequest, ListConventionsRequest, SignConventionRequest, Terms,
    convention,
};
use relais_tests::{Session, date, partnership, request_id, rules, violations};
use tonic::Code;

use crate::partners::Partners;

async fn get(session: &Session, name: &str) -> Result<Convention, tonic::Status> {
    let answer = session.conventions().get_convention(GetConventionRequest { name: name.into() }).await?;
    Ok(answer.into_inner().convention.unwrap_or_default())
}

#[tokio::test]
async fn a_draft_is_signed_once_and_read_by_its_parties() -> Result<()> {
    let partners = Partners::meet().await?;
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, terms.clone()).await?;
    assert_eq!((draft.state(), draft.terms_version, draft.terms.as_ref()), (convention::State::Draft, 0, Some(&terms)));
    let signed = partnership::sign(&partners.coordinator, draft.clone(), partners.today).await?;
    assert_eq!((signed.state(), signed.terms_version, signed.terms), (convention::State::Signed, 1, Some(terms)));
    let late = partnership::sign(&partners.coordinator, draft, partners.today).await.unwrap_err();
    assert_eq!(late.downcast_ref::<tonic::Status>().map(tonic::Status::code), Some(Code::Aborted));
    let request = SignConventionRequest {
        name: signed.name.clone(),
        signature_date: Some(date(partners.today)),
        request_id: request_id(),
        ..SignConventionRequest::default()
    };
    let again = partners.coordinator.conventions().sign_convention(request).await.unwrap_err();
    assert_eq!(rules(&again), ["convention-not-draft"]);

    assert_eq!(get(&partners.lab, &signed.name).await?.state(), convention::State::Signed);
    assert_eq!(get(&partners.stranger, &signed.name).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn a_list_shows_the_own_conventions() -> Result<()> {
    let partners = Partners::meet().await?;
    for (session, expected) in [(&partners.lab, 1), (&partners.stranger, 0), (&partners.operator, 1)] {
        let list = session.conventions().list_conventions(ListConventionsRequest::default()).await?.into_inner();
        assert_eq!(list.conventions.len(), expected);
    }
    partners.world.end().await
}

#[tokio::test]
async fn terms_that_are_no_agreement_are_told_all_at_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let good = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let terms = Terms {
        parties: vec![good.parties[0].clone(), good.parties[0].clone()],
        services: vec![],
        start_date: good.end_date,
        end_date: good.start_date,
        ..good.clone()
    };
    let convention = |terms| Some(Convention { display_name: "c".into(), terms: Some(terms), ..Convention::default() });
    let mut client = partners.coordinator.conventions();
    let request = CreateConventionRequest { convention: convention(terms), request_id: request_id() };
    let refused = client.create_convention(request).await.unwrap_err();
    let expected = ["parties", "parties", "services", "end_date"].map(|field| format!("convention.terms.{field}"));
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, expected.to_vec()));

    let mut unknown = good;
    unknown.parties[1].organisation = format!("organisations/{}", uuid::Uuid::now_v7());
    let request = CreateConventionRequest { convention: convention(unknown), request_id: request_id() };
    assert_eq!(violations(&client.create_convention(request).await.unwrap_err()), ["convention.terms.parties"]);
    partners.world.end().await
}

#[tokio::test]
async fn only_a_party_or_the_network_enters_a_convention() -> Result<()> {
    let partners = Partners::meet().await?;
    let other = partnership::organisation(&partners.operator, "Third").await?;
    let terms = partnership::terms(&other, &partners.provider, partners.today);
    assert!(partnership::draft(&partners.coordinator, terms.clone()).await.is_err());
    partnership::draft(&partners.operator, terms).await?;
    partners.world.end().await
}

#[tokio::test]
async fn the_database_lets_nobody_change_terms() -> Result<()> {
    let partners = Partners::meet().await?;
    let runtime = sqlx::PgPool::connect(partners.world.settings.database.url.expose()).await?;
    for statement in [
        "UPDATE referral.convention_terms SET end_date = '2100-01-01'",
        "DELETE FROM referral.convention_party",
        "UPDATE referral.referral_transition SET state = 'submitted'",
        "DELETE FROM referral.audit",
        "CREATE TABLE referral.mine (id int)",
    ] {
        let refused = sqlx::query(statement).execute(&runtime).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refused}");
    }
    runtime.close().await;
    partners.world.end().await
}
