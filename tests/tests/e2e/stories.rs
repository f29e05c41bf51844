//! The stories, as `./dev run` plays them.

use anyhow::Result;
use relais_tests::{Options, Suite, story};

#[tokio::test]
async fn every_story_plays_to_its_end() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    for story in story::STORIES {
        story::play(&suite, story.name).await?;
    }
    suite.stop().await
}

#[tokio::test]
async fn a_story_that_is_none_names_those_there_are() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let error = story::play(&suite, "nobody").await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("bionext"), "{error}");
    suite.stop().await
}
