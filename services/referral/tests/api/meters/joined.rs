//! Who comes onto the waiting list and finds there what was lacking a moment before: nobody would wake it later.

use std::time::Duration;

use anyhow::Result;
use chrono::{Datelike, Days};
use relais_proto::{
    convention::v1::terms::Acceptance,
    referral::v1::referral::{NextStep, State},
};
use sqlx::{Connection, Executor, PgConnection};

use super::{
    waiting::{ASLEEP, waits},
    *,
};
use crate::lifecycle::{accept_referral, cancel_referral, decline_offer, get};

/// Whoever comes onto the list stops before it looks for its places there, until nobody holds this lock.
const STOP: &str = "
    CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
    CREATE TRIGGER stop BEFORE UPDATE ON referral FOR EACH ROW
        WHEN (OLD.state = 'submitted' AND NEW.state = 'waitlisted') EXECUTE FUNCTION stop()";
const STOPPED: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";

async fn agree(acceptance: Acceptance, line: Line) -> Result<Metered> {
    let agreed = |terms| Terms { acceptance: acceptance.into(), ..terms };
    Metered::agree_with(vec![line], agreed, &[ASLEEP]).await
}

async fn until_stopped(intruder: &mut PgConnection) -> Result<()> {
    for _ in 0..200 {
        if sqlx::query_scalar::<_, i64>(STOPPED).fetch_one(&mut *intruder).await? > 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("nobody comes onto the list")
}

/// A referral that finds somebody on the list before it, who leaves while it comes there itself.
async fn overtaken(metered: &Metered) -> Result<Referral> {
    let desk = &metered.partners.desk;
    let (holding, waiting) = (metered.send().await?, metered.send().await?);
    assert_eq!(waiting.state(), State::Waitlisted);
    cancel_referral(desk, &holding.name).await?;
    let mut intruder = metered.partners.world.intruder().await?;
    intruder.execute(STOP).await?;
    intruder.execute("SELECT pg_advisory_lock(4711)").await?;
    let (mut client, request) = (desk.referrals(), metered.partners.request(metered.ask()));
    let comes = tokio::spawn(async move { client.submit_referral(request).await });
    until_stopped(&mut intruder).await?;
    cancel_referral(desk, &waiting.name).await?;
    intruder.close().await?;
    comes.await??.into_inner().referral.context("no referral")
}

#[tokio::test]
async fn who_finds_a_place_on_the_waiting_list_is_accepted_where_the_convention_accepts() -> Result<()> {
    let metered = agree(Acceptance::Automatic, waits(1)).await?;
    let came = overtaken(&metered).await?;
    assert_eq!((came.state(), came.offer_expire_time), (State::Accepted, None));
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM waiting").await?, 0);
    metered.end().await
}

#[tokio::test]
async fn elsewhere_the_place_is_offered_and_who_lets_it_pass_waits_for_the_next() -> Result<()> {
    let metered = agree(Acceptance::ByHand, waits(1)).await?;
    let came = overtaken(&metered).await?;
    assert_eq!((came.state(), came.reason.as_str()), (State::Waitlisted, "place-offered"));
    assert_eq!((came.next_step(), &came.owner), (NextStep::Decide, &metered.partners.provider));
    assert!(came.offer_expire_time.is_some());
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    decline_offer(&metered.partners.lab, &came.name).await?;
    assert_eq!(metered.stands().await?, (0, 0, 1, 0), "somebody else may have it");
    let queued = "SELECT count(*) FROM waiting w JOIN meter m ON m.id = w.meter_id WHERE w.rest_until IS NOT NULL";
    assert_eq!(metered.partners.world.count(queued).await?, 1, "and it waits for another one");
    accept_referral(&metered.partners.lab, &came.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}

/// No race is needed: the month that was wished for is used up and over, the present one is not.
#[tokio::test]
async fn who_wished_for_a_month_that_is_over_has_a_place_of_this_one() -> Result<()> {
    let metered = agree(Acceptance::Automatic, Line { per: line::Per::Month.into(), ..waits(1) }).await?;
    let today = metered.partners.today;
    let over = today.with_day(1).unwrap_or(today) - Days::new(1);
    let ask = || Referral { requested_date: day(over), ..metered.ask() };
    let (first, second, third) =
        (metered.submit(ask()).await?, metered.submit(ask()).await?, metered.submit(ask()).await?);
    let states = [first.state(), second.state(), third.state()];
    assert_eq!(states, [State::Accepted, State::Accepted, State::Waitlisted]);
    assert_eq!(get(&metered.partners.lab, &second.name).await?.next_step(), NextStep::Book);
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}
