//! What can be asked of sites and times, and what cannot be asked together.

use chrono::{Datelike, NaiveDate};

use super::{Point, StopKind};
use crate::domain::Needs;

/// The most wishes for hours and dates: each combination of them is looked for.
const MOST_TIMED_WISHES: usize = 3;
/// Every day of the week.
const EVERY_DAY: i16 = 0b111_1111;
/// Midnight at the end of a day.
const MIDNIGHT: i16 = 1_440;

/// How much a criterion matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// What does not meet it is left out.
    Must,
    /// What meets it comes first, by so much.
    Wish(i32),
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A stop is at most so many minutes on foot away; of a kind, or any.
    Reachable(Option<StopKind>, i32),
    /// One enters with a wheelchair; where `true`, with help, or not everywhere, is enough.
    Wheelchair(bool),
    /// A language is spoken, or somebody interprets from it.
    Language(String),
    /// The site is at most so many kilometres from a point.
    Near(Point, i32),
    /// The slot begins on one of these weekdays (Monday is the lowest bit), from one minute of the day to before another.
    Hours(i16, i16, i16),
    /// The slot is on this day or before.
    Latest(NaiveDate),
}

/// Something that is asked, and how much it matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// What.
    pub condition: Condition,
    /// How much.
    pub strength: Strength,
    /// Whether the referral says so, and not who searches.
    pub from_referral: bool,
}

impl Criterion {
    /// Whether it is a must.
    pub fn is_must(&self) -> bool {
        self.strength == Strength::Must
    }

    /// What meeting it adds to the score.
    pub fn weight(&self) -> i32 {
        match self.strength {
            Strength::Must => 0,
            Strength::Wish(weight) => weight,
        }
    }
}

/// When a slot may begin, by the site's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// On which weekdays.
    pub weekdays: i16,
    /// From this minute of the day.
    pub from: i16,
    /// To before this one.
    pub until: i16,
    /// On this day or before.
    pub latest: NaiveDate,
}

impl Window {
    /// Whether a slot that begins then is within it.
    pub fn holds(&self, day: NaiveDate, minute: i16) -> bool {
        self.weekdays & (1 << day.weekday().num_days_from_monday()) != 0
            && (self.from..self.until).contains(&minute)
            && day <= self.latest
    }
}

impl Condition {
    /// The window of one that asks something of the time; none of one that asks something of the place.
    pub fn window(&self) -> Option<Window> {
        // The last day that requests can name.
        let ever = NaiveDate::from_ymd_opt(2_300, 1, 1).unwrap_or(NaiveDate::MAX);
        let always = Window { weekdays: EVERY_DAY, from: 0, until: MIDNIGHT, latest: ever };
        match *self {
            Self::Hours(weekdays, from, until) => Some(Window { weekdays, from, until, ..always }),
            Self::Latest(latest) => Some(Window { latest, ..always }),
            Self::Reachable(..) | Self::Wheelchair(_) | Self::Language(_) | Self::Near(..) => None,
        }
    }

    /// Whether two speak of the same, so that they had better be one.
    fn speaks_of_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Reachable(one, _), Self::Reachable(another, _)) => one == another,
            (Self::Wheelchair(_), Self::Wheelchair(_)) | (Self::Latest(_), Self::Latest(_)) => true,
            (Self::Near(one, _), Self::Near(another, _)) => one == another,
            (one, another) => one == another,
        }
    }

    /// Whether no time meets both.
    fn excludes(&self, other: &Self) -> bool {
        let (Self::Hours(days, from, until), Self::Hours(others, since, to)) = (self, other) else { return false };
        days & others == 0 || from.max(since) >= until.min(to)
    }
}

/// The criteria that count: those given, and what the referral says that the patient needs, unless one that is given speaks of
/// that already. Who comes in a wheelchair must get in; a language is a wish, for somebody else may interpret.
pub fn with_needs(given: Vec<Criterion>, needs: &Needs) -> Vec<Criterion> {
    let wheelchair = needs.wheelchair.then_some((Condition::Wheelchair(false), Strength::Must));
    let language = Some(needs.interpreter_language.clone()).filter(|language| !language.is_empty());
    let language = language.map(|language| (Condition::Language(language), Strength::Wish(1)));
    let mut criteria = given;
    for (condition, strength) in wheelchair.into_iter().chain(language) {
        if !criteria.iter().any(|criterion| criterion.condition.speaks_of_the_same(&condition)) {
            criteria.push(Criterion { condition, strength, from_referral: true });
        }
    }
    criteria
}

