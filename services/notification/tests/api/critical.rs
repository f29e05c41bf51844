//! What is critical has a queue of its own: it does not wait behind what is not.

use anyhow::Result;
use relais_notification::Notification;
use relais_platform::broker::envelope::Envelope;
use relais_tests::{Told, World, message};

#[tokio::test]
async fn a_critical_message_passes_ordinary_ones_that_wait() -> Result<()> {
    let world = World::<Notification>::start().await?;
    let mut stranger = world.database.begin().await?;
    sqlx::query("LOCK TABLE message IN EXCLUSIVE MODE").execute(&mut *stranger).await?;
    for _ in 0..500 {
        let told = Told::new("AAAA-BBBB-CCC");
        world.tap.publish(told.id.0, 1, told.submitted()).await?;
    }
    // A type of the critical kind that this program has never heard of: it is passed over, and its version shows it.
    let told = Told::new("AAAA-BBBB-CCC");
    let critical = Envelope {
        type_name: "relais.results.critical.opened.v1".into(),
        payload: Vec::new(),
        ..message(told.id.0, 1, told.submitted())
    };
    world.tap.send(&critical).await?;
    let passed =
        "SELECT count(*) FROM consumed_version WHERE aggregate_kind = 'relais.results.critical' AND version = 1";
    world.until_count(passed, 1).await?;
    assert_eq!(world.count("SELECT count(*) FROM inbox").await?, 1, "the ordinary ones wait still");
    stranger.rollback().await?;
    world.until_count("SELECT count(*) FROM message", 500).await?;
    world.end().await
}
