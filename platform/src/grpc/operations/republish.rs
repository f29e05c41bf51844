//! Publishing a span again, in one unit: the same request again puts nothing back a second time.

use chrono::{DateTime, Utc};
use relais_proto::operations::v1::{RepublishEventsRequest, RepublishEventsResponse};
use uuid::Uuid;

use super::clock::instant;
use crate::{
    Context,
    broker::topology,
    calls::{Call, Check, Outcome, Recall},
    clock::machine_now,
    database::{Unit, UseCase},
    error::Result,
    outbox::store,
};

/// Rows moved by one statement, well within its time-out.
const STRETCH: i64 = 10_000;

pub(super) async fn run(
    context: &Context,
    call: Call,
    body: &RepublishEventsRequest,
) -> Result<RepublishEventsResponse> {
    let mut check = Check::default();
    let request_id = check.request_id(&body.request_id);
    check.finish()?;
    let start = instant("start_time", body.start_time)?;
    let end = if body.end_time.is_some() { instant("end_time", body.end_time)? } else { machine_now() };
    let mut check = Check::default();
    check.ensure("end_time", start < end, "must be after start_time");
    let known = body.aggregate_kind.is_empty() || topology::publishes(context.service, &body.aggregate_kind);
    check.ensure("aggregate_kind", known, "must be a kind that this service publishes, or empty");
    check.finish()?;
    let use_case = Republish { start, end, kind: body.aggregate_kind.clone() };
    let republished = context.change(call, request_id, body, use_case).await?;
    Ok(RepublishEventsResponse { events: republished.events })
}

struct Republish {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    kind: String,
}

struct Republished {
    id: Uuid,
    events: i64,
}

impl UseCase for Republish {
    type Outcome = Republished;
    const NAME: &'static str = "republish_events";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Republished> {
        let (mut after, mut events) = (Some(before(self.start)), 0);
        while let Some(from) = after {
            let (last, again) = store::send_again(unit, (from, self.end), &self.kind, STRETCH).await?;
            (after, events) = (last, events + again);
        }
        unit.wake_relay();
        unit.audit(format!("outbox from {} to {} {}", self.start, self.end, self.kind));
        Ok(Republished { id: Uuid::now_v7(), events })
    }
}

/// The largest id (UUID v7) of the time before an instant, to the millisecond.
fn before(start: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(start.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128((u128::from(millis) << 80).saturating_sub(1))
}

impl Recall for Republished {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id, version: self.events }
    }

    async fn recall(_: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        Ok(Self { id: outcome.id, events: outcome.version })
    }
}
