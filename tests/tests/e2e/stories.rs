//! The stories, as `./dev run` plays them.

use anyhow::Result;
use relais_tests::story::{self, Place};

#[tokio::test]
async fn every_story_plays_to_its_end() -> Result<()> {
    for story in story::STORIES {
        let (suite, mail) = story::open().await?;
        story::play(&Place::own(&suite, &mail)?, story.name).await?;
        suite.stop().await?;
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
