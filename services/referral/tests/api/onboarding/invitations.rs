//! Invitations: once, within 14 days, for who has the secret.

use anyhow::Result;
use chrono::TimeDelta;
use futures::future::join_all;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    network::v1::{AcceptInvitationRequest, Member, member::Role, member::State},
    operations::v1::AdvanceClockRequest,
};
use relais_tests::{Identity, request_id, violations};
use tonic::{Code, Status};

use super::{House, accept, bare, invitation, invite, invite_administrator, reason, start};

/// That nothing tells why.
fn assert_shut(answered: Result<Member, Status>, what: &str) {
    let status = answered.err().unwrap_or_else(|| Status::ok("it opened"));
    let told = (status.code(), reason(&status), status.message());
    let expected = "the invitation does not open: ask for a new one";
    assert_eq!(told, (Code::PermissionDenied, "INVITATION_INVALID".to_string(), expected), "{what}");
}

/// The same invitation, another secret.
fn guess(secret: &str) -> String {
    let last = if secret.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &secret[..63])
}

#[tokio::test]
async fn an_invitation_opens_once_however_many_try_at_once() -> Result<()> {
    let house = House::open().await?;
    let made = invite(&house.admin, &house.organisation, &[Role::Desk]).await?;
    let people = (0..10).map(|n| bare(&house.world, &format!("person {n}"))).collect::<Result<Vec<_>>>()?;
    let tries = join_all(people.iter().map(|person| accept(person, &made.secret))).await;
    let (opened, shut): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(opened.len(), 1);
    shut.into_iter().for_each(|answered| assert_shut(answered, "used at once"));
    for person in &people {
        assert_shut(accept(person, &made.secret).await, "used");
    }
    assert_eq!(house.world.count("SELECT count(*) FROM member WHERE state = 'active'").await?, 2);
    house.world.end().await
}

#[tokio::test]
async fn the_same_acceptance_again_answers_the_same() -> Result<()> {
    let house = House::open().await?;
    let made = invite(&house.admin, &house.organisation, &[Role::Desk]).await?;
    let bob = bare(&house.world, "bob")?;
    let request = AcceptInvitationRequest { secret: made.secret.clone(), request_id: request_id() };
    let first = bob.members().accept_invitation(request.clone()).await?.into_inner();
    assert_eq!(bob.members().accept_invitation(request).await?.into_inner(), first);
    let member = first.member.unwrap_or_default();
    assert_eq!((member.state(), member.subject.as_str()), (State::Active, "bob"));
    assert_shut(accept(&bob, &made.secret).await, "used by the same person");
    house.world.end().await
}

#[tokio::test]
async fn guesses_are_counted_and_five_lock_the_invitation() -> Result<()> {
    let house = House::open().await?;
    let bob = bare(&house.world, "bob")?;
    let made = invite(&house.admin, &house.organisation, &[Role::Desk]).await?;
    for n in 0..4 {
        assert_shut(accept(&bob, &guess(&made.secret)).await, &format!("guess {n}"));
    }
    // What names no invitation locks none.
    for wrong in ["", "x", &made.secret[1..], &"f".repeat(64), &"é".repeat(32), &"f".repeat(100_000)] {
        assert_shut(accept(&bob, wrong).await, &wrong.chars().take(70).collect::<String>());
    }
    assert_eq!(accept(&bob, &made.secret).await?.state(), State::Active);
    // Of many guesses at once, five count.
    let made = invite(&house.admin, &house.organisation, &[Role::Desk]).await?;
    let (eve, wrong) = (bare(&house.world, "eve")?, guess(&made.secret));
    let guesses = join_all((0..20).map(|_| accept(&eve, &wrong))).await;
    guesses.into_iter().for_each(|answered| assert_shut(answered, "guesses at once"));
    assert_shut(accept(&eve, &made.secret).await, "locked");
    assert_eq!(house.world.count("SELECT max(wrong_secrets)::bigint FROM member").await?, 5);
    let audited = "SELECT count(*) FROM audit WHERE action LIKE '%/AcceptInvitation' AND outcome = 'refused'";
    assert_eq!(house.world.count(audited).await?, 31);
    house.world.end().await
}

#[tokio::test]
async fn an_invitation_expires_and_is_replaced() -> Result<()> {
    let house = House::open().await?;
    let other = relais_tests::partnership::organisation(&house.operator, "Another").await?;
    let made = invite_administrator(&house.operator, &other, false).await?;
    let late = house.world.issuer();
    let until = (machine_now() + TimeDelta::days(60)).timestamp();
    let bob = house.world.session_with(&late.token_until(&Identity::bare("bob"), until)?)?;
    let operator = house.world.session_with(&late.token_until(&Identity::new("operator", "operator"), until)?)?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::days(14)));
    house.operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    assert_shut(accept(&bob, &made.secret).await, "expired");
    // No longer open, so it need not be replaced by name.
    let again = invite_administrator(&operator, &other, false).await?;
    assert_eq!(accept(&bob, &again.secret).await?.state(), State::Active);
    house.world.end().await
}

