//! What holds whatever is asked: of many requests over the six sites of [`super::alsace`], drawn by a fixed seed.

use std::collections::BTreeSet;

use super::{
    Condition, Criterion, Held, Key, Point, Seen, StopKind, Strength,
    alsace::{must, places, slot, wish},
    scores,
};

/// The same numbers in each run (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    fn number(&mut self, most: u64) -> i32 {
        i32::try_from(self.below(most)).unwrap_or_default()
    }

    fn condition(&mut self) -> Condition {
        let kind = [None, Some(StopKind::Train), Some(StopKind::Tram), Some(StopKind::Bus)];
        match self.below(6) {
            0 => Condition::Reachable(kind[usize::try_from(self.below(4)).unwrap_or_default()], self.number(15)),
            1 => Condition::Wheelchair(self.below(2) == 0),
            2 => Condition::Language(["fr", "ar", "ti"][usize::try_from(self.below(3)).unwrap_or_default()].into()),
            3 => Condition::Near(Point { latitude: 48.584, longitude: 7.745 }, self.number(120)),
            4 => {
                let from = i16::try_from(self.below(12)).unwrap_or_default() * 60;
                Condition::Hours(i16::try_from(1 + self.below(127)).unwrap_or(1), from, from + 480)
            }
            _ => Condition::Latest(slot(0, u32::try_from(1 + self.below(20)).unwrap_or(1), 8).day),
        }
    }

    fn criterion(&mut self) -> Criterion {
        let condition = self.condition();
        if self.below(3) == 0 { must(condition) } else { wish(condition, 1 + self.number(9)) }
    }

    fn slots(&mut self) -> Vec<(usize, Seen)> {
        let mut slots = Vec::new();
        for number in 0..40 {
            let place = usize::try_from(self.below(6)).unwrap_or_default();
            let (day, hour) = (1 + self.below(20), 7 + self.below(11));
            let (day, hour) = (u32::try_from(day).unwrap_or(1), u32::try_from(hour).unwrap_or(8));
            slots.push((place, slot(number, day, hour)));
        }
        slots
    }
}

/// The slots that are shown, in their order.
fn order(criteria: &[Criterion], slots: &[(usize, Seen)]) -> Vec<Key> {
    let held: Vec<_> = places().into_iter().map(|place| Held::new(criteria, place)).collect();
    let mut keys: Vec<_> = slots.iter().filter_map(|(place, seen)| held[*place].key(criteria, seen, &[])).collect();
    keys.sort();
    keys
}

fn ids(keys: &[Key]) -> BTreeSet<u128> {
    keys.iter().map(|key| key.slot.0.as_u128()).collect()
}

fn many(mut each: impl FnMut(&mut Draw, Vec<Criterion>, Vec<(usize, Seen)>)) {
    let mut draw = Draw(2026);
    for _ in 0..400 {
        let criteria = (0..draw.below(5)).map(|_| draw.criterion()).collect();
        let slots = draw.slots();
        each(&mut draw, criteria, slots);
    }
}

#[test]
fn a_wish_never_removes_a_slot_and_a_must_never_adds_one() {
    let (mut moved, mut left_out) = (0, 0);
    many(|draw, criteria, slots| {
        let before = order(&criteria, &slots);
        let condition = draw.condition();
        let with = |one: Criterion| criteria.iter().cloned().chain([one]).collect::<Vec<_>>();
        let wished = order(&with(wish(condition.clone(), 3)), &slots);
        assert_eq!(ids(&before), ids(&wished), "{criteria:?} and a wish for {condition:?}");
        let demanded = order(&with(must(condition.clone())), &slots);
        assert!(ids(&demanded).is_subset(&ids(&before)), "{criteria:?} and {condition:?}");
        moved += usize::from(!before.iter().map(|key| key.slot).eq(wished.iter().map(|key| key.slot)));
        left_out += usize::from(demanded.len() < before.len());
    });
    assert!(moved > 50 && left_out > 50, "nothing was tried: {moved}, {left_out}");
}

#[test]
fn the_order_is_total_and_does_not_depend_on_how_slots_come() {
    many(|draw, criteria, mut slots| {
        let before = order(&criteria, &slots);
        assert!(before.windows(2).all(|pair| pair[0] < pair[1]), "two slots stand in one place");
        for last in (1..slots.len()).rev() {
            slots.swap(last, usize::try_from(draw.below(last as u64 + 1)).unwrap_or_default());
        }
        assert_eq!(before, order(&criteria, &slots));
        // Who takes a slot moves no other one.
        let taken = slots.pop();
        let after: Vec<_> =
            before.into_iter().filter(|key| Some(key.slot) != taken.map(|(_, seen)| seen.slot)).collect();
        assert_eq!(after, order(&criteria, &slots));
    });
}

#[test]
fn every_score_that_a_slot_can_have_is_looked_for_once_and_the_highest_first() {
    many(|_, criteria, slots| {
        let held: Vec<_> = places().into_iter().map(|place| Held::new(&criteria, place)).collect();
        let passing: Vec<_> = held.iter().filter(|held| held.passes(&criteria, &[])).collect();
        let looked_for = scores(&criteria, &passing);
        assert!(looked_for.windows(2).all(|pair| pair[0] > pair[1]));
        for key in order(&criteria, &slots) {
            assert!(looked_for.contains(&key.score.0), "{criteria:?}");
        }
    });
}

#[test]
fn meeting_more_never_lowers_a_slot() {
    many(|_, criteria, slots| {
        let held: Vec<_> = places().into_iter().map(|place| Held::new(&criteria, place)).collect();
        for (place, seen) in &slots {
            let (judgements, key) = (held[*place].judge(&criteria, seen), held[*place].key(&criteria, seen, &[]));
            let met = criteria.iter().zip(&judgements).filter(|(_, judgement)| judgement.is_met());
            let sum: i32 = met.map(|(criterion, _)| criterion.weight()).sum();
            assert!(key.is_none_or(|key| key.score.0 == sum), "{criteria:?}");
            let fails = criteria
                .iter()
                .zip(&judgements)
                .any(|(one, judgement)| one.strength == Strength::Must && !judgement.is_met());
            assert_eq!(key.is_none(), fails);
        }
    });
}