/// What is wrong with criteria together: each by its place, with what is expected. `first` is the first day that is searched.
pub fn faults(criteria: &[Criterion], first: NaiveDate) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for (place, criterion) in criteria.iter().enumerate() {
        let earlier = criteria.iter().take(place).enumerate();
        let same = earlier.clone().find(|(_, other)| other.condition.speaks_of_the_same(&criterion.condition));
        let against = earlier.filter(|(_, other)| other.is_must() && criterion.is_must());
        let against = against.into_iter().find(|(_, other)| other.condition.excludes(&criterion.condition));
        if let Some((other, _)) = same {
            faults.push((place, format!("must not ask the same as criteria[{other}]")));
        } else if let Some((other, _)) = against {
            faults.push((place, format!("must not contradict criteria[{other}]: no time meets both")));
        }
        if matches!(criterion.condition, Condition::Latest(latest) if latest < first) {
            faults.push((place, "must not be before the first day that is searched".into()));
        }
        let timed = |one: &Criterion| !one.is_must() && one.condition.window().is_some();
        let before = criteria.iter().take(place).filter(|one| timed(one)).count();
        if timed(criterion) && before >= MOST_TIMED_WISHES {
            faults.push((place, "must be one of at most 3 wishes for hours and dates".into()));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criterion(condition: Condition, strength: Strength) -> Criterion {
        Criterion { condition, strength, from_referral: false }
    }

    fn must(condition: Condition) -> Criterion {
        criterion(condition, Strength::Must)
    }

    fn wish(condition: Condition) -> Criterion {
        criterion(condition, Strength::Wish(1))
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn what_the_referral_says_counts_unless_it_is_asked_otherwise() {
        let needs = Needs { interpreter_language: "ar".into(), wheelchair: true };
        let all = with_needs(Vec::new(), &needs);
        let expected = [(Condition::Wheelchair(false), true), (Condition::Language("ar".into()), false)];
        let found: Vec<_> = all.iter().map(|one| (one.condition.clone(), one.is_must())).collect();
        assert_eq!(found, expected);
        assert!(all.iter().all(|one| one.from_referral));
        let own = vec![wish(Condition::Wheelchair(true)), wish(Condition::Language("ti".into()))];
        let merged = with_needs(own.clone(), &needs);
        assert_eq!((merged.len(), &merged[..2]), (3, &own[..]), "another language is wished for as well");
        assert_eq!(with_needs(Vec::new(), &Needs::default()), []);
    }

    #[test]
    fn what_contradicts_is_found() {
        use self::Condition::{Hours, Language, Latest, Near, Reachable, Wheelchair};
        let (monday, tuesday) = (0b1, 0b10);
        let here = Point { latitude: 48.0, longitude: 7.0 };
        let cases: [(Criterion, Criterion, bool); 12] = [
            (must(Hours(monday, 0, 1_440)), must(Hours(tuesday, 0, 1_440)), true),
            (must(Hours(127, 480, 600)), must(Hours(127, 600, 720)), true),
            (must(Hours(127, 480, 601)), must(Hours(127, 600, 720)), false),
            (must(Hours(monday, 0, 1_440)), wish(Hours(tuesday, 0, 1_440)), false),
            (wish(Hours(monday, 0, 720)), wish(Hours(monday, 0, 720)), true),
            (must(Wheelchair(false)), wish(Wheelchair(true)), true),
            (must(Language("fr".into())), must(Language("ar".into())), false),
            (must(Language("fr".into())), wish(Language("fr".into())), true),
            (must(Reachable(None, 10)), wish(Reachable(None, 5)), true),
            (must(Reachable(Some(StopKind::Train), 10)), wish(Reachable(None, 5)), false),
            (must(Near(here, 10)), wish(Near(here, 5)), true),
            (must(Latest(day("2026-05-01"))), must(Latest(day("2026-06-01"))), true),
        ];
        for (one, other, wrong) in cases {
            let found = faults(&[one.clone(), other.clone()], day("2026-01-01"));
            assert_eq!(found.len(), usize::from(wrong), "{one:?} {other:?} {found:?}");
            assert!(found.iter().all(|(place, _)| *place == 1));
        }
        assert_eq!(faults(&[must(Latest(day("2026-05-01")))], day("2026-05-02")).len(), 1);
        let many: Vec<_> = (0..4).map(|day| wish(Hours(1 << day, 0, 1_440))).collect();
        assert_eq!(faults(&many, day("2026-01-01")).len(), 1);
    }

    #[test]
    fn a_window_holds_what_begins_in_it() {
        let Some(window) = Condition::Hours(0b10, 480, 600).window() else { return };
        let tuesday = day("2026-05-05");
        for (on, minute, within) in [
            (tuesday, 480, true),
            (tuesday, 599, true),
            (tuesday, 600, false),
            (tuesday, 479, false),
            (day("2026-05-06"), 500, false),
        ] {
            assert_eq!(window.holds(on, minute), within, "{on} {minute}");
        }
        let until = Condition::Latest(tuesday).window();
        assert_eq!(until.map(|window| window.holds(tuesday, 1_439)), Some(true));
        assert_eq!(until.map(|window| window.holds(day("2026-05-06"), 0)), Some(false));
        assert_eq!(Condition::Wheelchair(false).window(), None);
    }
}
