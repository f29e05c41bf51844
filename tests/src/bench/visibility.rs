//! What row level security costs: the same calls of the same program, with the policies on and with them off.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use futures::future::try_join_all;
use relais_platform::ids::ReferralId;
use relais_proto::referral::v1::{GetReferralRequest, ListReferralsRequest};
use tokio::time::Instant;

use super::{Plan, report::Figure, say, stage::Stage};
use crate::partnership::Partners;

/// Callers at once, for whom the program's pool is enough.
const CALLERS: usize = 8;
/// Referrals of the caller's organisation, and how many times as many others have.
const OWN: usize = 4_000;
const OTHERS: usize = 25;

/// A call whose cost is looked at.
#[derive(Clone, Copy)]
enum Ask {
    Get,
    List,
    Submit,
}

/// How many referrals of the caller's organisation there are.
fn own(plan: Plan) -> usize {
    if plan.judged { OWN } else { OWN / 20 }
}

/// How much is measured, in words.
pub(super) fn scale(plan: Plan) -> String {
    format!("{} referrals of the caller's organisation among {} of two hundred others", own(plan), own(plan) * OTHERS)
}

/// The policies may cost 15 % at most.
const FLOOR: Option<f64> = Some(0.85);

pub(super) async fn measure(plan: Plan) -> Result<[Figure; 3]> {
    let mut stage = Stage::prepare().await?;
    stage.suite.launch("referral")?;
    stage.suite.until_health("referral", "", tonic_health::pb::health_check_response::ServingStatus::Serving).await?;
    let partners = Arc::new(Partners::meet(&stage.suite).await?);
    let names = Arc::new(fill(&mut stage, &partners, own(plan)).await?);
    let mut asked = [
        (Ask::Get, Figure::new("GetReferral, policies on to policies off", FLOOR)),
        (Ask::List, Figure::new("ListReferrals, 50 a page, policies on to policies off", FLOOR)),
        (Ask::Submit, Figure::new("SubmitReferral, policies on to policies off", FLOOR)),
    ];
    for run in 1..=plan.runs {
        say(format!("policies, run {run} of {}", plan.runs));
        for (ask, figure) in &mut asked {
            let mut rates = [0.0; 2];
            // Each side goes first in every other run.
            for side in [run % 2, (run + 1) % 2] {
                stage.rows.policies("referral", side == 0).await?;
                rates[side] = rate(&partners, &names, *ask, plan).await?;
            }
            figure.add(rates[0], rates[1]);
        }
    }
    stage.end().await?;
    Ok(asked.map(|(_, figure)| figure))
}

/// The caller's own referrals, made by calls, among those of others.
async fn fill(stage: &mut Stage, partners: &Arc<Partners>, own: usize) -> Result<Vec<String>> {
    say(format!("{own} referrals of the caller, {} of others", own * OTHERS));
    let others: Vec<_> = (0..own * OTHERS).map(|_| ReferralId::draw()).collect();
    stage.rows.insert_referrals(&others).await?;
    stage.rows.insert_parties().await?;
    let submit = |_| {
        let partners = partners.clone();
        async move {
            let mut names = Vec::with_capacity(own / CALLERS);
            for _ in 0..own / CALLERS {
                names.push(partners.submit(partners.request()).await?.name);
            }
            anyhow::Ok(names)
        }
    };
    let names = try_join_all((0..CALLERS).map(submit)).await?.concat();
    stage.rows.analyse().await?;
    Ok(names)
}

/// Answers a second.
#[allow(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
async fn rate(partners: &Arc<Partners>, names: &Arc<Vec<String>>, ask: Ask, plan: Plan) -> Result<f64> {
    let (began, until, answered) = (Instant::now(), Instant::now() + plan.time / 3, AtomicUsize::new(0));
    let caller = |_| async {
        while Instant::now() < until {
            let index = answered.fetch_add(1, Ordering::Relaxed);
            call(partners, &names[index * 7_919 % names.len()], ask).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..CALLERS).map(caller)).await?;
    Ok(answered.into_inner() as f64 / began.elapsed().as_secs_f64())
}

async fn call(partners: &Partners, name: &str, ask: Ask) -> Result<()> {
    let mut client = partners.desk.referrals();
    match ask {
        Ask::Get => drop(client.get_referral(GetReferralRequest { name: name.into() }).await?),
        Ask::List => {
            drop(client.list_referrals(ListReferralsRequest { page_size: 50, ..Default::default() }).await?);
        }
        Ask::Submit => drop(partners.submit(partners.request()).await?),
    }
    Ok(())
}
