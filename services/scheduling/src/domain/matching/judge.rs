//! Holds a place against one criterion: met, not met, or nobody said.
//!
//! A place is an opening rule at its site. Where both say something, as of a wheelchair, either is enough: a rule may offer more
//! than its site does always.

use relais_platform::ids::{Child, OpeningRuleId, SiteId};

use super::{Access, Condition, Stop, Wheelchair};

/// A rule by which a site receives patients, with what is said of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The rule, of which slots are made.
    pub rule: OpeningRuleId,
    /// Its site.
    pub site: Child<SiteId>,
    /// Whether the rule offers access with a wheelchair; `false` says nothing.
    pub wheelchair_access: bool,
    /// From which languages somebody interprets by the rule.
    pub interpreter_languages: Vec<String>,
    /// What is said of the site.
    pub access: Access,
}

/// Whether a criterion is met; the better one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is not.
    NotMet,
    /// Nobody said.
    Unknown,
    /// It is.
    Met,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// This stop is near enough.
    StopNear(Stop),
    /// The nearest is this one.
    StopTooFar(Stop),
    /// Nothing of that kind stops there.
    NoSuchStop,
    /// Nobody said what stops there.
    StopsUnknown,
    /// The site says so.
    WheelchairYes,
    /// The rule offers it.
    WheelchairByRule,
    /// With help, or not everywhere.
    WheelchairLimited,
    /// The site says that one does not.
    WheelchairNo,
    /// Nobody said.
    WheelchairUnknown,
    /// It is spoken there.
    LanguageSpoken,
    /// Somebody interprets.
    LanguageInterpreted,
    /// Others are spoken there.
    LanguageNotSpoken,
    /// Nobody said what is spoken there.
    LanguageUnknown,
    /// So many kilometres away.
    Near(i32),
    /// So many kilometres away, which is further.
    TooFar(i32),
    /// Nobody said where it is.
    PositionUnknown,
    /// There is a slot then.
    TimeOffered,
    /// There is none.
    TimeNotOffered,
}

impl Reason {
    /// Its code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::StopNear(_) => "stop-near",
            Self::StopTooFar(_) => "stop-too-far",
            Self::NoSuchStop => "no-such-stop",
            Self::StopsUnknown => "stops-unknown",
            Self::WheelchairYes => "wheelchair-yes",
            Self::WheelchairByRule => "wheelchair-by-rule",
            Self::WheelchairLimited => "wheelchair-limited",
            Self::WheelchairNo => "wheelchair-no",
            Self::WheelchairUnknown => "wheelchair-unknown",
            Self::LanguageSpoken => "language-spoken",
            Self::LanguageInterpreted => "language-interpreted",
            Self::LanguageNotSpoken => "language-not-spoken",
            Self::LanguageUnknown => "language-unknown",
            Self::Near(_) => "near",
            Self::TooFar(_) => "too-far",
            Self::PositionUnknown => "position-unknown",
            Self::TimeOffered => "time-offered",
            Self::TimeNotOffered => "time-not-offered",
        }
    }
}

/// How a criterion is met, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it is met.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}

impl Judgement {
    fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason }
    }

    /// Of a time that is offered or not.
    pub fn of_time(offered: bool) -> Self {
        match offered {
            true => Self::new(Verdict::Met, Reason::TimeOffered),
            false => Self::new(Verdict::NotMet, Reason::TimeNotOffered),
        }
    }

    /// Whether it is met.
    pub fn is_met(&self) -> bool {
        self.verdict == Verdict::Met
    }

    /// By how much it is missed, in minutes or kilometres, where that can be told: the least is the nearest.
    pub fn miss(&self, condition: &Condition) -> i32 {
        match (&self.reason, condition) {
            (Reason::StopTooFar(stop), Condition::Reachable(_, minutes)) => stop.walking_minutes - minutes,
            (Reason::TooFar(far), Condition::Near(_, kilometres)) => far - kilometres,
            _ => i32::MAX,
        }
    }
}

/// Holds a place against a condition; one of the time is not the place's to meet: no slot of it is known here.
pub fn judge(condition: &Condition, place: &Place) -> Judgement {
    match condition {
        Condition::Reachable(kind, minutes) => {
            let nearest = place.access.nearest(|stop| kind.is_none_or(|kind| stop.kind == kind));
            match nearest {
                Some(stop) if stop.walking_minutes <= *minutes => {
                    Judgement::new(Verdict::Met, Reason::StopNear(stop.clone()))
                }
                Some(stop) => Judgement::new(Verdict::NotMet, Reason::StopTooFar(stop.clone())),
                None if place.access.stops.is_empty() => Judgement::new(Verdict::Unknown, Reason::StopsUnknown),
                None => Judgement::new(Verdict::NotMet, Reason::NoSuchStop),
            }
        }
        Condition::Wheelchair(limited) => wheelchair(place, *limited),
        Condition::Language(language) => self::language(place, language),
        Condition::Near(point, most) => match place.access.position.map(|position| position.kilometres_to(*point)) {
            Some(far) if far <= *most => Judgement::new(Verdict::Met, Reason::Near(far)),
            Some(far) => Judgement::new(Verdict::NotMet, Reason::TooFar(far)),
            None => Judgement::new(Verdict::Unknown, Reason::PositionUnknown),
        },
        Condition::Hours(..) | Condition::Latest(_) => Judgement::of_time(false),
    }
}

