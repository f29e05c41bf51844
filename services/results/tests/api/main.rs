//! The results service through real clients and real messages, on real PostgreSQL and RabbitMQ.

mod attachments;
mod opened_file;
mod orders;
mod quarantine;
mod releases;
mod reports;
mod rotate;
mod stage;

use anyhow::Result;
use relais_platform::{Service as _, calls::rules, events::Event};
use relais_proto::results::v1::{GetOrderRequest, ListOrdersRequest, Order, order::State};
use relais_results::Results;
use relais_tests::{Identity, Session, Told, World, violations};
use tonic::Code;

async fn list(session: &Session, referral: &str) -> Result<Vec<Order>, tonic::Status> {
    let request = ListOrdersRequest { referral: referral.into(), ..ListOrdersRequest::default() };
    Ok(session.results().list_orders(request).await?.into_inner().orders)
}

#[test]
fn every_rpc_has_a_rule() {
    let methods = relais_tests::methods(Results::GRPC);
    assert_eq!(methods.len(), 18, "{methods:?}");
    assert_eq!(rules::missing(Results::RULES, &methods), Vec::<String>::new());
}

#[tokio::test]
async fn a_submitted_referral_opens_an_order_and_a_cancelled_one_withdraws_it() -> Result<()> {
    let mut world = World::<Results>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.next().await?;
    let (envelope, event) = world.tap.next().await?;
    let Event::OrderDrafted(opened) = event else { panic!("{event:?}") };
    assert_eq!((opened.referral, envelope.version), (told.id.to_string(), 1));
    let receiver = world.session(&told.receiver().and("clinician"))?;
    let found = list(&receiver, &told.id.to_string()).await?;
    assert_eq!((found.len(), found[0].state(), &found[0].name), (1, State::Draft, &opened.order));
    assert_eq!(found[0].referral_number, "AAAA-BBBB-CCC");

    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.tap.next().await?;
    let (envelope, event) = world.tap.next().await?;
    assert!(matches!(event, Event::OrderRevoked(_)) && envelope.version == 2, "{event:?}");
    assert_eq!(list(&receiver, "").await?[0].state(), State::Revoked);
    world.end().await
}

#[tokio::test]
async fn referrer_and_provider_see_an_order_and_a_coordinator_does_not() -> Result<()> {
    let world = World::<Results>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM service_order", 1).await?;
    let name = list(&world.session(&told.sender().and("clinician"))?, "").await?[0].name.clone();
    world
        .session(&told.receiver().and("clinician"))?
        .results()
        .get_order(GetOrderRequest { name: name.clone() })
        .await?;
    for other in [told.overseer(), Told::stranger()] {
        let other = world.session(&other.and("clinician"))?;
        assert_eq!(list(&other, "").await?, []);
        let status = other.results().get_order(GetOrderRequest { name: name.clone() }).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, format!("{name} was not found").as_str()));
    }
    // Of the parties themselves, whoever does not treat is refused before anything is looked up.
    for role in ["desk", "coordinator", "admin", "referent"] {
        let session = world.session(&Identity::new("own", role).of(&told.provider.to_string()))?;
        let status = session.results().get_order(GetOrderRequest { name: name.clone() }).await.unwrap_err();
        let listing = list(&session, "").await.unwrap_err();
        assert_eq!((status.code(), listing.code()), (Code::PermissionDenied, Code::PermissionDenied), "{role}");
    }
    world.end().await
}

#[tokio::test]
async fn bad_names_are_told_by_field() -> Result<()> {
    let world = World::<Results>::start().await?;
    let stranger = world.session(&Told::stranger().and("clinician"))?;
    let status = stranger.results().get_order(GetOrderRequest { name: "orders".into() }).await.unwrap_err();
    assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec!["name".to_string()]));
    assert_eq!(violations(&list(&stranger, "x").await.unwrap_err()), ["referral"]);
    world.end().await
}
