//! The stories, as `./dev run` plays them.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result};
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
        let kept = suite.servers.state.join(suite.servers.unique("statements"));
        let place = Place::own(&suite, &mail)?.noted(&journal).keeping(Some(kept.clone()));
        let cast = story::play(&place, story.name).await?;
        if story.name == "ofii" {
            are_kept(&kept)?;
        }
        // What was not sent yet is sent before they end.
        suite.stop().await?;
        traces::story::check(&collector, &journal, &cast.private)?;
    }
    Ok(())
}

/// Statements to look at, in both languages.
fn are_kept(folder: &Path) -> Result<()> {
    let files = ["statement-3-fr.csv", "statement-3-en.csv", "statement-3-fr.html", "statement-3-en.html"];
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).with_context(|| format!("{file} is not kept"));
    let texts = files.into_iter().map(read).collect::<Result<BTreeSet<_>>>()?;
    assert!(texts.len() == files.len() && !texts.contains(""), "two of them are the same");
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
