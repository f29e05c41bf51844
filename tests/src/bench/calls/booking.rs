//! An appointment booked into a free slot: its seat, its next version, what is told of it.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{
    Plan,
    clinic::{Clinic, book},
    create::{GENTLE, HONEST, USUAL},
    order, pgbench,
    place::{serve, sessions, traced},
};
use crate::{
    Session,
    bench::{
        limit::{Limit, sql},
        report::Figure,
        say,
        stage::Stage,
    },
};

/// Booked before anything counts.
const WARM_UP: usize = 200;

pub(super) async fn measure(plan: Plan) -> Result<Vec<Figure>> {
    say("BookAppointment");
    let mut booking = Figure::new("BookAppointment, 16 in flight, to the bare limit", Some(0.7));
    let mut honest = Figure::new("bare limit of BookAppointment, to pgbench", HONEST);
    let mut stage = Stage::prepare_as(traced().await?).await?;
    let (clinic, appointments) = prepare(&mut stage, plan.runs * plan.jobs + WARM_UP).await?;
    let sizes = stage.rows.sizes().await?.context("no referral was sent")?;
    let limit = Limit::start(&stage, sizes, None).await?;
    let bare: Vec<Session> = clinic.reception.iter().map(|_| limit.session()).collect::<Result<_>>()?;
    let sides = [clinic.reception.clone(), Arc::new(bare)];
    let jobs = |from: usize, count: usize| {
        (appointments[from..from + count].to_vec(), clinic.slots[from..from + count].to_vec())
    };
    for side in &sides {
        let (appointments, slots) = jobs(0, WARM_UP);
        book(side.clone(), USUAL, appointments, slots).await?;
    }
    for run in 1..=plan.runs {
        let mut rates = [0.0; 2];
        for side in order(run) {
            let (appointments, slots) = jobs(WARM_UP + (run - 1) * plan.jobs, plan.jobs);
            rates[side] = book(sides[side].clone(), USUAL, appointments, slots).await?;
        }
        booking.add(rates[0], rates[1]);
        if let Some(best) = pgbench::rate(&stage, sql::PGBENCH_BOOK, sizes, plan.time).await? {
            honest.add(rates[1], best);
        }
    }
    stage.end().await?;
    Ok([booking, honest].into_iter().filter(Figure::is_measured).collect())
}

/// So many appointments that can be booked; afterwards the scheduling service alone runs.
async fn prepare(stage: &mut Stage, count: usize) -> Result<(Clinic, Vec<String>)> {
    for service in ["referral", "scheduling"] {
        serve(stage, service).await?;
    }
    let clinic = Clinic::open(stage, count).await?;
    let desks = sessions(&stage.suite, "referral", &clinic.partners.sender)?;
    clinic.submit(desks, GENTLE, count).await?;
    stage.until_rows("scheduling.referral WHERE state = 'accepted'", count).await?;
    stage.until_rows("scheduling.appointment", count).await?;
    stage.until_rows("scheduling.outbox", 0).await?;
    stage.suite.end("referral")?;
    stage.suite.until_ended("referral").await?;
    stage.rows.analyse().await?;
    let ids = stage.rows.ids("SELECT id FROM scheduling.appointment ORDER BY create_time").await?;
    Ok((clinic, ids.iter().map(|id| format!("appointments/{id}")).collect()))
}
