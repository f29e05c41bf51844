//! OFII sends people who have come to France to the radiology group MC3 for a chest X-ray, a step of their procedure: from the chain
//! of conventions that began in 2017 to the third year of its newest mandate, by public RPCs alone.
//!
//! One chapter a file: [`office`] enters who takes part and where one is seen, [`chain`] renews the convention since 2017, [`first`]
//! follows one person from the refusals to the report, [`volume`] fills the first year and lets it overflow, [`turn`] books across its
//! end, [`later`] tells of the years after, [`statement`] of what is stated to who pays. What comes again stands in [`steps`] and
//! [`meters`]. Numbers are small so that all of it happens: ten people a year instead of seven hundred.

mod chain;
mod first;
mod later;
mod meters;
mod office;
mod statement;
mod steps;
mod turn;
mod volume;

use anyhow::Result;

use super::{Cast, Stage, ensure, scene, tell};

pub(super) async fn play(stage: &Stage<'_>) -> Result<Cast> {
    stage.go_on_until(office::next_morning(stage)).await?;
    let office = office::enter(stage).await?;
    let story = chain::renew(stage, office).await?;
    chain::is_judged_by_whichever_is_in_force(stage, &story).await?;
    first::follow(stage, &story).await?;
    let late = volume::fill(stage, &story).await?;
    turn::cross(stage, &story).await?;
    later::second_year(stage, &story, late).await?;
    later::third_year(stage, &story).await?;
    later::end(stage, &story).await?;
    scene("In the end");
    stage.settle().await?;
    tell("all services", "settled: outbox, retry and queues are empty");
    Ok(story.cast(stage))
}
