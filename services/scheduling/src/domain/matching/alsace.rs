//! The expected order of six sites of a radiology group in Alsace, with its reasons. Their access is invented.

use std::{cmp::Reverse, collections::BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    ids::{Child, OpeningRuleId, OrganisationId, SiteId, SlotId},
    language::Language,
};
use uuid::Uuid;

use super::{
    Access, Condition, Criterion, Held, Place, Point, Ranked, Seen, Stop, StopKind, Strength, Tally, Wheelchair, rank,
    sentence, tally,
};

/// Strasbourg, Colmar, Mulhouse, Sélestat, Saverne, Haguenau: their ids are in this order.
pub(super) const NAMES: [&str; 6] = ["Strasbourg", "Colmar", "Mulhouse", "Sélestat", "Saverne", "Haguenau"];

fn stop(kind: StopKind, name: &str, walking_minutes: i32) -> Stop {
    Stop { kind, display_name: name.into(), walking_minutes }
}

fn access(stops: &[Stop], wheelchair: Option<Wheelchair>, languages: &[&str], at: Option<(f64, f64)>) -> Access {
    Access {
        stops: stops.to_vec(),
        wheelchair,
        languages: languages.iter().map(|code| (*code).into()).collect(),
        position: at.map(|(latitude, longitude)| Point { latitude, longitude }),
    }
}

/// The six, each with one rule.
pub(super) fn places() -> Vec<Place> {
    use self::StopKind::{Bus, Train, Tram};
    let told = [
        access(
            &[stop(Tram, "Homme de Fer", 3), stop(Train, "Gare de Strasbourg", 14)],
            Some(Wheelchair::Yes),
            &["fr", "ar"],
            Some((48.584, 7.745)),
        ),
        access(&[stop(Train, "Gare de Colmar", 6)], Some(Wheelchair::Yes), &["fr", "de"], Some((48.073, 7.347))),
        access(&[stop(Train, "Gare de Mulhouse", 9)], Some(Wheelchair::Limited), &["fr", "ar"], Some((47.742, 7.342))),
        access(&[stop(Train, "Gare de Sélestat", 4)], Some(Wheelchair::Yes), &["fr"], Some((48.260, 7.444))),
        // Nobody said anything of Saverne.
        Access::default(),
        access(&[stop(Bus, "Haguenau Centre", 2)], Some(Wheelchair::No), &["fr"], None),
    ];
    let provider = OrganisationId(Uuid::from_u128(7));
    let place = |(number, access): (u128, Access)| Place {
        rule: OpeningRuleId(Uuid::from_u128(100 + number)),
        site: Child::new(provider, SiteId(Uuid::from_u128(number))),
        wheelchair_access: false,
        interpreter_languages: Vec::new(),
        access,
    };
    (1..).zip(told).map(place).collect()
}

pub(super) fn wish(condition: Condition, weight: i32) -> Criterion {
    Criterion { condition, strength: Strength::Wish(weight), from_referral: false }
}

pub(super) fn must(condition: Condition) -> Criterion {
    Criterion { condition, strength: Strength::Must, from_referral: false }
}

/// A slot in May 2026 by the clocks of Paris.
pub(super) fn slot(number: u128, day: u32, hour: u32) -> Seen {
    let day = NaiveDate::from_ymd_opt(2026, 5, day).unwrap_or_default();
    let start: DateTime<Utc> = day.and_hms_opt(hour - 2, 0, 0).unwrap_or_default().and_utc();
    Seen::new(SlotId(Uuid::from_u128(number)), start, day, "Europe/Paris")
}

/// The first slot of each site: the nearer to the station, the later.
fn first_slots() -> Vec<(usize, Seen)> {
    [(0, 4, 8), (1, 6, 8), (2, 5, 8), (3, 7, 8), (4, 4, 9), (5, 4, 10)]
        .into_iter()
        .map(|(place, day, hour)| (place, slot(1_000 + place as u128, day, hour)))
        .collect()
}

fn ranked(criteria: &[Criterion]) -> Vec<Ranked> {
    let held: Vec<_> = places().into_iter().map(|place| Held::new(criteria, place)).collect();
    rank(criteria, &held, &first_slots(), &BTreeSet::new())
}

/// Rank, site, score, and a sentence for each criterion.
fn told(criteria: &[Criterion], language: Language) -> Vec<(i32, &'static str, i32, Vec<String>)> {
    let row = |one: Ranked| {
        let name = NAMES[usize::try_from(one.site.id.0.as_u128()).unwrap_or_default() - 1];
        let sentences = criteria.iter().zip(&one.judgements);
        let sentences = sentences.map(|(criterion, judgement)| sentence(&criterion.condition, judgement, language));
        let Reverse(score) = one.best.map_or(Reverse(0), |key| key.score);
        (one.rank, name, score, sentences.collect())
    };
    ranked(criteria).into_iter().map(row).collect()
}

/// Somebody without a car, from the station, in a wheelchair if that can be, who speaks Arabic.
fn criteria() -> Vec<Criterion> {
    vec![
        wish(Condition::Reachable(Some(StopKind::Train), 10), 5),
        wish(Condition::Wheelchair(false), 3),
        wish(Condition::Language("ar".into()), 2),
    ]
}

