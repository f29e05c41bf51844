//! The master key is rotated: providers' keys follow, also those that an older instance draws after the newer ones have looked.

use anyhow::Result;
use relais_platform::settings::Secret;
use relais_proto::results::v1::{observation::Interpretation, report::Status};
use relais_tests::MASTER_KEY;
use sqlx::Executor;

use crate::stage::{GLUCOSE, Stage, number};

const NEW: &str = "2:isi6fZ5Uhp34X/KvE7y1AVuOr6ixl7WJjB1h9XLO+gc=";
const STALE: &str = "SELECT count(*) FROM organisation_key WHERE master_key_version = 1";

#[tokio::test]
async fn keys_follow_the_master_key_whenever_they_were_drawn_and_the_old_one_can_go() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let value = vec![number(GLUCOSE, "180", Interpretation::High)];
    let report = stage.create(stage.report("A1", Status::Final, value)).await?;
    assert_eq!(stage.world.count(STALE).await?, 1);
    let mut intruder = stage.world.intruder().await?;
    intruder.execute("CREATE TABLE public.drawn_before AS SELECT * FROM organisation_key").await?;

    stage.world.settings.vault.master_keys = Secret::new(format!("{MASTER_KEY},{NEW}"));
    stage.world = stage.world.while_stopped(async |_| Ok(())).await?;
    stage.world.until_count(STALE, 0).await?;
    // What an instance that has not got the new key yet leaves behind after that pass, or one that could not be made.
    intruder
        .execute(
            "UPDATE organisation_key k SET wrapped = b.wrapped, master_key_version = b.master_key_version
             FROM public.drawn_before b WHERE b.organisation_id = k.organisation_id",
        )
        .await?;
    stage.world.until_count(STALE, 0).await?;

    stage.world.settings.vault.master_keys = Secret::new(NEW);
    stage.world = stage.world.while_stopped(async |_| Ok(())).await?;
    assert!(stage.get(&stage.lab(), &report.name).await?.content.is_some(), "the old key is needed no more");
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    // Past the delay of the next try, however often it was tried before.
    stage.advance(6).await?;
    stage.until_released(&report.name, 1).await?;
    stage.world.end().await
}
