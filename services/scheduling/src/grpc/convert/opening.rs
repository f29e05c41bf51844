//! Opening rules and closures.

use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::{convention::v1::Coding, scheduling::v1};

use crate::domain::opening::{Closure, OpeningRule, Service};

pub(in crate::grpc) fn opening_rule(value: OpeningRule) -> v1::OpeningRule {
    v1::OpeningRule {
        name: value.id.to_string(),
        site: value.site.to_string(),
        services: value.services.into_iter().map(coding).collect(),
        weekdays: (1..=7).filter(|day| value.weekdays & (1 << (day - 1)) != 0).collect(),
        from_time: local(value.from_minute),
        until_time: local(value.until_minute),
        slot_minutes: value.slot_minutes.into(),
        seats: value.seats.into(),
        walk_in_seats: value.walk_in_seats.into(),
        wheelchair_access: value.wheelchair_access,
        interpreter_languages: value.interpreter_languages,
        valid_from_date: Some(date_to_proto(value.valid_from)),
        valid_until_date: value.valid_until.map(date_to_proto),
        advance_days: value.advance_days.into(),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
        etag: value.version.to_string(),
    }
}

fn coding(service: Service) -> Coding {
    Coding { system: service.system, code: service.code, ..Coding::default() }
}

fn local(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

pub(in crate::grpc) fn closure(value: Closure) -> v1::Closure {
    v1::Closure {
        name: value.id.to_string(),
        site: value.site.to_string(),
        start_date: Some(date_to_proto(value.start_date)),
        end_date: Some(date_to_proto(value.end_date)),
        note: value.note,
        create_time: Some(time_to_proto(value.create_time)),
        lift_time: value.lift_time.map(time_to_proto),
    }
}
