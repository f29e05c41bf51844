//! The whole chain: submitted, accepted, an appointment opened, an order, inboxes told, booked, the referral scheduled, and nothing
//! left in any outbox or queue. Beside it the limit's: the same calls, and as many messages on queues of the same kind, each of
//! which leaves one row.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

use super::{
    Plan,
    clinic::{Clinic, book},
    create::USUAL,
    order,
    place::{serve, sessions, traced},
};
use crate::{
    SERVICES, Session,
    bench::{
        bare::Bare,
        limit::{Limit, MESSAGES},
        report::Figure,
        say,
        stage::Stage,
    },
};

/// How often to look for what has become bookable, and whether all is done: looking costs time, too.
const LOOK: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(300);
/// Before anything counts.
const WARM_UP: usize = 100;

/// One of the two that are compared.
struct Side {
    desks: Arc<Vec<Session>>,
    reception: Arc<Vec<Session>>,
    /// What can be booked.
    open: &'static str,
    outboxes: &'static [&'static str],
    /// What there is once as much has been booked as asked.
    done: &'static str,
    queues: Bare,
    booked: HashSet<Uuid>,
}

pub(super) async fn measure(plan: Plan) -> Result<Figure> {
    say("the whole chain");
    let mut figure = Figure::new("whole chains, to the bare limit with a relay and consumers", Some(0.6));
    let mut stage = Stage::prepare_as(traced().await?).await?;
    for service in SERVICES {
        serve(&mut stage, service).await?;
    }
    let clinic = Clinic::open(&mut stage, plan.runs * plan.jobs + WARM_UP).await?;
    let mut ours = ours(&stage, &clinic).await?;
    go(&mut stage, &clinic, &mut ours, WARM_UP).await?;
    let sizes = stage.rows.sizes().await?.context("no referral was sent")?;
    let prefix = format!("{}_bare", stage.suite.name);
    let limit = Limit::start(&stage, sizes, Some(&prefix)).await?;
    let mut bare = bare(&stage, &limit, &prefix).await?;
    go(&mut stage, &clinic, &mut bare, WARM_UP).await?;
    let mut sides = [ours, bare];
    for run in 1..=plan.runs {
        let mut rates = [0.0; 2];
        for side in order(run) {
            let before = events(&mut stage).await?;
            rates[side] = go(&mut stage, &clinic, &mut sides[side], plan.jobs).await?;
            let events = events(&mut stage).await? - before;
            let expected = i64::try_from(MESSAGES * plan.jobs)?;
            ensure!(side == 1 || events == expected, "ours are {events} events, and the limit's {expected}");
        }
        figure.add(rates[0], rates[1]);
    }
    drop(limit);
    stage.end().await?;
    Ok(figure)
}

async fn ours(stage: &Stage, clinic: &Clinic) -> Result<Side> {
    Ok(Side {
        desks: sessions(&stage.suite, "referral", &clinic.partners.sender)?,
        reception: clinic.reception.clone(),
        open: "SELECT a.id FROM scheduling.appointment a JOIN scheduling.referral r ON r.id = a.referral_id
               WHERE a.state = 'proposed' AND r.state = 'accepted'",
        outboxes: &["referral.outbox", "scheduling.outbox", "results.outbox", "notification.outbox"],
        done: "referral.referral WHERE state = 'scheduled'",
        queues: Bare::connect(&stage.suite.servers.amqp_url, &stage.suite.name).await?,
        booked: HashSet::new(),
    })
}

async fn bare(stage: &Stage, limit: &Limit, prefix: &str) -> Result<Side> {
    let connections = || (0..8).map(|_| limit.session()).collect::<Result<Vec<_>>>().map(Arc::new);
    Ok(Side {
        desks: connections()?,
        reception: connections()?,
        open: "SELECT message FROM bare.effect
               WHERE service = 'scheduling' AND type = 'relais.referral.referral.submitted.v1'",
        outboxes: &["bare.outbox"],
        done: "bare.effect WHERE service = 'referral' AND type = 'relais.scheduling.appointment.moved.v1'",
        queues: Bare::connect(&stage.suite.servers.amqp_url, prefix).await?,
        booked: HashSet::new(),
    })
}

/// Chains a second, from the first submission until nothing is left to do.
#[allow(clippy::cast_precision_loss, reason = "a count of jobs is far below 2^52")]
async fn go(stage: &mut Stage, clinic: &Clinic, side: &mut Side, jobs: usize) -> Result<f64> {
    let (began, goal) = (Instant::now(), side.booked.len() + jobs);
    let (desks, partners) = (side.desks.clone(), clinic.partners.clone());
    let submitting = tokio::spawn(super::drive::through(USUAL, jobs, move |caller: usize, _| {
        let (desk, request) = (desks[caller % desks.len()].clone(), partners.request());
        async move {
            desk.referrals().submit_referral(request).await?;
            Ok(())
        }
    }));
    while side.booked.len() < goal {
        ensure!(began.elapsed() < PATIENCE, "{} of {goal} were booked", side.booked.len());
        let open = stage.rows.ids(side.open).await?;
        let new: Vec<_> = open.into_iter().filter(|id| !side.booked.contains(id)).collect();
        if new.is_empty() {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let slots = clinic.slots[side.booked.len()..].to_vec();
        side.booked.extend(&new);
        let names = new.iter().map(|id| format!("appointments/{id}")).collect();
        book(side.reception.clone(), USUAL, names, slots).await?;
    }
    submitting.await??;
    let ended = settled(stage, side, goal, began).await?;
    Ok(jobs as f64 / (ended - began).as_secs_f64())
}

/// When nothing was left to do, and still was not a moment later: a batch may be in a consumer's hands.
async fn settled(stage: &mut Stage, side: &Side, goal: usize, began: Instant) -> Result<Instant> {
    let channel = side.queues.channel().await?;
    let mut since = None;
    loop {
        let mut left = usize::try_from(stage.rows.count(side.done).await?)?.abs_diff(goal);
        for outbox in side.outboxes {
            left += usize::try_from(stage.rows.count(outbox).await?)?;
        }
        for service in SERVICES {
            left += side.queues.waiting(&channel, service).await? as usize;
        }
        since = if left == 0 { since.or(Some(Instant::now())) } else { None };
        if let Some(at) = since.filter(|at: &Instant| at.elapsed() > LOOK * 4) {
            let _ = channel.close(200, "seen".into()).await;
            return Ok(at);
        }
        ensure!(began.elapsed() < PATIENCE, "{left} things are left to do");
        tokio::time::sleep(LOOK).await;
    }
}

/// Events that ours have sent.
async fn events(stage: &mut Stage) -> Result<i64> {
    let mut sent = 0;
    for service in SERVICES {
        sent += stage.rows.count(&format!("{service}.outbox_sent")).await?;
    }
    Ok(sent)
}
