//! Opening rules and closures.

use chrono::{DateTime, NaiveDate};
use relais_platform::{
    Result,
    calls::Check,
    context::Context,
    ids::{Child, ClosureId, OpeningRuleId, SiteId},
};
use relais_proto::scheduling::v1;
use uuid::Uuid;

use super::etag;
use crate::{
    app::opening::{CreateClosure, CreateRule, EndRule, GetRule, LiftClosure},
    domain::opening::{Closure, OpeningRule, Service},
};

/// The longest system or code of a service, in characters.
const CODE: usize = 200;
/// The longest note, in characters.
const NOTE: usize = 200;
/// The most seats that a rule offers on a day.
const SEATS_A_DAY: i64 = 2_000;

pub(in crate::grpc) fn site(name: &str) -> Result<Child<SiteId>> {
    let mut check = Check::default();
    let site = check.child("parent", name);
    check.finish().map(|()| site)
}

pub(in crate::grpc) fn get_rule(request: &v1::GetOpeningRuleRequest) -> Result<GetRule> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.finish().map(|()| GetRule(id))
}

pub(in crate::grpc) fn create_rule(
    context: &Context,
    request: &v1::CreateOpeningRuleRequest,
) -> Result<(Uuid, CreateRule)> {
    let mut check = Check::default();
    let given = check.required("opening_rule", request.opening_rule.clone());
    let (from_minute, until_minute, slot_minutes) = hours(&mut check, &given);
    let valid_from = check.date("opening_rule.valid_from_date", given.valid_from_date);
    let valid_until = given.valid_until_date.map(|day| check.date("opening_rule.valid_until_date", Some(day)));
    let ordered = valid_until.is_none_or(|until| until >= valid_from);
    check.ensure("opening_rule.valid_until_date", ordered, "must not be before the first day");
    let usual = context.settings.booking.advance_days.clamp(1, 180).cast_signed();
    let rule = OpeningRule {
        id: OpeningRuleId::draw(),
        version: 1,
        site: check.child("opening_rule.site", &given.site),
        services: services(&mut check, &given),
        weekdays: weekdays(&mut check, &given),
        from_minute,
        until_minute,
        slot_minutes,
        seats: number(&mut check, "seats", given.seats, 0, 100),
        walk_in_seats: number(&mut check, "walk_in_seats", given.walk_in_seats, 0, 100),
        wheelchair_access: given.wheelchair_access,
        interpreter_languages: languages(&mut check, &given),
        valid_from,
        valid_until,
        advance_days: if given.advance_days == 0 {
            usual
        } else {
            number(&mut check, "advance_days", given.advance_days, 1, 180)
        },
        made_until: None,
        create_time: DateTime::UNIX_EPOCH,
        update_time: DateTime::UNIX_EPOCH,
    };
    seats(&mut check, &rule);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, CreateRule(rule)))
}

/// From when, until when, and how long a slot is.
fn hours(check: &mut Check, given: &v1::OpeningRule) -> (i16, i16, i16) {
    let from = minute(check, "opening_rule.from_time", &given.from_time, 1_439);
    let until = minute(check, "opening_rule.until_time", &given.until_time, 1_440);
    let length = number(check, "slot_minutes", given.slot_minutes, 5, 480);
    if let (Some(from), Some(until)) = (from, until) {
        check.ensure("opening_rule.until_time", until > from, "must be after `from_time`");
        let fits = until <= from || until - from >= length;
        check.ensure("opening_rule.slot_minutes", fits, "must fit between `from_time` and `until_time`");
    }
    (from.unwrap_or_default(), until.unwrap_or_default(), length)
}

/// A local time `HH:MM` as minutes after midnight.
pub(super) fn minute(check: &mut Check, field: &str, value: &str, most: i16) -> Option<i16> {
    let parts = value.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let time = parts.and_then(|(hour, minute)| Some((digits(hour)?, digits(minute)?)));
    let minutes = time.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| hour * 60 + minute);
    let minutes = minutes.filter(|minutes| *minutes <= most);
    if minutes.is_none() {
        check.fail(field, "must be a time `HH:MM` of a day");
    }
    minutes
}