fn wheelchair(place: &Place, limited_suffices: bool) -> Judgement {
    match place.access.wheelchair {
        Some(Wheelchair::Yes) => Judgement::new(Verdict::Met, Reason::WheelchairYes),
        _ if place.wheelchair_access => Judgement::new(Verdict::Met, Reason::WheelchairByRule),
        Some(Wheelchair::Limited) if limited_suffices => Judgement::new(Verdict::Met, Reason::WheelchairLimited),
        Some(Wheelchair::Limited) => Judgement::new(Verdict::NotMet, Reason::WheelchairLimited),
        Some(Wheelchair::No) => Judgement::new(Verdict::NotMet, Reason::WheelchairNo),
        None => Judgement::new(Verdict::Unknown, Reason::WheelchairUnknown),
    }
}

fn language(place: &Place, language: &str) -> Judgement {
    let among = |languages: &[String]| languages.iter().any(|known| known == language);
    if among(&place.access.languages) {
        Judgement::new(Verdict::Met, Reason::LanguageSpoken)
    } else if among(&place.interpreter_languages) {
        Judgement::new(Verdict::Met, Reason::LanguageInterpreted)
    } else if place.access.languages.is_empty() {
        Judgement::new(Verdict::Unknown, Reason::LanguageUnknown)
    } else {
        Judgement::new(Verdict::NotMet, Reason::LanguageNotSpoken)
    }
}

impl Access {
    /// The nearest of some stops; of those as near, the one that was named first.
    pub fn nearest(&self, of: impl Fn(&Stop) -> bool) -> Option<&Stop> {
        self.stops.iter().filter(|stop| of(stop)).min_by_key(|stop| stop.walking_minutes)
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::{
        super::{Point, StopKind},
        *,
    };

    fn place() -> Place {
        Place {
            rule: OpeningRuleId::draw(),
            site: Child::new(OrganisationId::draw(), SiteId::draw()),
            wheelchair_access: false,
            interpreter_languages: Vec::new(),
            access: Access::default(),
        }
    }

    fn told(access: Access) -> Place {
        Place { access, ..place() }
    }

    #[test]
    fn stops_are_judged_by_kind_and_by_minutes() {
        let stop = |kind, walking_minutes| Stop { kind, display_name: "s".into(), walking_minutes };
        let stops = vec![stop(StopKind::Train, 12), stop(StopKind::Tram, 2), stop(StopKind::Train, 9)];
        let place = told(Access { stops, ..Access::default() });
        for (kind, minutes, code, verdict) in [
            (Some(StopKind::Train), 9, "stop-near", Verdict::Met),
            (Some(StopKind::Train), 8, "stop-too-far", Verdict::NotMet),
            (Some(StopKind::Metro), 60, "no-such-stop", Verdict::NotMet),
            (None, 2, "stop-near", Verdict::Met),
            (None, 1, "stop-too-far", Verdict::NotMet),
        ] {
            let condition = Condition::Reachable(kind, minutes);
            let found = judge(&condition, &place);
            assert_eq!((found.reason.code(), found.verdict), (code, verdict), "{condition:?}");
        }
        let missed = Condition::Reachable(Some(StopKind::Train), 5);
        assert_eq!(judge(&missed, &place).miss(&missed), 4);
        let unsaid = judge(&missed, &self::place());
        assert_eq!((unsaid.verdict, unsaid.miss(&missed)), (Verdict::Unknown, i32::MAX));
    }

    #[test]
    fn a_wheelchair_gets_in_by_the_site_or_by_the_rule() {
        let site = |wheelchair| told(Access { wheelchair, ..Access::default() });
        for (place, strict, lenient, code) in [
            (site(Some(Wheelchair::Yes)), Verdict::Met, Verdict::Met, "wheelchair-yes"),
            (site(Some(Wheelchair::Limited)), Verdict::NotMet, Verdict::Met, "wheelchair-limited"),
            (site(Some(Wheelchair::No)), Verdict::NotMet, Verdict::NotMet, "wheelchair-no"),
            (site(None), Verdict::Unknown, Verdict::Unknown, "wheelchair-unknown"),
            (
                Place { wheelchair_access: true, ..site(Some(Wheelchair::No)) },
                Verdict::Met,
                Verdict::Met,
                "wheelchair-by-rule",
            ),
        ] {
            let found = judge(&Condition::Wheelchair(false), &place);
            assert_eq!((found.verdict, found.reason.code()), (strict, code));
            assert_eq!(judge(&Condition::Wheelchair(true), &place).verdict, lenient, "{code}");
        }
    }

    #[test]
    fn a_language_is_spoken_or_interpreted() {
        let site = |languages: &[&str], interpreters: &[&str]| Place {
            interpreter_languages: interpreters.iter().map(|code| (*code).into()).collect(),
            ..told(Access { languages: languages.iter().map(|code| (*code).into()).collect(), ..Access::default() })
        };
        for (place, verdict, code) in [
            (site(&["fr", "ar"], &[]), Verdict::Met, "language-spoken"),
            (site(&["fr"], &["ar"]), Verdict::Met, "language-interpreted"),
            (site(&[], &["ar"]), Verdict::Met, "language-interpreted"),
            (site(&["fr"], &["ti"]), Verdict::NotMet, "language-not-spoken"),
            (site(&[], &["ti"]), Verdict::Unknown, "language-unknown"),
        ] {
            let found = judge(&Condition::Language("ar".into()), &place);
            assert_eq!((found.verdict, found.reason.code()), (verdict, code));
        }
    }

    #[test]
    fn a_distance_needs_a_position() {
        let here = Point { latitude: 48.585, longitude: 7.735 };
        let colmar = told(Access { position: Some(Point { latitude: 48.073, longitude: 7.347 }), ..Access::default() });
        for (place, most, code, miss) in
            [(&colmar, 64, "near", i32::MAX), (&colmar, 60, "too-far", 4), (&place(), 60, "position-unknown", i32::MAX)]
        {
            let condition = Condition::Near(here, most);
            let found = judge(&condition, place);
            assert_eq!((found.reason.code(), found.miss(&condition)), (code, miss));
        }
    }
}
