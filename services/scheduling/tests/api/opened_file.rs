//! What an opened file opens here: that referral's appointments, for that clinician, until it ends.

use anyhow::Result;
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    operations::v1::AdvanceClockRequest,
    scheduling::v1::{Appointment, GetAppointmentRequest, ListAppointmentsRequest},
};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, Session, Told, World};
use tonic::{Code, Status};

async fn get(session: &Session, name: &str) -> Result<(), Status> {
    session.scheduling().get_appointment(GetAppointmentRequest { name: name.into() }).await.map(|_| ())
}

async fn list(session: &Session, referral: &str) -> Result<Vec<Appointment>, Status> {
    let request = ListAppointmentsRequest { referral: referral.into(), ..Default::default() };
    Ok(session.scheduling().list_appointments(request).await?.into_inner().appointments)
}

#[tokio::test]
async fn an_opened_file_shows_its_own_appointments_to_that_clinician_until_it_ends() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (told, organisation) = (Told::new("AAAA-BBBB-CC1"), Told::stranger().organisation);
    let other = told.another("AAAA-BBBB-CC2");
    for referral in [&told, &other] {
        world.tap.publish(referral.id.0, 1, referral.submitted()).await?;
    }
    world.until_count("SELECT count(*) FROM appointment", 2).await?;
    let owner = world.session(&told.receiver().and("clinician"))?;
    let name = list(&owner, &told.id.to_string()).await?[0].name.clone();
    let closed = list(&owner, &other.id.to_string()).await?[0].name.clone();

    let me = Identity::new("emergency", "clinician").of(&organisation);
    let (access, event) = told.opened_for(&me, machine_now() + TimeDelta::hours(1));
    assert_eq!(get(&world.session(&me)?, &name).await.unwrap_err().code(), Code::NotFound);
    world.tap.publish(access.0, 1, event).await?;
    world.until_count("SELECT count(*) FROM opened_file", 1).await?;
    let clinician = world.session(&me)?;
    get(&clinician, &name).await?;
    assert_eq!(list(&clinician, &told.id.to_string()).await?.len(), 1);
    assert_eq!(list(&clinician, "").await?, [], "lists of all are of parties");
    assert_eq!(get(&clinician, &closed).await.unwrap_err().code(), Code::NotFound, "another referral");
    assert_eq!(list(&clinician, &other.id.to_string()).await?, []);
    let read = format!("emergency-treatment {access}");
    let purposes: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT purpose FROM audit WHERE outcome = 'served' AND caller LIKE '%|emergency'")
            .fetch_all(&world.database)
            .await?;
    assert_eq!(purposes, [read], "the audit says what for");

    let colleague = Identity::new("colleague", "clinician").of(&organisation);
    let elsewhere = Identity::new("emergency", "clinician").of(&Told::stranger().organisation);
    for another in [colleague, elsewhere] {
        let another = world.session(&another)?;
        assert_eq!(
            get(&another, &name).await.unwrap_err().code(),
            Code::NotFound,
            "that subject for that organisation"
        );
        assert_eq!(list(&another, &told.id.to_string()).await?, []);
    }
    // A party reads as a party, and not for the reason of a broken glass.
    get(&owner, &name).await?;
    let stated = "SELECT count(*) FROM audit WHERE purpose <> '' AND caller LIKE '%|receiver'";
    assert_eq!(world.count(stated).await?, 0);

    let operator = world.session(&Identity::new("operator", "operator"))?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::minutes(61)));
    operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    let me = world.issuer().token_until(&me, (machine_now() + TimeDelta::hours(3)).timestamp())?;
    let late = world.session_with(&me)?;
    assert_eq!(get(&late, &name).await.unwrap_err().code(), Code::NotFound, "its hour is over");
    assert_eq!(list(&late, &told.id.to_string()).await?, []);
    world.end().await
}

/// Events of before told not for whom; they open nothing and park nothing.
#[tokio::test]
async fn an_access_of_nobody_opens_nothing() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let (told, me) = (Told::new("AAAA-BBBB-CC1"), Told::stranger().and("clinician"));
    let (access, mut event) = told.opened_for(&me, machine_now() + TimeDelta::hours(1));
    event.caller.clear();
    world.tap.publish(access.0, 1, event).await?;
    world.until_count("SELECT count(*) FROM consumed_version", 1).await?;
    assert_eq!(world.count("SELECT count(*) FROM opened_file").await?, 0);
    assert_eq!(world.count("SELECT count(*) FROM parked").await?, 0);
    world.end().await
}
