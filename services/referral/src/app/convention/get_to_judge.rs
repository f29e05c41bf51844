//! The convention that judges a day: of a chain, the one in force then.

use std::sync::Arc;

use chrono::NaiveDate;
use relais_platform::{Error, Result, database::Unit, ids::ConventionId};

use super::get_for_caller;
use crate::{
    domain::convention::{Chain, Convention, Link},
    store::convention,
};

/// Who judges a day, with the terms of that day, as it stands now; and its chain. When no convention of the
/// chain is in force then, the one that was asked for says so.
///
/// # Errors
/// NOT_FOUND when there is none that the caller may know of.
pub async fn get_to_judge(unit: &mut Unit<'_>, id: ConventionId, day: NaiveDate) -> Result<(Convention, Chain)> {
    let party = unit.caller()?.acting_organisation()?;
    let chain = convention::chain_of(unit, id, party).await?;
    let judge = chain.judge(id, day);
    if chain.find(id).is_none() {
        // Somebody else's is looked for as one that is not there: what is in memory must tell nobody that there is one.
        let asked = get_for_caller(unit, id).await?;
        if judge.is_none() {
            return Ok((asked, chain));
        }
    }
    let (link, number) = judge.ok_or_else(|| Error::not_found(id))?;
    let judge = standing(unit, link, number).await?;
    Ok((judge, chain))
}

/// The conventions of a chain that admit and begin after a day, with the terms of their first days.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_following(unit: &mut Unit<'_>, chain: &Chain, day: NaiveDate) -> Result<Vec<Convention>> {
    let mut following = Vec::new();
    for (link, number) in chain.following(day) {
        following.push(standing(unit, link, number).await?);
    }
    Ok(following)
}

async fn standing(unit: &mut Unit<'_>, link: &Link, number: i64) -> Result<Convention> {
    Ok(link.standing_over(&*terms_of(unit, link, number).await?))
}

async fn terms_of(unit: &mut Unit<'_>, link: &Link, number: i64) -> Result<Arc<Convention>> {
    if let Some(kept) = convention::kept(link.id, number) {
        return Ok(kept);
    }
    let read = Arc::new(convention::get_version(unit, link.id, number).await?);
    convention::keep(&read);
    Ok(read)
}
