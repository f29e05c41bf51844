//! The operations service: clock and backlog, served by every service for itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use prost_types::Timestamp;
use relais_proto::operations::v1::{
    AdvanceClockRequest, AdvanceClockResponse, GetBacklogRequest, GetBacklogResponse, GetClockRequest,
    GetClockResponse, operations_service_server::OperationsService,
};
use sqlx_otel::QueryAnnotateExt;
use tonic::Request;

use super::{Answer, answer};
use crate::{
    Context,
    calls::{Role, Rule, Rules, check::time_to_proto},
    clock::machine_now,
    database::{Unit, UseCase},
    error::{Error, Kind, Result, Violation},
    settings::EnvironmentKind,
};

/// Its full name.
pub const NAME: &str = "relais.operations.v1.OperationsService";

/// Operators alone.
pub(super) const RULES: Rules = &[
    ("/relais.operations.v1.OperationsService/GetClock", Rule::Roles(&[Role::Operator])),
    ("/relais.operations.v1.OperationsService/AdvanceClock", Rule::Roles(&[Role::Operator])),
    ("/relais.operations.v1.OperationsService/GetBacklog", Rule::Roles(&[Role::Operator])),
];

/// A consumer that has just applied a message may have more on the wire.
const QUIET: Duration = Duration::from_millis(100);

/// Serves `relais.operations.v1`.
pub(super) struct Operations {
    context: Context,
}

impl Operations {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn get_clock(&self, _: Request<GetClockRequest>) -> Answer<GetClockResponse> {
        let clock = &self.context.clock;
        let offset = clock.offset();
        let offset = prost_types::Duration { seconds: offset.num_seconds(), nanos: offset.subsec_nanos() };
        answer(GetClockResponse { time: Some(time_to_proto(clock.now())), offset: Some(offset) })
    }

    async fn advance_clock(&self, request: Request<AdvanceClockRequest>) -> Answer<AdvanceClockResponse> {
        let (call, body) = self.context.open(request)?;
        if self.context.settings.environment != EnvironmentKind::Development {
            let message = "the clock moves in development alone";
            return Err(Error::new(Kind::FailedPrecondition, "CLOCK_FIXED", message).into());
        }
        let offset_ms = (instant(body.time)? - machine_now()).num_milliseconds();
        let offset_ms = self.context.read(call, AdvanceClock { offset_ms }).await?;
        self.context.clock.follow(offset_ms);
        answer(AdvanceClockResponse { time: Some(time_to_proto(self.context.clock.now())) })
    }

    async fn get_backlog(&self, _: Request<GetBacklogRequest>) -> Answer<GetBacklogResponse> {
        let context = &self.context;
        let queued = queued(context).await.map_err(Error::unavailable)?;
        let counts = context.database.backlog().await?;
        let idle = context.activity().quiet_for(QUIET);
        let settled = idle && queued + counts.outbox + counts.retry == 0;
        let (outbox, retry, parked) = (counts.outbox, counts.retry, counts.parked);
        answer(GetBacklogResponse { settled, outbox, retry, queued, parked })
    }
}

struct AdvanceClock {
    offset_ms: i64,
}

impl UseCase for AdvanceClock {
    type Outcome = i64;
    const NAME: &'static str = "advance_clock";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<i64> {
        unit.audit("clock");
        // The row keeps the larger one: clocks never go back.
        let query = sqlx::query_scalar!(
            "UPDATE clock SET offset_ms = GREATEST(offset_ms, $1) RETURNING offset_ms",
            self.offset_ms,
        );
        Ok(query.with_operation("UPDATE", "clock").fetch_one(unit.sql()).await?)
    }
}

fn instant(time: Option<Timestamp>) -> Result<DateTime<Utc>> {
    let valid = time.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
    let valid = valid.filter(|time| (1900..2200).contains(&chrono::Datelike::year(time)));
    let violation = || Error::invalid(vec![Violation::new("time", "must be an instant between 1900 and 2200")]);
    valid.ok_or_else(violation)
}

async fn queued(context: &Context) -> anyhow::Result<i64> {
    let asking = async {
        let channel = context.broker.channel().await?;
        let queue = context.broker.topology().queue(context.service);
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let queue = channel.queue_declare(queue.into(), passive, FieldTable::default()).await?;
        let _ = channel.close(200, "asked".into()).await;
        anyhow::Ok(i64::from(queue.message_count()))
    };
    tokio::time::timeout(Duration::from_secs(5), asking).await?
}
