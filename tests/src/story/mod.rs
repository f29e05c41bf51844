//! Partnerships, played through the public APIs of the real services. A step that cannot be done by a public RPC fails the
//! story.

mod bionext;
mod cast;

use anyhow::{Result, bail};

use crate::Suite;

pub use cast::{Actor, Cast};

/// A partnership that can be played.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it tells, in a line.
    pub about: &'static str,
}

/// All that can be played.
pub const STORIES: &[Story] =
    &[Story { name: "bionext", about: "Médecins du Monde Luxembourg refers to the laboratory BioneXt Lab" }];

/// Plays a story, and gives back who was in it.
///
/// # Errors
/// When there is no such story, or a step fails.
pub async fn play(suite: &Suite, name: &str) -> Result<Cast> {
    match name {
        "bionext" => bionext::play(suite).await,
        _ => bail!(
            "there is no story \"{name}\"; try: {}",
            STORIES.iter().map(|s| s.name).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Tells a step: who, and what.
fn tell(who: &str, what: impl std::fmt::Display) {
    println!("  {who:<22} {what}");
}

fn scene(title: &str) {
    println!("\n{title}");
}

/// Fails the story unless something holds.
fn ensure(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { bail!("the story went wrong: {what}") }
}
