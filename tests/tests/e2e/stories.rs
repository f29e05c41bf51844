//! The stories, as `./dev run` plays them.

use anyhow::Result;
use relais_tests::{
    Collector, Journal,
    story::{self, Place},
};

use super::traces;

#[tokio::test]
async fn every_story_plays_to_its_end_and_each_of_its_actions_is_one_tree() -> Result<()> {
    for story in story::STORIES {
        let (collector, journal) = (Collector::start().await?, Journal::default());
        let (suite, mail) = story::open_with(&traces::story::settings(&collector)).await?;
        let cast = story::play(&Place::own(&suite, &mail)?.noted(&journal), story.name).await?;
        // What was not sent yet is sent before they end.
        suite.stop().await?;
        traces::story::check(&collector, &journal, &cast.private)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_story_that_is_none_names_those_there_are() -> Result<()> {
    let (suite, mail) = story::open().await?;
    let error = story::play(&Place::own(&suite, &mail)?, "nobody")
        .await
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(error.contains("bionext"), "{error}");
    suite.stop().await
}
