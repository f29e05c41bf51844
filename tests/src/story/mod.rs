//! Partnerships, played through the public APIs of the real services. A step that cannot be done by a public RPC fails the
//! story.

mod bionext;
mod ofii;
mod place;
mod stage;
mod steps;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use tonic::{Response, Status};

use crate::{Options, SmtpServer, Suite};

pub use place::{Place, Running};
pub use stage::{Actor, Stage};

/// A partnership that can be played.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it tells, in a line.
    pub about: &'static str,
}

/// All that can be played.
pub const STORIES: &[Story] = &[
    Story { name: "bionext", about: "Médecins du Monde Luxembourg refers to the laboratory BioneXt Lab" },
    Story {
        name: "ofii",
        about: "OFII sends newcomers to the radiology group MC3: a chain since 2017, three more years",
    },
];

/// Everybody in a story.
pub struct Cast {
    /// In order of appearance.
    pub actors: Vec<Actor>,
    /// What is told of patients: names, days of birth, what was asked for them.
    pub private: BTreeSet<String>,
}

/// The services, and a mail server that takes what they send.
///
/// # Errors
/// When one does not come up.
pub async fn open() -> Result<(Suite, SmtpServer)> {
    open_with(&[]).await
}

/// As [`open`], with more settings by their name in the environment.
///
/// # Errors
/// As there.
pub async fn open_with(more: &[(&str, String)]) -> Result<(Suite, SmtpServer)> {
    let mail = SmtpServer::start().await?;
    let settings = [("RELAIS__MAIL__URL", mail.url()), ("RELAIS__MAIL__FROM", "relais@relais.example".into())];
    let settings = settings.iter().chain(more).map(|(name, value)| ((*name).to_string(), value.clone())).collect();
    Ok((Suite::start(Options { settings }).await?, mail))
}

/// Plays a story at a place, and gives back who was in it.
///
/// # Errors
/// When there is no such story, or a step fails.
pub async fn play(place: &Place, name: &str) -> Result<Cast> {
    let stage = Stage::open(place).await?;
    match name {
        "bionext" => bionext::play(&stage).await,
        "ofii" => ofii::play(&stage).await,
        _ => bail!(
            "there is no story \"{name}\"; try: {}",
            STORIES.iter().map(|s| s.name).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// What an RPC answered.
///
/// # Errors
/// Its status, under the RPC's name.
async fn asked<T>(rpc: &'static str, answer: impl Future<Output = Result<Response<T>, Status>>) -> Result<T> {
    Ok(answer.await.context(rpc)?.into_inner())
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