#[tokio::test]
async fn an_organisation_has_one_first_administrator() -> Result<()> {
    let house = House::open().await?;
    let refused = invite_administrator(&house.operator, &house.organisation, true).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ADMINISTERED"));
    let other = relais_tests::partnership::organisation(&house.operator, "Another").await?;
    let lost = invite_administrator(&house.operator, &other, false).await?;
    let refused = invite_administrator(&house.operator, &other, false).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "INVITATION_OPEN"));
    let found = invite_administrator(&house.operator, &other, true).await?;
    let bob = bare(&house.world, "bob")?;
    assert_shut(accept(&bob, &lost.secret).await, "replaced");
    accept(&bob, &found.secret).await?;
    // An admin brings nobody in.
    let refused = invite_administrator(&house.admin, &other, true).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let nowhere = format!("organisations/{}", uuid::Uuid::now_v7());
    let refused = invite_administrator(&house.operator, &nowhere, false).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    house.world.end().await
}

#[tokio::test]
async fn who_is_a_member_already_is_told_so_and_the_invitation_stays_open() -> Result<()> {
    let house = House::open().await?;
    let made = invite(&house.admin, &house.organisation, &[Role::Desk]).await?;
    let refused = accept(&bare(&house.world, "alice")?, &made.secret).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ALREADY_MEMBER"));
    accept(&bare(&house.world, "bob")?, &made.secret).await?;
    house.world.end().await
}

#[tokio::test]
async fn the_secret_is_told_once_and_kept_nowhere() -> Result<()> {
    let house = House::open().await?;
    let request = invitation(&house.organisation, &[Role::Desk, Role::Referent]);
    let made = house.admin.members().invite_member(request.clone()).await?.into_inner();
    let again = house.admin.members().invite_member(request).await?.into_inner();
    assert_eq!((again.secret.as_str(), again.member), ("", made.member));
    for table in ["SELECT m::text FROM member m", "SELECT v::text FROM member_version v", "SELECT a::text FROM audit a"]
    {
        let rows: Vec<String> = sqlx::query_scalar(table).fetch_all(&house.world.database).await?;
        assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains(&made.secret[32..])), "{table}");
    }
    house.world.end().await
}

#[tokio::test]
async fn a_token_that_names_an_organisation_accepts_nothing() -> Result<()> {
    let house = House::open().await?;
    let made = invite(&house.admin, &house.organisation, &[Role::Admin]).await?;
    let desk = house.world.session(&Identity::new("bob", "desk").of(&house.organisation))?;
    for caller in [&desk, &house.admin] {
        assert_eq!(accept(caller, &made.secret).await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(start(caller, &house.organisation).await.unwrap_err().code(), Code::PermissionDenied);
    }
    accept(&bare(&house.world, "bob")?, &made.secret).await?;
    house.world.end().await
}

#[tokio::test]
async fn nobody_is_made_more_than_an_organisation_can() -> Result<()> {
    let house = House::open().await?;
    // The numbers after the last role: operator, network, service and partner have none.
    for roles in
        [vec![], vec![0], vec![9], vec![8, 9], vec![10], vec![11], vec![12], vec![-1], vec![2, 2], vec![1; 100]]
    {
        let mut request = invitation(&house.organisation, &[]);
        request.member = request.member.map(|member| Member { roles: roles.clone(), ..member });
        let refused = house.admin.members().invite_member(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{roles:?}");
        assert!(violations(&refused).iter().all(|field| field == "member.roles"), "{roles:?}: {refused:?}");
    }
    // Nor by who looks past the service.
    let made = sqlx::query("UPDATE member SET roles = ARRAY['admin', 'operator']").execute(&house.world.database).await;
    assert!(made.is_err());
    let other = relais_tests::partnership::organisation(&house.operator, "Another").await?;
    let elsewhere = relais_tests::partnership::care_centre(&house.operator, &other).await?;
    let mut request = invitation(&house.organisation, &[Role::Desk]);
    request.member = request.member.map(|member| Member { unit: elsewhere, display_name: "\u{202e}".into(), ..member });
    let refused = house.admin.members().invite_member(request).await.unwrap_err();
    assert_eq!(violations(&refused), ["member.display_name", "member.unit"]);
    let mut request = invitation(&house.organisation, &[Role::Desk]);
    let nowhere = format!("{}/units/{}", house.organisation, uuid::Uuid::now_v7());
    request.member = request.member.map(|member| Member { unit: nowhere, ..member });
    let refused = house.admin.members().invite_member(request).await.unwrap_err();
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["member.unit".to_string()]));
    let refused = invite(&house.admin, &other, &[Role::Desk]).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    house.world.end().await
}
