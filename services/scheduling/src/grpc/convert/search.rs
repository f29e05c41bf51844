//! What a search found: slots, and why sites stand where they do.

use std::cmp::Reverse;

use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    language::Language,
};
use relais_proto::{
    network::v1::{Position, stop::Kind},
    scheduling::v1::{
        self,
        criterion::{self, Condition as Asked, Strength as Shown},
        judgement::Verdict as Told,
    },
};

use crate::{
    app,
    domain::{
        matching::{
            Alternative, Condition, Criterion, Judgement, Ranked, StopKind, Strength, Tally, Verdict, sentence,
        },
        opening::Wish,
    },
};

/// The answer of a search, in the caller's language.
pub(in crate::grpc) fn found(page: app::Page, next_page_token: String, language: Language) -> v1::SearchSlotsResponse {
    let slots = page.slots.into_iter().map(slot).collect();
    let Some(told) = page.told else {
        return v1::SearchSlotsResponse { slots, next_page_token, ..v1::SearchSlotsResponse::default() };
    };
    let criteria: Vec<_> = told.criteria.iter().map(|(criterion, _)| criterion.clone()).collect();
    let unmet = told.criteria.iter().zip(0..).filter(|((_, tally), _)| tally.meeting == 0).map(|(_, place)| place);
    v1::SearchSlotsResponse {
        slots,
        next_page_token,
        unmet: unmet.collect(),
        criteria: told.criteria.iter().map(|(criterion, tally)| result(criterion, *tally)).collect(),
        sites: told.sites.into_iter().map(|site| ranked(&criteria, site, language)).collect(),
        alternatives: told.alternatives.into_iter().map(|one| alternative(&criteria, one, language)).collect(),
    }
}

fn slot(shown: app::Shown) -> v1::Slot {
    let (found, Reverse(score)) = (shown.slot, shown.key.score);
    v1::Slot {
        name: found.time.slot.to_string(),
        site: found.time.site.to_string(),
        start_time: Some(time_to_proto(found.time.start)),
        end_time: Some(time_to_proto(found.time.end)),
        time_zone: found.time.time_zone,
        free_seats: i32::try_from(found.free).unwrap_or(i32::MAX),
        facts: shown.facts.into_iter().map(fact).collect(),
        score,
        met_criteria: shown.met.into_iter().map(number).collect(),
    }
}

fn fact((wish, met): (Wish, bool)) -> v1::slot::Fact {
    use v1::slot::fact::Wish as Shown;
    let wish = match wish {
        Wish::Site => Shown::Site,
        Wish::Date => Shown::Date,
        Wish::Interpreter => Shown::Interpreter,
        Wish::Wheelchair => Shown::Wheelchair,
    };
    v1::slot::Fact { wish: wish.into(), met }
}

/// A place among at most twenty-two criteria.
fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

fn result(value: &Criterion, tally: Tally) -> v1::CriterionResult {
    v1::CriterionResult {
        criterion: Some(criterion(value)),
        from_referral: value.from_referral,
        meeting_sites: tally.meeting,
        unknown_sites: tally.unknown,
    }
}

fn criterion(value: &Criterion) -> v1::Criterion {
    let (strength, weight) = match value.strength {
        Strength::Must => (Shown::Must, 0),
        Strength::Wish(weight) => (Shown::Wish, weight),
    };
    v1::Criterion { condition: Some(condition(&value.condition)), strength: strength.into(), weight }
}

fn condition(value: &Condition) -> Asked {
    match value {
        Condition::Reachable(of, walking_minutes) => {
            let kind = of.map_or(Kind::Unspecified, kind).into();
            Asked::Reachable(criterion::Reachable { kind, walking_minutes: *walking_minutes })
        }
        Condition::Wheelchair(limited_suffices) => {
            Asked::Wheelchair(criterion::Wheelchair { limited_suffices: *limited_suffices })
        }
        Condition::Language(code) => Asked::Language(code.clone()),
        Condition::Hours(weekdays, from, until) => {
            let days = (0..7).filter(|day| weekdays & (1 << day) != 0).map(|day| day + 1);
            let (from_time, until_time) = (clock(*from), clock(*until));
            Asked::Hours(criterion::Hours { weekdays: days.collect(), from_time, until_time })
        }
        Condition::Latest(day) => Asked::LatestDate(date_to_proto(*day)),
        Condition::Near(point, kilometres) => {
            let position = Some(Position { latitude: point.latitude, longitude: point.longitude });
            Asked::Near(criterion::Near { position, kilometres: *kilometres })
        }
    }
}

fn kind(value: StopKind) -> Kind {
    match value {
        StopKind::Train => Kind::Train,
        StopKind::Tram => Kind::Tram,
        StopKind::Metro => Kind::Metro,
        StopKind::Bus => Kind::Bus,
    }
}

fn clock(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn ranked(criteria: &[Criterion], value: Ranked, language: Language) -> v1::RankedSite {
    let judgements = criteria.iter().zip(&value.judgements).enumerate();
    let judgements = judgements.map(|(place, (of, judged))| judgement(place, of, judged, language));
    v1::RankedSite {
        site: value.site.to_string(),
        rank: value.rank,
        score: value.best.map(|key| key.score.0).unwrap_or_default(),
        start_time: value.best.map(|key| time_to_proto(key.start)),
        judgements: judgements.collect(),
    }
}

fn judgement(place: usize, of: &Criterion, value: &Judgement, language: Language) -> v1::Judgement {
    let verdict = match value.verdict {
        Verdict::Met => Told::Met,
        Verdict::NotMet => Told::NotMet,
        Verdict::Unknown => Told::Unknown,
    };
    v1::Judgement {
        criterion: number(place),
        verdict: verdict.into(),
        reason: value.reason.code().into(),
        sentence: sentence(&of.condition, value, language),
    }
}

fn alternative(criteria: &[Criterion], value: Alternative, language: Language) -> v1::Alternative {
    let judged =
        |(place, judged): &(usize, Judgement)| criteria.get(*place).map(|of| judgement(*place, of, judged, language));
    v1::Alternative {
        without: value.without.iter().map(|(place, _)| number(*place)).collect(),
        sites: value.sites,
        site: value.site.to_string(),
        slot: value.slot.to_string(),
        start_time: Some(time_to_proto(value.start)),
        judgements: value.without.iter().filter_map(judged).collect(),
    }
}
