//! What an admin does with members.

use anyhow::Result;
use prost_types::FieldMask;
use relais_proto::network::v1::{
    GetMemberRequest, ListMembersRequest, Member, RemoveMemberRequest, RestoreMemberRequest, SuspendMemberRequest,
    UpdateMemberRequest, member::Role, member::State,
};
use relais_tests::{Identity, Session, partnership, request_id, violations};
use tonic::{Code, Status};

use super::{House, bare, reason, session, start};

async fn suspend(by: &Session, name: &str) -> Result<Member, Status> {
    let request = SuspendMemberRequest { name: name.into(), request_id: request_id(), ..Default::default() };
    Ok(by.members().suspend_member(request).await?.into_inner().member.unwrap_or_default())
}

async fn restore(by: &Session, name: &str) -> Result<Member, Status> {
    let request = RestoreMemberRequest { name: name.into(), request_id: request_id(), ..Default::default() };
    Ok(by.members().restore_member(request).await?.into_inner().member.unwrap_or_default())
}

async fn remove(by: &Session, name: &str) -> Result<Member, Status> {
    let request = RemoveMemberRequest { name: name.into(), request_id: request_id(), ..Default::default() };
    Ok(by.members().remove_member(request).await?.into_inner().member.unwrap_or_default())
}

async fn update(by: &Session, member: Member, paths: &[&str]) -> Result<Member, Status> {
    let update_mask = Some(FieldMask { paths: paths.iter().map(|path| (*path).to_string()).collect() });
    let request = UpdateMemberRequest { member: Some(member), update_mask, request_id: request_id() };
    Ok(by.members().update_member(request).await?.into_inner().member.unwrap_or_default())
}

fn with_roles(member: &Member, roles: &[Role]) -> Member {
    Member { roles: roles.iter().map(|role| (*role).into()).collect(), ..member.clone() }
}

fn assert_last(answered: Result<Member, Status>) {
    let status = answered.err().unwrap_or_else(|| Status::ok("it was done"));
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "LAST_ADMINISTRATOR"));
    assert!(status.message().contains("last active admin"), "{}", status.message());
}

#[tokio::test]
async fn the_last_admin_is_not_removed_suspended_or_demoted() -> Result<()> {
    let house = House::open().await?;
    let alice = &house.alice;
    assert_last(suspend(&house.admin, &alice.name).await);
    assert_last(remove(&house.admin, &alice.name).await);
    assert_last(update(&house.admin, with_roles(alice, &[Role::Coordinator]), &["roles"]).await);
    // Who was invited as one, or is suspended, counts for none.
    super::invite(&house.admin, &house.organisation, &[Role::Admin]).await?;
    let bob = house.join("bob", &[Role::Admin]).await?;
    suspend(&house.admin, &bob.name).await?;
    assert_last(remove(&house.admin, &alice.name).await);
    restore(&house.admin, &bob.name).await?;
    let demoted = update(&house.admin, with_roles(alice, &[Role::Coordinator]), &["roles"]).await?;
    assert_eq!(demoted.roles, [Role::Coordinator as i32]);
    house.world.end().await
}

#[tokio::test]
async fn of_two_admins_who_suspend_each_other_at_once_one_stays() -> Result<()> {
    let house = House::open().await?;
    let bob = house.join("bob", &[Role::Admin]).await?;
    // Whatever version they are at.
    let alice = Member { etag: String::new(), ..house.alice.clone() };
    let (alices, bobs) = (&house.admin, &session(&house.world, "bob", "").await?);
    for round in 0..10 {
        let (by_alice, by_bob) = tokio::join!(suspend(alices, &bob.name), unseat(bobs, &alice, round));
        let count = "SELECT count(*) FROM member WHERE state = 'active' AND 'admin' = ANY (roles)";
        assert_eq!(house.world.count(count).await?, 1, "round {round}: {by_alice:?}, {by_bob:?}");
        let lost = match (by_alice, by_bob) {
            (Ok(_), lost @ Err(_)) => {
                restore(alices, &bob.name).await?;
                lost
            }
            (lost @ Err(_), Ok(_)) => {
                let back = match round % 2 {
                    0 => restore(bobs, &alice.name).await?,
                    _ => update(bobs, with_roles(&alice, &[Role::Admin]), &["roles"]).await?,
                };
                assert_eq!(back.state(), State::Active);
                lost
            }
            both => anyhow::bail!("round {round}: {both:?}"),
        };
        assert_last(lost);
    }
    house.world.end().await
}

/// One way and another of losing an admin.
async fn unseat(by: &Session, whom: &Member, round: u32) -> Result<Member, Status> {
    match round % 2 {
        0 => suspend(by, &whom.name).await,
        _ => update(by, with_roles(whom, &[Role::Desk]), &["roles"]).await,
    }
}

