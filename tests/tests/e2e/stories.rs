//! The stories, as `./dev run` plays them.

use anyhow::Result;
use relais_tests::{Options, SmtpServer, Suite, story};

#[tokio::test]
async fn every_story_plays_to_its_end() -> Result<()> {
    for story in story::STORIES {
        let (suite, mail) = story::open().await?;
        story::play(&suite, &mail, story.name).await?;
        suite.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_story_that_is_none_names_those_there_are() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let mail = SmtpServer::start().await?;
    let error = story::play(&suite, &mail, "nobody").await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("bionext"), "{error}");
    suite.stop().await
}
