//! How the provider's sites meet what is asked: their order, what none of them meets, and what would pass.

use std::collections::BTreeSet;

use relais_platform::{Result, database::Unit};

use crate::{
    domain::matching::{
        Alternative, Criterion, Held, Ranked, Seen, Tally, Window, alternative, rank, relaxations, tally,
    },
    store::search::{Probe, Span, probe},
};

/// What is told beside the first page.
#[derive(Debug)]
pub struct Told {
    /// The criteria that counted, each with how many sites meet it.
    pub criteria: Vec<(Criterion, Tally)>,
    /// The sites in their order.
    pub sites: Vec<Ranked>,
    /// What would pass, when nothing does.
    pub alternatives: Vec<Alternative>,
}

/// Ranks the sites of these places by their first slots.
pub(super) async fn tell(unit: &mut Unit<'_>, span: Span, criteria: Vec<Criterion>, held: &[Held]) -> Result<Told> {
    let seen = first_slots(unit, span, &criteria, held, &[]).await?;
    let offered = offered(unit, span, &criteria, held).await?;
    let sites = rank(&criteria, held, &seen, &offered);
    let nothing = sites.iter().all(|site| site.best.is_none());
    let alternatives = if nothing { alternatives(unit, span, &criteria, held).await? } else { Vec::new() };
    let tallies = tally(&criteria, held, &offered);
    Ok(Told { criteria: criteria.into_iter().zip(tallies).collect(), sites, alternatives })
}

/// The first slot of each place that passes without some criteria, with each combination of the wishes for a time: the best slot of
/// each is among them.
async fn first_slots(
    unit: &mut Unit<'_>,
    span: Span,
    criteria: &[Criterion],
    held: &[Held],
    without: &[usize],
) -> Result<Vec<(usize, Seen)>> {
    let passing = held.iter().enumerate().filter(|(_, held)| held.passes(criteria, without));
    let (mut musts, mut wishes) = (Vec::new(), Vec::new());
    for (place, criterion) in criteria.iter().enumerate().filter(|(place, _)| !without.contains(place)) {
        let windows = if criterion.is_must() { &mut musts } else { &mut wishes };
        windows.extend(criterion.condition.window().map(|window| (place, window)));
    }
    let (mut places, mut probes) = (Vec::new(), Vec::new());
    for (place, held) in passing {
        for chosen in subsets(&wishes) {
            let windows = musts.iter().map(|(_, window)| *window).chain(chosen).collect();
            places.push(place);
            probes.push(Probe { rule: held.place.rule, windows });
        }
    }
    let found = probe(unit, span, &probes).await?;
    Ok(found.into_iter().filter_map(|(asked, seen)| Some((*places.get(asked)?, seen))).collect())
}

/// Every choice among windows; there are few.
fn subsets(windows: &[(usize, Window)]) -> Vec<Vec<Window>> {
    windows.iter().fold(vec![Vec::new()], |chosen, (_, window)| {
        let with = chosen.iter().map(|some: &Vec<Window>| some.iter().copied().chain([*window]).collect());
        let with: Vec<_> = with.collect();
        chosen.into_iter().chain(with).collect()
    })
}

/// At which places there is a free slot as a criterion of the time asks, whatever else is asked.
async fn offered(
    unit: &mut Unit<'_>,
    span: Span,
    criteria: &[Criterion],
    held: &[Held],
) -> Result<BTreeSet<(usize, usize)>> {
    let (mut asked, mut probes) = (Vec::new(), Vec::new());
    for (number, criterion) in criteria.iter().enumerate() {
        let Some(window) = criterion.condition.window() else { continue };
        for (place, held) in held.iter().enumerate() {
            asked.push((place, number));
            probes.push(Probe { rule: held.place.rule, windows: vec![window] });
        }
    }
    if probes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found = probe(unit, span, &probes).await?;
    Ok(found.into_iter().filter_map(|(number, _)| asked.get(number).copied()).collect())
}

/// What would pass: without one MUST each; where that helps nowhere, without all.
async fn alternatives(
    unit: &mut Unit<'_>,
    span: Span,
    criteria: &[Criterion],
    held: &[Held],
) -> Result<Vec<Alternative>> {
    let (each, all) = relaxations(criteria);
    let mut found = Vec::new();
    for without in each {
        let seen = first_slots(unit, span, criteria, held, &without).await?;
        found.extend(alternative(criteria, held, &seen, &without));
    }
    if found.is_empty()
        && let Some(without) = all
    {
        let seen = first_slots(unit, span, criteria, held, &without).await?;
        found.extend(alternative(criteria, held, &seen, &without));
    }
    Ok(found)
}
