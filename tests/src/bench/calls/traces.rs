//! What traces cost: the same calls of two programs, one that sends its spans and metrics, and one that has nobody to send them to.

use std::sync::Arc;

use anyhow::Result;

use super::{
    Plan,
    create::{USUAL, submit},
    order,
    place::{serve, sessions, traced, untraced},
};
use crate::{
    bench::{report::Figure, say, stage::Stage},
    partnership::Partners,
};

pub(super) async fn measure(plan: Plan) -> Result<Figure> {
    say("traces");
    let mut figure = Figure::new("SubmitReferral, 16 in flight, traces on to traces off", Some(0.9));
    let mut stages = [Stage::prepare_as(traced().await?).await?, Stage::prepare_as(untraced()).await?];
    let mut sides = Vec::new();
    for stage in &mut stages {
        serve(stage, "referral").await?;
        let partners = Arc::new(Partners::meet(&stage.suite).await?);
        let desks = sessions(&stage.suite, "referral", &partners.sender)?;
        submit(desks.clone(), &partners, USUAL, plan).await?;
        sides.push((desks, partners));
    }
    for run in 1..=plan.runs {
        let mut rates = [0.0; 2];
        for side in order(run) {
            let (desks, partners) = &sides[side];
            rates[side] = submit(desks.clone(), partners, USUAL, plan).await?;
        }
        figure.add(rates[0], rates[1]);
    }
    for stage in stages {
        stage.end().await?;
    }
    Ok(figure)
}
