//! The operations service: clock, backlog, parked messages, publishing again, snapshots; served by every service for itself.

mod clock;
mod parked;
mod rebuild;
mod republish;

use std::{marker::PhantomData, time::Duration};

use relais_proto::operations::v1::{
    AdvanceClockRequest, AdvanceClockResponse, DiscardParkedMessageRequest, DiscardParkedMessageResponse,
    GetBacklogRequest, GetBacklogResponse, GetClockRequest, GetClockResponse, GetParkedMessageRequest,
    GetParkedMessageResponse, ListParkedMessagesRequest, ListParkedMessagesResponse, RebuildProjectionRequest,
    ReplayParkedMessageRequest, ReplayParkedMessageResponse, RepublishEventsRequest, RepublishEventsResponse,
    StreamSnapshotRequest, get_backlog_response, operations_service_server::OperationsService,
};
use tonic::Request;

use super::{Answer, answer};
use crate::{
    Context, Service,
    calls::{Role, Rule, Rules, Sight},
    consumer::parked::GetParked,
};

/// Its full name.
pub const NAME: &str = "relais.operations.v1.OperationsService";

const OPERATOR: Rule = Rule::roles(&[Role::Operator], Sight::Installation);

/// Operators alone; what others rebuild from, by the service that rebuilds alone.
pub(super) const RULES: Rules = &[
    ("/relais.operations.v1.OperationsService/GetClock", OPERATOR),
    ("/relais.operations.v1.OperationsService/AdvanceClock", OPERATOR),
    ("/relais.operations.v1.OperationsService/GetBacklog", OPERATOR),
    ("/relais.operations.v1.OperationsService/ListParkedMessages", OPERATOR),
    ("/relais.operations.v1.OperationsService/GetParkedMessage", OPERATOR),
    ("/relais.operations.v1.OperationsService/ReplayParkedMessage", OPERATOR),
    ("/relais.operations.v1.OperationsService/DiscardParkedMessage", OPERATOR),
    ("/relais.operations.v1.OperationsService/RepublishEvents", OPERATOR),
    ("/relais.operations.v1.OperationsService/StreamSnapshot", OPERATOR.through_service()),
    ("/relais.operations.v1.OperationsService/RebuildProjection", OPERATOR),
];

/// A consumer that has just applied a message may have more on the wire.
const QUIET: Duration = Duration::from_millis(100);

/// Serves `relais.operations.v1` for a service.
pub(super) struct Operations<S> {
    context: Context,
    service: PhantomData<S>,
}

impl<S> Operations<S> {
    pub(super) fn new(context: Context) -> Self {
        Self { context, service: PhantomData }
    }
}

#[tonic::async_trait]
impl<S: Service> OperationsService for Operations<S> {
    type StreamSnapshotStream = rebuild::Snapshots;
    type RebuildProjectionStream = rebuild::Rebuilding;

    async fn get_clock(&self, _: Request<GetClockRequest>) -> Answer<GetClockResponse> {
        answer(clock::get(&self.context))
    }

    async fn advance_clock(&self, request: Request<AdvanceClockRequest>) -> Answer<AdvanceClockResponse> {
        let (call, body) = self.context.open(request)?;
        answer(clock::advance(&self.context, call, body).await?)
    }

    async fn get_backlog(&self, _: Request<GetBacklogRequest>) -> Answer<GetBacklogResponse> {
        answer(backlog::<S>(&self.context).await?)
    }

    async fn list_parked_messages(
        &self,
        request: Request<ListParkedMessagesRequest>,
    ) -> Answer<ListParkedMessagesResponse> {
        let (call, body) = self.context.open(request)?;
        let list = parked::list(&self.context, &call, &body)?;
        let page = self.context.read(call.clone(), list).await?;
        let next_page_token = self.context.pages.token(&call, &parked::filter(&body), page.next);
        let parked_messages = page.rows.into_iter().map(parked::convert).collect();
        answer(ListParkedMessagesResponse { parked_messages, next_page_token })
    }

    async fn get_parked_message(&self, request: Request<GetParkedMessageRequest>) -> Answer<GetParkedMessageResponse> {
        let (call, body) = self.context.open(request)?;
        let id = parked::id(&body.name)?;
        let parked = self.context.read(call, GetParked(id)).await?;
        answer(GetParkedMessageResponse { parked_message: Some(parked::convert(parked)) })
    }

    async fn replay_parked_message(
        &self,
        request: Request<ReplayParkedMessageRequest>,
    ) -> Answer<ReplayParkedMessageResponse> {
        let (call, body) = self.context.open(request)?;
        let (request_id, replay) = parked::replay(&body)?;
        let parked = self.context.change(call, request_id, &body, replay).await?;
        self.context.consumer.ripe.notify_one();
        answer(ReplayParkedMessageResponse { parked_message: Some(parked::convert(parked)) })
    }

    async fn discard_parked_message(
        &self,
        request: Request<DiscardParkedMessageRequest>,
    ) -> Answer<DiscardParkedMessageResponse> {
        let (call, body) = self.context.open(request)?;
        let (request_id, discard) = parked::discard(&body, S::NAME)?;
        let parked = self.context.change(call, request_id, &body, discard).await?;
        self.context.consumer.ripe.notify_one();
        answer(DiscardParkedMessageResponse { parked_message: Some(parked::convert(parked)) })
    }

    async fn republish_events(&self, request: Request<RepublishEventsRequest>) -> Answer<RepublishEventsResponse> {
        let (call, body) = self.context.open(request)?;
        answer(republish::run(&self.context, call, &body).await?)
    }

    async fn stream_snapshot(&self, request: Request<StreamSnapshotRequest>) -> Answer<Self::StreamSnapshotStream> {
        let (call, body) = self.context.open(request)?;
        answer(rebuild::snapshots::<S>(self.context.clone(), call, body.aggregate_kind).await?)
    }

    async fn rebuild_projection(
        &self,
        request: Request<RebuildProjectionRequest>,
    ) -> Answer<Self::RebuildProjectionStream> {
        let (call, body) = self.context.open(request)?;
        answer(rebuild::rebuild::<S>(self.context.clone(), call, body.aggregate_kind).await?)
    }
}

/// Looked at in the order in which work goes on: a timer makes a delivery, a delivery an event. So what goes on meanwhile is seen
/// at its next stage, or as activity.
async fn backlog<S: Service>(context: &Context) -> crate::Result<GetBacklogResponse> {
    let now = context.clock.now();
    let (queues, figures) = tokio::join!(context.queues(), context.database.figures(now));
    let (figures, due) = (figures?, S::due_now(&context.database, now).await?);
    let queued = queues.told.iter().map(|queue| i64::from(queue.messages)).sum::<i64>();
    let idle = context.activity().quiet_for(QUIET);
    let left = queued + figures.outbox + figures.retry + figures.timers_due + due;
    let queue = |queue: crate::figures::QueueFigures| get_backlog_response::Queue {
        queue: queue.queue,
        messages: queue.messages.into(),
        consumers: queue.consumers.into(),
    };
    Ok(GetBacklogResponse {
        settled: idle && queues.complete && left == 0,
        outbox: figures.outbox,
        retry: figures.retry,
        queued,
        parked: figures.parked,
        outbox_lag: prost_types::Duration::try_from(figures.outbox_lag).ok(),
        retry_lag: prost_types::Duration::try_from(figures.retry_lag).ok(),
        timers_due: figures.timers_due,
        leads_relay: context.lead.is_ours(),
        queues: queues.told.into_iter().map(queue).collect(),
        queues_known: queues.complete,
        due,
    })
}
