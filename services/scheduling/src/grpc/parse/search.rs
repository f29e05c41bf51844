//! A search for slots: what is asked of sites and times, and its page tokens.

use std::cmp::Reverse;

use chrono::DateTime;
use relais_platform::{
    Error, Result,
    calls::{Call, Check, PageRequest},
    context::Context,
    error::Violation,
    language::is_code,
};
use relais_proto::{
    network::v1::stop::Kind,
    scheduling::v1::{
        self,
        criterion::{Condition as Asked, Hours, Near, Reachable, Strength as Told},
    },
};
use uuid::Uuid;

use super::opening::{days, minute};
use crate::{
    app::SearchSlots,
    domain::matching::{Condition, Criterion, Key, Point, StopKind, Strength},
};

/// The most criteria of a search.
const MOST: usize = 20;
/// The longest way on foot that can be asked for, in minutes.
const LONGEST_WAY: i32 = 180;
/// The furthest distance that can be asked for, in kilometres.
const FURTHEST: i32 = 1_000;
/// The heaviest wish.
const HEAVIEST: i32 = 100;

pub(in crate::grpc) fn search_slots(
    context: &Context,
    call: &Call,
    request: &v1::SearchSlotsRequest,
) -> Result<SearchSlots> {
    let mut check = Check::default();
    let referral = check.name("referral", &request.referral);
    let site = check.optional_child("site", &request.site);
    let from = request.start_date.map(|day| check.date("start_date", Some(day)));
    let until = request.end_date.map(|day| check.date("end_date", Some(day)));
    check.ensure("criteria", request.criteria.len() <= MOST, "must not hold more than 20");
    let criteria = request.criteria.iter().take(MOST).enumerate();
    let criteria = criteria.filter_map(|(place, given)| criterion(&mut check, &format!("criteria[{place}]"), given));
    let criteria = criteria.collect();
    check.finish()?;
    // Sizes are as everywhere; places are of our own, for slots stand in an order of their own.
    let PageRequest { size, .. } = context.pages.request(call, "", request.page_size, "")?;
    let after = if request.page_token.is_empty() {
        None
    } else {
        let place = context.pages.open(call, &filter(request), &request.page_token).and_then(|bytes| place(&bytes));
        let wrong = || Error::invalid(vec![Violation::new("page_token", "was not given for this call")]);
        Some(place.ok_or_else(wrong)?)
    };
    Ok(SearchSlots { referral, site, from, until, criteria, after, size })
}

fn criterion(check: &mut Check, field: &str, given: &v1::Criterion) -> Option<Criterion> {
    let strength = strength(check, field, given);
    let Some(asked) = &given.condition else {
        check.fail(&format!("{field}.condition"), "is required");
        return None;
    };
    let condition = match asked {
        Asked::Reachable(asked) => reachable(check, field, *asked),
        Asked::Wheelchair(asked) => Condition::Wheelchair(asked.limited_suffices),
        Asked::Language(code) => {
            let rule = "must be the code of a language (ISO 639), such as fr";
            check.ensure(&format!("{field}.language"), is_code(code), rule);
            Condition::Language(code.clone())
        }
        Asked::Hours(asked) => hours(check, field, asked),
        Asked::LatestDate(day) => Condition::Latest(check.date(&format!("{field}.latest_date"), Some(*day))),
        Asked::Near(asked) => near(check, field, *asked),
    };
    Some(Criterion { condition, strength, from_referral: false })
}

fn strength(check: &mut Check, field: &str, given: &v1::Criterion) -> Strength {
    let weight = format!("{field}.weight");
    match check.choice(&format!("{field}.strength"), given.strength) {
        Told::Wish => {
            check.ensure(&weight, (0..=HEAVIEST).contains(&given.weight), "must be 1 to 100; 0 means 1");
            Strength::Wish(given.weight.max(1))
        }
        Told::Must => {
            check.ensure(&weight, given.weight == 0, "must not be given with a MUST");
            Strength::Must
        }
        // It has been refused by the check.
        Told::Unspecified => Strength::Must,
    }
}

