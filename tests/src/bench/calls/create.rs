//! A referral submitted, which is what creates it: the one call that admits, stores, tells and audits. And one read.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use relais_proto::referral::v1::GetReferralRequest;

use super::{Plan, drive, order, pgbench, place::Place};
use crate::{
    Session,
    bench::{limit::sql, report::Figure, say},
    partnership::Partners,
};

/// How many calls are under way at once, and what is said of that.
const CALLERS: [(usize, &str); 3] = [
    (1, "SubmitReferral, 1 in flight, to the bare limit"),
    (16, "SubmitReferral, 16 in flight, to the bare limit"),
    (64, "SubmitReferral, 64 in flight, to the bare limit"),
];
/// For what is measured at one load alone.
pub(super) const USUAL: usize = 16;
const FLOOR: Option<f64> = Some(0.7);
/// While things are made that are measured later: a machine that is slow has time for so many.
pub(super) const GENTLE: usize = 4;
/// So much of what pgbench reaches the limit must reach, or it is none.
pub(super) const HONEST: Option<f64> = Some(0.4);

pub(super) async fn measure(plan: Plan) -> Result<Vec<Figure>> {
    say("SubmitReferral and GetReferral");
    let place = Place::open().await?;
    let kept = [names(&place, 0, plan).await?, names(&place, 1, plan).await?];
    let mut creates = CALLERS.map(|(_, what)| Figure::new(what, FLOOR));
    let mut gets = Figure::new("GetReferral, 16 in flight, to the bare limit", FLOOR);
    let mut honest = [
        Figure::new("bare limit of SubmitReferral, to pgbench", HONEST),
        Figure::new("bare limit of GetReferral, to pgbench", HONEST),
    ];
    for run in 1..=plan.runs {
        let mut rates = [[0.0; 4]; 2];
        for (at, (callers, _)) in CALLERS.iter().enumerate() {
            for side in order(run) {
                rates[side][at] = submit(place.side(side), &place.partners, *callers, plan).await?;
            }
        }
        for side in order(run) {
            rates[side][3] = get(place.side(side), &kept[side], plan).await?;
        }
        let [ours, limit] = rates;
        creates.iter_mut().enumerate().for_each(|(at, figure)| figure.add(ours[at], limit[at]));
        gets.add(ours[3], limit[3]);
        for (at, script) in [(0, sql::PGBENCH_CREATE), (1, sql::PGBENCH_GET)] {
            if let Some(best) = pgbench::rate(&place.stage, script, place.sizes, plan.time).await? {
                honest[at].add(limit[[1, 3][at]], best);
            }
        }
    }
    place.end().await?;
    let figures = creates.into_iter().chain([gets]);
    Ok(figures.chain(honest.into_iter().filter(Figure::is_measured)).collect())
}

/// Submissions a second.
pub(super) async fn submit(
    desks: Arc<Vec<Session>>,
    partners: &Arc<Partners>,
    callers: usize,
    plan: Plan,
) -> Result<f64> {
    let partners = partners.clone();
    let call = move |caller: usize, _| {
        let (desk, request) = (desks[caller % desks.len()].clone(), partners.request());
        async move {
            desk.referrals().submit_referral(request).await?;
            Ok(())
        }
    };
    drive::rate(callers, plan.time, call).await
}

async fn get(desks: Arc<Vec<Session>>, names: &Arc<Vec<String>>, plan: Plan) -> Result<f64> {
    let names = names.clone();
    let call = move |caller: usize, index: usize| {
        let desk = desks[caller % desks.len()].clone();
        let request = GetReferralRequest { name: names[index * 7_919 % names.len()].clone() };
        async move {
            desk.referrals().get_referral(request).await?;
            Ok(())
        }
    };
    drive::rate(USUAL, plan.time, call).await
}

/// Referrals to read, made by a side itself: nothing is measured before it has been used.
async fn names(place: &Place, side: usize, plan: Plan) -> Result<Arc<Vec<String>>> {
    let (desks, partners) = (place.side(side), place.partners.clone());
    let names: Arc<Mutex<Vec<String>>> = Arc::default();
    let found = names.clone();
    let call = move |caller: usize, _| {
        let (desk, request, names) = (desks[caller % desks.len()].clone(), partners.request(), names.clone());
        async move {
            let made = desk.referrals().submit_referral(request).await?.into_inner().referral;
            names.lock().unwrap_or_else(PoisonError::into_inner).push(made.context("no referral")?.name);
            Ok(())
        }
    };
    drive::through(GENTLE, plan.jobs * 2, call).await?;
    let names = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Arc::new(names))
}
