//! The clock of a service, told and moved.

use chrono::{DateTime, Datelike, Utc};
use prost_types::Timestamp;
use relais_proto::operations::v1::{AdvanceClockRequest, AdvanceClockResponse, GetClockResponse};
use sqlx_otel::QueryAnnotateExt;

use crate::{
    Context,
    calls::{Call, check::time_to_proto},
    clock::machine_now,
    database::{Unit, UseCase},
    error::{Error, Kind, Result, Violation},
    settings::EnvironmentKind,
};

pub(super) fn get(context: &Context) -> GetClockResponse {
    let offset = context.clock.offset();
    let offset = prost_types::Duration { seconds: offset.num_seconds(), nanos: offset.subsec_nanos() };
    GetClockResponse { time: Some(time_to_proto(context.clock.now())), offset: Some(offset) }
}

pub(super) async fn advance(context: &Context, call: Call, body: AdvanceClockRequest) -> Result<AdvanceClockResponse> {
    if context.settings.environment != EnvironmentKind::Development {
        return Err(Error::new(Kind::FailedPrecondition, "CLOCK_FIXED", "the clock moves in development alone"));
    }
    let offset_ms = (instant("time", body.time)? - machine_now()).num_milliseconds();
    let offset_ms = context.read(call, AdvanceClock { offset_ms }).await?;
    context.clock.follow(offset_ms);
    Ok(AdvanceClockResponse { time: Some(time_to_proto(context.clock.now())) })
}

struct AdvanceClock {
    offset_ms: i64,
}

impl UseCase for AdvanceClock {
    type Outcome = i64;
    const NAME: &'static str = "advance_clock";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<i64> {
        unit.changes();
        unit.audit("clock");
        // The row keeps the larger one: clocks never go back.
        let query = sqlx::query_scalar!(
            "UPDATE clock SET offset_ms = GREATEST(offset_ms, $1) RETURNING offset_ms",
            self.offset_ms,
        );
        Ok(query.with_operation("UPDATE", "clock").fetch_one(unit.sql()).await?)
    }
}

/// The instant of a field.
pub(super) fn instant(field: &str, time: Option<Timestamp>) -> Result<DateTime<Utc>> {
    let valid = time.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
    let valid = valid.filter(|time| (1900..2200).contains(&time.year()));
    let violation = || Error::invalid(vec![Violation::new(field, "must be an instant between 1900 and 2200")]);
    valid.ok_or_else(violation)
}
