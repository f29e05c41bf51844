//! Médecins du Monde Luxembourg sends people without health cover to the laboratory BioneXt Lab, free of charge: from the signature
//! over two years, by public RPCs alone.
//!
//! One chapter a file: [`agreement`] enters who takes part, [`first`] follows one referral from its admission to the corrected result,
//! [`turns`] tells what else happens to referrals, [`years`] lets two years pass.

mod agreement;
mod first;
mod steps;
mod turns;
mod years;

use anyhow::Result;

use super::{Cast, Stage, ensure, scene, tell};

pub(super) async fn play(stage: &Stage<'_>) -> Result<Cast> {
    let began = stage.today();
    let partnership = agreement::sign(stage).await?;
    first::follow(stage, &partnership).await?;
    turns::tell_all(stage, &partnership).await?;
    years::pass(stage, &partnership, began).await?;
    scene("In the end");
    stage.settle().await?;
    tell("all services", "settled: outbox, retry and queues are empty");
    Ok(partnership.cast(stage))
}