fn reachable(check: &mut Check, field: &str, asked: Reachable) -> Condition {
    let kind = if asked.kind == Kind::Unspecified as i32 {
        None
    } else {
        match check.choice(&format!("{field}.reachable.kind"), asked.kind) {
            Kind::Train => Some(StopKind::Train),
            Kind::Tram => Some(StopKind::Tram),
            Kind::Metro => Some(StopKind::Metro),
            Kind::Bus => Some(StopKind::Bus),
            // It has been refused by the check.
            Kind::Unspecified => None,
        }
    };
    let minutes = asked.walking_minutes;
    let rule = "must be 0 to 180";
    check.ensure(&format!("{field}.reachable.walking_minutes"), (0..=LONGEST_WAY).contains(&minutes), rule);
    Condition::Reachable(kind, minutes)
}

fn hours(check: &mut Check, field: &str, asked: &Hours) -> Condition {
    let named = format!("{field}.hours.weekdays");
    check.ensure(&named, asked.weekdays.len() <= 7, "must name 1 to 7 days");
    let weekdays = if asked.weekdays.is_empty() { 127 } else { days(check, &named, &asked.weekdays) };
    let (first, last) = (format!("{field}.hours.from_time"), format!("{field}.hours.until_time"));
    let from = if asked.from_time.is_empty() { Some(0) } else { minute(check, &first, &asked.from_time, 1_439) };
    let until = if asked.until_time.is_empty() { Some(1_440) } else { minute(check, &last, &asked.until_time, 1_440) };
    if let (Some(from), Some(until)) = (from, until) {
        check.ensure(&last, until > from, "must be after `from_time`");
    }
    let whole = asked.weekdays.is_empty() && asked.from_time.is_empty() && asked.until_time.is_empty();
    check.ensure(&format!("{field}.hours"), !whole, "must name a weekday or a time");
    Condition::Hours(weekdays, from.unwrap_or_default(), until.unwrap_or_default())
}

fn near(check: &mut Check, field: &str, asked: Near) -> Condition {
    let point = check.required(&format!("{field}.near.position"), asked.position);
    let within = |degrees: f64, most: f64| (-most..=most).contains(&degrees);
    let (north, east) = (point.latitude, point.longitude);
    check.ensure(&format!("{field}.near.position.latitude"), within(north, 90.0), "must be -90 to 90 degrees");
    check.ensure(&format!("{field}.near.position.longitude"), within(east, 180.0), "must be -180 to 180 degrees");
    let (far, rule) = ((1..=FURTHEST).contains(&asked.kilometres), "must be 1 to 1,000");
    check.ensure(&format!("{field}.near.kilometres"), far, rule);
    Condition::Near(Point { latitude: north, longitude: east }, asked.kilometres)
}

/// All else that a page token of a search goes with.
fn filter(request: &v1::SearchSlotsRequest) -> String {
    let day = |date: Option<relais_proto::google::r#type::Date>| date.map(|d| (d.year, d.month, d.day));
    let (first, last) = (day(request.start_date), day(request.end_date));
    format!("{}|{}|{first:?}|{last:?}|{:?}", request.referral, request.site, request.criteria)
}

/// The place of a page token: where the last slot stands.
fn place(bytes: &[u8]) -> Option<Key> {
    let (score, bytes) = bytes.split_first_chunk::<4>()?;
    let (micros, bytes) = bytes.split_first_chunk::<8>()?;
    let (walking, bytes) = bytes.split_first_chunk::<4>()?;
    let (site, slot) = bytes.split_first_chunk::<16>()?;
    Some(Key {
        score: Reverse(i32::from_be_bytes(*score)),
        start: DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?,
        walking: i32::from_be_bytes(*walking),
        site: Uuid::from_bytes(*site).into(),
        slot: Uuid::from_slice(slot).ok()?.into(),
    })
}

/// The page token of a place.
pub(in crate::grpc) fn token(
    context: &Context,
    call: &Call,
    request: &v1::SearchSlotsRequest,
    next: Option<Key>,
) -> String {
    let bytes = |key: Key| {
        let Reverse(score) = key.score;
        let (start, walking) = (key.start.timestamp_micros().to_be_bytes(), key.walking.to_be_bytes());
        let (site, slot) = (key.site.0.into_bytes(), key.slot.0.into_bytes());
        [&score.to_be_bytes()[..], &start, &walking, &site, &slot].concat()
    };
    next.map(|next| context.pages.seal(call, &filter(request), &bytes(next))).unwrap_or_default()
}
