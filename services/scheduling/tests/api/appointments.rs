//! What a referral does here, and who sees it.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::scheduling::v1::{Appointment, GetAppointmentRequest, ListAppointmentsRequest, appointment::State};
use relais_scheduling::Scheduling;
use relais_tests::{Session, Told, World, violations};
use tonic::Code;

async fn list(session: &Session, referral: &str) -> Result<Vec<Appointment>, tonic::Status> {
    let request = ListAppointmentsRequest { referral: referral.into(), ..ListAppointmentsRequest::default() };
    Ok(session.scheduling().list_appointments(request).await?.into_inner().appointments)
}

#[tokio::test]
async fn a_submitted_referral_opens_an_appointment_and_a_cancelled_one_gives_it_up() -> Result<()> {
    let mut world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.tap.next().await?;
    let (envelope, event) = world.tap.next().await?;
    let Event::AppointmentProposed(opened) = event else { panic!("{event:?}") };
    assert_eq!((opened.referral, envelope.version), (told.id.to_string(), 1));

    let receiver = world.session(&told.receiver())?;
    let found = list(&receiver, &told.id.to_string()).await?;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].state(), found[0].referral_number.as_str()), (State::Proposed, "AAAA-BBBB-CCC"));
    assert_eq!((&found[0].name, &found[0].provider), (&opened.appointment, &told.provider.to_string()));

    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.tap.next().await?;
    let (envelope, event) = world.tap.next().await?;
    assert!(matches!(event, Event::AppointmentCancelled(_)) && envelope.version == 2, "{event:?}");
    assert_eq!(list(&receiver, "").await?[0].state(), State::Cancelled);
    world.end().await
}

#[tokio::test]
async fn parties_see_it_and_others_do_not() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM appointment", 1).await?;
    let name = list(&world.session(&told.receiver())?, "").await?[0].name.clone();
    for party in [told.sender(), told.receiver(), told.overseer()] {
        let request = GetAppointmentRequest { name: name.clone() };
        world.session(&party)?.scheduling().get_appointment(request).await?;
    }
    let stranger = world.session(&Told::stranger())?;
    assert_eq!(list(&stranger, &told.id.to_string()).await?, []);
    let status = stranger.scheduling().get_appointment(GetAppointmentRequest { name }).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    world.end().await
}

#[tokio::test]
async fn bad_names_are_told_by_field() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let desk = world.session(&Told::stranger())?;
    let status = desk.scheduling().get_appointment(GetAppointmentRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec!["name".to_string()]));
    assert_eq!(violations(&list(&desk, "orders/1").await.unwrap_err()), ["referral"]);
    world.end().await
}