#[test]
fn six_sites_stand_in_the_expected_order_with_their_reasons() {
    let rows = told(&criteria(), Language::English);
    let seen: Vec<_> = rows
        .iter()
        .map(|(rank, name, score, why)| (*rank, *name, *score, why.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let (no, yes) = ("one does not enter with a wheelchair", "one enters with a wheelchair");
    let (spoken, not_spoken) = ("the language ar is spoken", "the language ar is not spoken");
    let expected = [
        // Both have 8: Colmar's slot is the earlier one.
        (1, "Colmar", 8, vec!["Gare de Colmar (train) is 6 minutes on foot", yes, not_spoken]),
        (2, "Sélestat", 8, vec!["Gare de Sélestat (train) is 4 minutes on foot", yes, not_spoken]),
        (
            3,
            "Mulhouse",
            7,
            vec!["Gare de Mulhouse (train) is 9 minutes on foot", "access with a wheelchair is limited", spoken],
        ),
        (
            4,
            "Strasbourg",
            5,
            vec![
                "the nearest stop, Gare de Strasbourg (train), is 14 minutes on foot: at most 10 minutes is asked",
                yes,
                spoken,
            ],
        ),
        (
            5,
            "Saverne",
            0,
            vec![
                "nobody said which stops are nearby",
                "nobody said whether one enters with a wheelchair",
                "nobody said which languages are spoken",
            ],
        ),
        (6, "Haguenau", 0, vec!["no train stops nearby", no, not_spoken]),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn the_reasons_are_told_in_french() {
    let rows = told(&criteria(), Language::French);
    let of = |name| rows.iter().find(|(_, site, ..)| *site == name).map(|(.., why)| why.clone()).unwrap_or_default();
    assert_eq!(
        of("Strasbourg"),
        [
            "l’arrêt le plus proche, Gare de Strasbourg (train), est à 14 minutes à pied, au lieu de 10 minutes au plus",
            "accessible en fauteuil roulant",
            "la langue ar y est parlée",
        ]
    );
    assert_eq!(
        of("Saverne"),
        [
            "les arrêts à proximité ne sont pas renseignés",
            "l’accès en fauteuil roulant n’est pas renseigné",
            "les langues parlées ne sont pas renseignées",
        ]
    );
    assert_eq!(of("Haguenau")[0], "aucun arrêt de train à proximité");
}

#[test]
fn a_must_leaves_out_what_fails_it_and_what_nobody_said() {
    let criteria = [must(Condition::Reachable(Some(StopKind::Train), 10)), must(Condition::Wheelchair(false))];
    let found: Vec<_> = told(&criteria, Language::English).into_iter().map(|(rank, name, ..)| (rank, name)).collect();
    let expected =
        [(1, "Colmar"), (2, "Sélestat"), (0, "Strasbourg"), (0, "Mulhouse"), (0, "Saverne"), (0, "Haguenau")];
    assert_eq!(found, expected);
}

#[test]
fn what_nobody_meets_is_counted() {
    let home = Point { latitude: 48.584, longitude: 7.745 };
    let criteria =
        [must(Condition::Language("ti".into())), must(Condition::Near(home, 45)), wish(Condition::Wheelchair(true), 1)];
    let held: Vec<_> = places().into_iter().map(|place| Held::new(&criteria, place)).collect();
    let found = tally(&criteria, &held, &BTreeSet::new());
    let expected = [(0, 1), (2, 2), (4, 1)].map(|(meeting, unknown)| Tally { meeting, unknown });
    assert_eq!(found, expected);
    assert!(ranked(&criteria).iter().all(|one| one.rank == 0));
}

/// Without wishes nothing but time counts, then the way on foot, then the id.
#[test]
fn ties_are_broken_in_the_order_that_is_told() {
    let held: Vec<_> = places().into_iter().map(|place| Held::new(&[], place)).collect();
    let at = |place: usize, hour| (place, slot(1_000 + place as u128, 4, hour));
    let seen = [at(0, 9), at(1, 9), at(2, 8), at(3, 9), at(4, 9), at(5, 9)];
    let order: Vec<_> = rank(&[], &held, &seen, &BTreeSet::new())
        .into_iter()
        .map(|one| NAMES[usize::try_from(one.site.id.0.as_u128()).unwrap_or_default() - 1])
        .collect();
    assert_eq!(order, ["Mulhouse", "Haguenau", "Strasbourg", "Sélestat", "Colmar", "Saverne"]);
}

/// A wish for hours counts for the slot that meets it, and a site stands where that slot stands.
#[test]
fn a_wish_for_hours_brings_the_slot_that_meets_it_first() {
    // 5 May 2026 is a Tuesday.
    let criteria = [wish(Condition::Hours(0b10, 14 * 60, 18 * 60), 4), wish(Condition::Wheelchair(false), 1)];
    let held: Vec<_> = places().into_iter().map(|place| Held::new(&criteria, place)).collect();
    let seen = [(0, slot(1, 4, 8)), (1, slot(2, 5, 9)), (5, slot(3, 4, 8)), (5, slot(4, 5, 15))];
    let ranked = rank(&criteria, &held, &seen, &BTreeSet::new());
    let found: Vec<_> =
        ranked.iter().filter_map(|one| one.best).map(|key| (key.slot.0.as_u128(), key.score.0)).collect();
    assert_eq!(found, [(4, 4), (1, 1), (2, 1)]);
}
