//! Sessions of members at this service.

use anyhow::Result;
use relais_proto::network::v1::{Member, UpdateMemberRequest, member::Role};
use relais_tests::{partnership, request_id, rules};
use tonic::Code;

use super::{House, accept, bare, invite_administrator, reason, session, start};

#[tokio::test]
async fn a_session_has_the_members_rights_and_the_audit_names_the_person() -> Result<()> {
    let house = House::open().await?;
    let unit = partnership::care_centre(&house.admin, &house.organisation).await?;
    let bob = house.join("bob", &[Role::Desk]).await?;
    let member = Some(Member { unit: unit.clone(), ..bob });
    let request = UpdateMemberRequest { member, update_mask: None, request_id: request_id() };
    house.admin.members().update_member(request).await?;
    let desk = session(&house.world, "bob", &house.organisation).await?;
    partnership::patient(&desk).await?;
    assert!(partnership::care_centre(&desk, &house.organisation).await.is_err(), "a desk administers nothing");
    // Who runs the installation alone brings organisations in.
    assert!(partnership::organisation(&house.admin, "Mine").await.is_err());
    let row: (String, Option<uuid::Uuid>, String) =
        sqlx::query_as("SELECT caller, unit, outcome FROM audit WHERE action LIKE '%/CreatePatient'")
            .fetch_one(&house.world.database)
            .await?;
    let unit = unit.rsplit('/').next().and_then(|id| id.parse().ok());
    assert_eq!(row, ("https://issuer.relais.invalid|bob".into(), unit, "changed".into()));
    house.world.end().await
}

#[tokio::test]
async fn a_person_of_several_organisations_says_for_which_one() -> Result<()> {
    let house = House::open().await?;
    let other = partnership::organisation(&house.operator, "Another").await?;
    let invited = invite_administrator(&house.operator, &other, false).await?;
    let alice = bare(&house.world, "alice")?;
    accept(&alice, &invited.secret).await?;
    let refused = start(&alice, "").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "SEVERAL_MEMBERSHIPS"));
    let (mut told, mut expected) = (rules(&refused), vec![house.organisation.clone(), other.clone()]);
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    for organisation in [&house.organisation, &other] {
        let started = start(&alice, organisation).await?;
        let name = started.member.unwrap_or_default().name;
        assert!(name.starts_with(organisation.as_str()), "{name}");
    }
    let nowhere = format!("organisations/{}", uuid::Uuid::now_v7());
    assert_eq!(start(&alice, &nowhere).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(start(&alice, "organisations/x").await.unwrap_err().code(), Code::InvalidArgument);
    house.world.end().await
}