fn number(check: &mut Check, field: &str, value: i32, least: i16, most: i16) -> i16 {
    let within = (i32::from(least)..=i32::from(most)).contains(&value);
    check.ensure(&format!("opening_rule.{field}"), within, &format!("must be {least} to {most}"));
    i16::try_from(value).unwrap_or_default()
}

fn services(check: &mut Check, given: &v1::OpeningRule) -> Vec<Service> {
    check.ensure("opening_rule.services", (1..=50).contains(&given.services.len()), "must name 1 to 50 services");
    let service = |coding: &relais_proto::convention::v1::Coding| Service {
        system: check.text("opening_rule.services.system", &coding.system, CODE),
        code: check.text("opening_rule.services.code", &coding.code, CODE),
    };
    given.services.iter().take(50).map(service).collect()
}

fn weekdays(check: &mut Check, given: &v1::OpeningRule) -> i16 {
    check.ensure("opening_rule.weekdays", (1..=7).contains(&given.weekdays.len()), "must name 1 to 7 days");
    days(check, "opening_rule.weekdays", &given.weekdays)
}

/// Weekdays as bits: Monday is the lowest.
pub(super) fn days(check: &mut Check, field: &str, given: &[i32]) -> i16 {
    let mut days = 0;
    for day in given.iter().take(7) {
        let day: v1::Weekday = check.choice(field, *day);
        if day != v1::Weekday::Unspecified {
            days |= 1 << (day as i16 - 1);
        }
    }
    days
}

fn languages(check: &mut Check, given: &v1::OpeningRule) -> Vec<String> {
    let languages = &given.interpreter_languages;
    let form =
        |language: &String| (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let known = languages.len() <= 20 && languages.iter().all(form);
    check.ensure("opening_rule.interpreter_languages", known, "must be at most 20 codes of two or three small letters");
    languages.iter().take(20).cloned().collect()
}

fn seats(check: &mut Check, rule: &OpeningRule) {
    let a_slot = i64::from(rule.seats) + i64::from(rule.walk_in_seats);
    check.ensure("opening_rule.seats", a_slot > 0, "must leave a seat in each slot, to be booked or not");
    let slots = i64::from(rule.until_minute - rule.from_minute) / i64::from(rule.slot_minutes.max(5));
    check.ensure("opening_rule.seats", a_slot * slots <= SEATS_A_DAY, "must not make more than 2,000 seats a day");
}

pub(in crate::grpc) fn end_rule(request: &v1::EndOpeningRuleRequest) -> Result<(Uuid, EndRule)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let last = check.date("end_date", request.end_date);
    let seen = etag(&mut check, &request.etag);
    let request_id = check.request_id(&request.request_id);
    let command = EndRule { id, last, give_up: request.cancel_appointments, seen };
    check.finish().map(|()| (request_id, command))
}

pub(in crate::grpc) fn create_closure(request: &v1::CreateClosureRequest) -> Result<(Uuid, CreateClosure)> {
    let mut check = Check::default();
    let given = check.required("closure", request.closure.clone());
    let start_date = check.date("closure.start_date", given.start_date);
    let end_date = check.date("closure.end_date", given.end_date);
    let days = (end_date - start_date).num_days();
    if given.start_date.is_some() && given.end_date.is_some() && start_date != NaiveDate::default() {
        check.ensure("closure.end_date", days >= 0, "must not be before the first day");
        check.ensure("closure.end_date", days <= 366, "must be at most 366 days after the first day");
    }
    let closure = Closure {
        id: ClosureId::draw(),
        site: check.child("closure.site", &given.site),
        start_date,
        end_date,
        note: check.optional_text("closure.note", &given.note, NOTE),
        create_time: DateTime::UNIX_EPOCH,
        lift_time: None,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, CreateClosure { closure, give_up: request.cancel_appointments }))
}

pub(in crate::grpc) fn lift_closure(request: &v1::LiftClosureRequest) -> Result<(Uuid, LiftClosure)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, LiftClosure(id)))
}