#[tokio::test]
async fn a_suspended_member_gets_no_session_and_a_removed_one_never_again() -> Result<()> {
    let house = House::open().await?;
    let bob = house.join("bob", &[Role::Desk]).await?;
    let person = bare(&house.world, "bob")?;
    start(&person, &house.organisation).await?;
    assert_eq!(suspend(&house.admin, &bob.name).await?.state(), State::Suspended);
    let suspended = start(&person, &house.organisation).await.unwrap_err();
    // A stranger hears the same.
    let stranger = start(&bare(&house.world, "stranger")?, &house.organisation).await.unwrap_err();
    assert_eq!((suspended.code(), suspended.message()), (Code::PermissionDenied, stranger.message()));
    assert_eq!(start(&person, "").await.unwrap_err().message(), stranger.message());
    let twice = suspend(&house.admin, &bob.name).await.unwrap_err();
    assert_eq!((twice.code(), reason(&twice).as_str()), (Code::FailedPrecondition, "MEMBER_STATE"));
    restore(&house.admin, &bob.name).await?;
    start(&person, &house.organisation).await?;
    let removed = remove(&house.admin, &bob.name).await?;
    assert_eq!((removed.state(), removed.subject.as_str()), (State::Left, "bob"));
    assert_eq!(start(&person, &house.organisation).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(restore(&house.admin, &bob.name).await.is_err());
    // Somebody who left may be invited anew.
    house.join("bob", &[Role::Desk]).await?;
    start(&person, &house.organisation).await?;
    let kept = "SELECT count(*) FROM member_version WHERE actor = 'https://issuer.relais.invalid|alice'";
    assert_eq!(house.world.count(kept).await?, 6);
    house.world.end().await
}

#[tokio::test]
async fn a_member_is_changed_by_fields_once_and_as_it_was_seen() -> Result<()> {
    let house = House::open().await?;
    let unit = partnership::care_centre(&house.admin, &house.organisation).await?;
    let doctor = house.practitioner(1).await?;
    let bob = house.join("bob", &[Role::Desk]).await?;
    let given = Member { unit: unit.clone(), practitioner: doctor.clone(), ..with_roles(&bob, &[Role::Clinician]) };
    let changed = update(&house.admin, given.clone(), &["unit", "practitioner"]).await?;
    assert_eq!((&changed.unit, &changed.practitioner, &changed.roles), (&unit, &doctor, &bob.roles));
    let stale = update(&house.admin, given.clone(), &[]).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let current = Member { etag: changed.etag.clone(), ..given };
    let request = UpdateMemberRequest { member: Some(current), update_mask: None, request_id: request_id() };
    let first = house.admin.members().update_member(request.clone()).await?.into_inner();
    suspend(&house.admin, &bob.name).await?;
    // The same again answers as it was then.
    assert_eq!(house.admin.members().update_member(request).await?.into_inner(), first);
    let wrong = update(&house.admin, changed, &["state", "roles"]).await.unwrap_err();
    assert_eq!(violations(&wrong), ["update_mask"]);
    // An entry of the register is one member's.
    let carol = house.join("carol", &[Role::Clinician]).await?;
    let taken = update(&house.admin, Member { practitioner: doctor, ..carol }, &["practitioner"]).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    house.world.end().await
}

#[tokio::test]
async fn members_are_their_organisations_admins_to_see() -> Result<()> {
    let house = House::open().await?;
    let bob = house.join("bob", &[Role::Desk]).await?;
    let other = partnership::organisation(&house.operator, "Another").await?;
    let stranger = house.world.session(&Identity::new("stranger", "admin").of(&other))?;
    let get = |name: &str| GetMemberRequest { name: name.into() };
    let refused = stranger.members().get_member(get(&bob.name)).await.unwrap_err();
    let nobody = format!("{}/members/{}", house.organisation, uuid::Uuid::now_v7());
    let absent = stranger.members().get_member(get(&nobody)).await.unwrap_err();
    assert_eq!((refused.code(), absent.code()), (Code::NotFound, Code::NotFound));
    assert_eq!(refused.message().replace(&bob.name, ""), absent.message().replace(&nobody, ""));
    assert_eq!(suspend(&stranger, &bob.name).await.unwrap_err().code(), Code::NotFound);
    // Under the own organisation's name, another's member is absent, too.
    let moved = bob.name.replace(&house.organisation, &other);
    assert_eq!(remove(&stranger, &moved).await.unwrap_err().code(), Code::NotFound);
    let desk = session(&house.world, "bob", "").await?;
    assert_eq!(desk.members().get_member(get(&bob.name)).await.unwrap_err().code(), Code::PermissionDenied);
    let list = ListMembersRequest { parent: house.organisation.clone(), page_size: 1, ..Default::default() };
    assert_eq!(stranger.members().list_members(list.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    let first = house.admin.members().list_members(list.clone()).await?.into_inner();
    let next = ListMembersRequest { page_token: first.next_page_token, ..list };
    let second = house.admin.members().list_members(next).await?.into_inner();
    let named: Vec<_> = first.members.into_iter().chain(second.members).map(|member| member.name).collect();
    assert_eq!((named, second.next_page_token.as_str()), (vec![bob.name, house.alice.name.clone()], ""));
    house.world.end().await
}
