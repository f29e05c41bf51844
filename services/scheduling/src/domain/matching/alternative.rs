//! What would pass where nothing does: without which MUST there would be slots, and which site misses it by least.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use relais_platform::ids::{Child, SiteId, SlotId};

use super::{Criterion, Held, Judgement, Key, Seen};

/// What would pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The criteria to do without, each with how the site misses it.
    pub without: Vec<(usize, Judgement)>,
    /// How many sites have a slot then.
    pub sites: i32,
    /// The one that misses by least; of those that miss alike, the first in the order.
    pub site: Child<SiteId>,
    /// Its first slot.
    pub slot: SlotId,
    /// When that begins.
    pub start: DateTime<Utc>,
}

/// What to try to do without: each MUST, and only then all of them.
pub fn relaxations(criteria: &[Criterion]) -> (Vec<Vec<usize>>, Option<Vec<usize>>) {
    let musts: Vec<_> = criteria.iter().enumerate().filter(|(_, one)| one.is_must()).map(|(place, _)| place).collect();
    let each = musts.iter().map(|place| vec![*place]).collect();
    (each, Some(musts).filter(|musts| musts.len() > 1))
}

/// What passes without some criteria, of the slots that were seen then, each with the position of its place.
pub fn alternative(
    criteria: &[Criterion],
    places: &[Held],
    seen: &[(usize, Seen)],
    without: &[usize],
) -> Option<Alternative> {
    let mut sites = BTreeSet::new();
    let mut nearest: Option<((i32, Key), _, _)> = None;
    for (place, seen) in seen {
        let Some(held) = places.get(*place) else { continue };
        let Some(key) = held.key(criteria, seen, without) else { continue };
        let judgements = held.judge(criteria, seen);
        let missed: Vec<_> = judgements.into_iter().enumerate().filter(|(place, _)| without.contains(place)).collect();
        let misses = missed.iter().filter_map(|(place, one)| Some(one.miss(&criteria.get(*place)?.condition)));
        let standing = (misses.max().unwrap_or_default(), key);
        sites.insert(key.site);
        if nearest.as_ref().is_none_or(|(other, ..)| standing < *other) {
            nearest = Some((standing, held.place.site, missed));
        }
    }
    let ((_, key), site, without) = nearest?;
    let sites = i32::try_from(sites.len()).unwrap_or(i32::MAX);
    Some(Alternative { without, sites, site, slot: key.slot, start: key.start })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Condition, StopKind,
            alsace::{NAMES, must, places, slot},
        },
        *,
    };

    #[test]
    fn the_nearest_site_is_named_with_how_it_misses() {
        let criteria = [must(Condition::Reachable(Some(StopKind::Train), 3)), must(Condition::Language("fr".into()))];
        let held: Vec<_> = places().into_iter().map(|place| Held::new(&criteria, place)).collect();
        // Strasbourg has the first slot; Sélestat is one minute too far alone.
        let seen = [(0, slot(1, 4, 8)), (3, slot(2, 6, 8)), (5, slot(3, 4, 8)), (4, slot(4, 4, 8))];
        let found = alternative(&criteria, &held, &seen, &[0]).expect("three sites speak French");
        let name = NAMES[usize::try_from(found.site.id.0.as_u128()).unwrap_or_default() - 1];
        assert_eq!((name, found.sites), ("Sélestat", 3));
        let reasons: Vec<_> = found.without.iter().map(|(place, one)| (*place, one.reason.code())).collect();
        assert_eq!(reasons, [(0, "stop-too-far")]);
        // Nobody reaches a train in three minutes, so without the language alone nothing passes.
        assert_eq!(alternative(&criteria, &held, &seen, &[1]), None);
        assert_eq!(relaxations(&criteria), (vec![vec![0], vec![1]], Some(vec![0, 1])));
        assert_eq!(relaxations(&criteria[..1]), (vec![vec![0]], None));
        assert_eq!(relaxations(&[]), (vec![], None));
    }
}
