//! Events of a later version: fields that this one does not know are no fault, and are not lost on the way.

use anyhow::Result;
use relais_platform::{broker::envelope::Envelope, events::Event};
use relais_proto::{events::v1::AppointmentProposed, operations::v1::RepublishEventsRequest};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, Told, World, message, request_id};
use uuid::Uuid;

use super::{APPOINTMENTS, PARKED, REFUSE, RELENT};

/// Field 1000, a text, as a later version would add it.
const LATER: &[u8] = b"\xc2\x3e\x05later";

fn with_later_field(envelope: Envelope) -> Envelope {
    Envelope { payload: [&envelope.payload, LATER].concat(), ..envelope }
}

#[tokio::test]
async fn an_unknown_field_is_passed_over_and_kept_by_what_is_held_back() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("DDDD-EEEE-FFF");
    world.tap.send(&with_later_field(message(told.id.0, 1, told.submitted()))).await?;
    world.until_count(APPOINTMENTS, 1).await?;

    // What fails for a while is kept as it came, and applied as it came.
    sqlx::query(REFUSE).execute(&world.database).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    let sent = with_later_field(message(told.id.0, 1, told.submitted()));
    world.tap.send(&sent).await?;
    world.until_count("SELECT count(*) FROM retry", 1).await?;
    let kept: Vec<u8> = sqlx::query_scalar("SELECT payload FROM retry").fetch_one(&world.database).await?;
    assert_eq!(kept, sent.payload);
    sqlx::query(RELENT).execute(&world.database).await?;
    world.until_count(APPOINTMENTS, 2).await?;
    world.until_count(PARKED, 0).await?;
    world.end().await
}

#[tokio::test]
async fn an_unknown_field_is_published_and_published_again_as_it_was_written() -> Result<()> {
    let mut world = World::<Scheduling>::start().await?;
    let id = Uuid::now_v7();
    let event = AppointmentProposed { appointment: format!("appointments/{id}"), referral: String::new() };
    let written = with_later_field(message(id, 1, event.clone()));
    let insert = "INSERT INTO outbox (id, type, aggregate_kind, aggregate_id, version, time, payload)
                  VALUES ($1, $2, $3, $4, 1, now(), $5)";
    let query = sqlx::query(insert).bind(written.id).bind(&written.type_name).bind(written.aggregate_kind());
    query.bind(id).bind(&written.payload).execute(&world.database).await?;
    let (published, read) = world.tap.next().await?;
    assert_eq!((published.payload.as_slice(), read), (written.payload.as_slice(), Event::from(event)));
    // The relay commits after it has published.
    world.until_count("SELECT count(*) FROM outbox", 0).await?;

    let operator = world.session(&Identity::new("operator", "operator"))?;
    let hour_ago = relais_platform::clock::machine_now() - chrono::TimeDelta::hours(1);
    let start_time = Some(relais_platform::calls::check::time_to_proto(hour_ago));
    let request = RepublishEventsRequest { start_time, request_id: request_id(), ..Default::default() };
    assert_eq!(operator.operations().republish_events(request).await?.into_inner().events, 1);
    let (again, _) = world.tap.next().await?;
    assert_eq!((again.id, again.payload), (written.id, written.payload));
    world.end().await
}
