//! Lists and searches where a little is kept, and where a hundred times as much is: two installations side by side.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::referral::v1::{ListReferralsRequest, Referral, SearchPatientsRequest, referral::State};

use super::{
    Plan, drive, order,
    place::{serve, sessions, traced},
};
use crate::{
    Session,
    bench::{report::Figure, say, stage::Stage},
    partnership::{self, Partners},
};

const CALLERS: usize = 8;
/// Of so many that are kept, one is of the caller's organisation.
const OWN: usize = 100;
/// People whom the caller's organisation knows.
const PEOPLE: usize = 200;
/// It may take so much longer: 1.3 times.
const FLOOR: Option<f64> = Some(1.0 / 1.3);

/// A way to look for something.
#[derive(Clone, Copy)]
enum Ask {
    List,
    Submitted,
    Search,
}

pub(super) async fn measure(plan: Plan) -> Result<[Figure; 3]> {
    say("lists and searches");
    let mut asked = [
        (Ask::List, Figure::new("ListReferrals, 50 a page, many kept to few", FLOOR)),
        (Ask::Submitted, Figure::new("ListReferrals of one state, many kept to few", FLOOR)),
        (Ask::Search, Figure::new("SearchPatients by name, many kept to few", FLOOR)),
    ];
    let (few, few_desks) = fill(plan.kept[0]).await?;
    let (many, many_desks) = fill(plan.kept[1]).await?;
    let sides = [many_desks, few_desks];
    for side in &sides {
        for (ask, _) in &asked {
            rate(side.clone(), *ask, plan).await?;
        }
    }
    for run in 1..=plan.runs {
        for (ask, figure) in &mut asked {
            let mut rates = [0.0; 2];
            for side in order(run) {
                rates[side] = rate(sides[side].clone(), *ask, plan).await?;
            }
            figure.add(rates[0], rates[1]);
        }
    }
    few.end().await?;
    many.end().await?;
    Ok(asked.map(|(_, figure)| figure))
}

/// An installation that keeps so many referrals of two hundred organisations, with a patient for every fourth; and somebody's
/// connections to it.
async fn fill(kept: usize) -> Result<(Stage, Arc<Vec<Session>>)> {
    say(format!("{kept} referrals"));
    let mut stage = Stage::prepare_as(traced().await?).await?;
    serve(&mut stage, "referral").await?;
    let partners = Partners::meet(&stage.suite).await?;
    let desks = sessions(&stage.suite, "referral", &partners.sender)?;
    stage.rows.insert_kept(kept - kept / OWN).await?;
    let submit = {
        let (desks, partners) = (desks.clone(), Arc::new(partners));
        move |caller: usize, _| {
            let (desk, request) = (desks[caller % desks.len()].clone(), partners.request());
            async move {
                desk.referrals().submit_referral(request).await?;
                Ok(())
            }
        }
    };
    drive::through(CALLERS, kept / OWN, submit).await?;
    for index in 0..PEOPLE {
        partnership::patient_of(&desks[0], person(index)?).await?;
    }
    stage.rows.analyse().await?;
    Ok((stage, desks))
}

/// Somebody with a name that few others have.
fn person(index: usize) -> Result<relais_proto::referral::v1::PatientIdentity> {
    let born =
        NaiveDate::from_ymd_opt(1950, 1, 1).and_then(|day| day.checked_add_days(chrono::Days::new(100 * index as u64)));
    Ok(partnership::identity(&name(index), "Maria", born.context("no such day")?))
}

fn name(index: usize) -> String {
    const FIRST: [&str; 10] = ["Bar", "Cor", "Del", "Fon", "Gar", "Hol", "Lam", "Mar", "Nor", "Ros"];
    const LAST: [&str; 20] = [
        "bach", "berg", "dorf", "feld", "gart", "hausen", "heim", "hof", "kamp", "land", "mann", "meier", "rath",
        "ried", "stein", "tal", "thal", "wald", "weiler", "zell",
    ];
    format!("{}{}", FIRST[index % 10], LAST[index / 10 % 20])
}

async fn rate(desks: Arc<Vec<Session>>, ask: Ask, plan: Plan) -> Result<f64> {
    let call = move |caller: usize, index: usize| {
        let desk = desks[caller % desks.len()].clone();
        async move { asking(&desk, ask, index).await }
    };
    drive::rate(CALLERS, plan.time / 2, call).await
}

async fn asking(desk: &Session, ask: Ask, index: usize) -> Result<()> {
    let list = |states: Vec<i32>| ListReferralsRequest { states, page_size: 50, ..Default::default() };
    let found: Vec<Referral> = match ask {
        Ask::List => desk.referrals().list_referrals(list(Vec::new())).await?.into_inner().referrals,
        Ask::Submitted => {
            desk.referrals().list_referrals(list(vec![State::Submitted.into()])).await?.into_inner().referrals
        }
        Ask::Search => {
            let request = SearchPatientsRequest { query: name(index % PEOPLE), ..Default::default() };
            let found = desk.patients().search_patients(request).await?.into_inner().matches;
            anyhow::ensure!(!found.is_empty(), "nobody was found");
            return Ok(());
        }
    };
    anyhow::ensure!(!found.is_empty(), "no referrals were listed");
    Ok(())
}
