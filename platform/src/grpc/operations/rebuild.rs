//! Snapshots told to others, and a rebuild from those of others.

use std::time::Duration;

use futures::{Stream, TryStreamExt, stream};
use relais_proto::operations::v1::{
    RebuildProjectionResponse, StreamSnapshotRequest, StreamSnapshotResponse,
    operations_service_client::OperationsServiceClient, stream_snapshot_response,
};
use tokio::{
    sync::mpsc::{self, Sender},
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use crate::{
    Context, Service,
    broker::topology,
    calls::Call,
    consumer::rebuild::{Progress, STRETCH, Snapshot},
    database::{Unit, UseCase},
    error::{Error, Kind, Result, Violation},
    events::Event,
    ids::parse_uuid,
};

/// The stream of StreamSnapshot.
pub(super) type Snapshots = ReceiverStream<Result<StreamSnapshotResponse, Status>>;
/// The stream of RebuildProjection.
pub(super) type Rebuilding = ReceiverStream<Result<RebuildProjectionResponse, Status>>;

/// Answers on their way to a slow reader.
const BUFFER: usize = 64;
/// Aggregates restored at once.
const AT_ONCE: usize = 8;
/// The owner tells the next aggregate within this time, or is away.
const ITEM: Duration = Duration::from_secs(30);
/// After how many aggregates a rebuild says how far it is.
const REPORT: i64 = 500;

struct Read<S> {
    kind: String,
    after: Uuid,
    service: std::marker::PhantomData<fn() -> S>,
}

impl<S: Service> UseCase for Read<S> {
    type Outcome = Vec<Snapshot>;
    const NAME: &'static str = "stream_snapshot";
    // Identifiers and codes of all organisations, as events carry them.
    const SYSTEM: bool = true;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Snapshot>> {
        unit.audit(format!("snapshot of {} after {}", self.kind, self.after));
        S::snapshot(unit, &self.kind, self.after, STRETCH).await
    }
}

/// Streams all aggregates of a kind, a stretch at a time.
pub(super) async fn snapshots<S: Service>(context: Context, call: Call, kind: String) -> Result<Snapshots> {
    // The first stretch is read before the answer begins: a kind that is not ours is refused by a status.
    let first = read::<S>(&context, &call, &kind, Uuid::nil()).await?;
    let (sender, receiver) = mpsc::channel(BUFFER);
    let background = context.clone();
    background.spawn(async move {
        if let Err(error) = send_all::<S>(&context, &call, &kind, first, &sender).await {
            let _ = sender.send(Err(error.into())).await;
        }
    });
    Ok(ReceiverStream::new(receiver))
}

async fn read<S: Service>(context: &Context, call: &Call, kind: &str, after: Uuid) -> Result<Vec<Snapshot>> {
    let read = Read::<S> { kind: kind.into(), after, service: std::marker::PhantomData };
    context.read(call.clone(), read).await
}

async fn send_all<S: Service>(
    context: &Context,
    call: &Call,
    kind: &str,
    mut stretch: Vec<Snapshot>,
    sender: &Sender<Result<StreamSnapshotResponse, Status>>,
) -> Result<()> {
    while let Some(last) = stretch.last().map(|snapshot| snapshot.id) {
        for snapshot in stretch {
            if sender.send(Ok(to_proto(snapshot))).await.is_err() {
                // Nobody listens any more.
                return Ok(());
            }
        }
        stretch = read::<S>(context, call, kind, last).await?;
    }
    Ok(())
}

fn to_proto(snapshot: Snapshot) -> StreamSnapshotResponse {
    let event =
        |event: &Event| stream_snapshot_response::Event { r#type: event.type_name().into(), body: event.encode() };
    let events = snapshot.events.iter().map(event).collect();
    StreamSnapshotResponse { aggregate_id: snapshot.id.to_string(), version: snapshot.version, events }
}

fn of_proto(told: &StreamSnapshotResponse) -> Option<Snapshot> {
    let event = |event: &stream_snapshot_response::Event| Event::decode(&event.r#type, &event.body).ok();
    let events: Vec<Event> = told.events.iter().map(event).collect::<Option<_>>()?;
    let sound = told.version > 0 && !events.is_empty();
    sound.then_some(Snapshot { id: parse_uuid(&told.aggregate_id)?, version: told.version, events })
}

/// Rebuilds from the snapshot of the service that owns `kind`.
pub(super) async fn rebuild<S: Service>(context: Context, call: Call, kind: String) -> Result<Rebuilding> {
    let heard = topology::HEARS.iter().chain(topology::CRITICAL).filter(|(service, _)| *service == S::NAME);
    if !heard.flat_map(|(_, kinds)| kinds.iter()).any(|heard| *heard == kind) {
        return Err(Error::invalid(vec![Violation::new("aggregate_kind", "must be one that this service hears of")]));
    }
    let snapshots = ask(&context, &call, &kind).await?;
    tracing::info!(kind, by = call.caller.key(), "a projection is rebuilt");
    let (sender, receiver) = mpsc::channel(BUFFER);
    let background = context.clone();
    background.spawn(async move {
        let ended = restore_all::<S>(&context, &kind, snapshots, &sender).await;
        let _ = sender.send(ended.map_err(Status::from)).await;
    });
    Ok(ReceiverStream::new(receiver))
}

/// Opens the owner's snapshot on behalf of the caller, whose rights count there as well.
async fn ask(context: &Context, call: &Call, kind: &str) -> Result<Streaming<StreamSnapshotResponse>> {
    let owner = kind.split('.').nth(1).unwrap_or_default();
    let mut client = OperationsServiceClient::new(context.peer(owner)?);
    let request = context.on_behalf(call, owner, StreamSnapshotRequest { aggregate_kind: kind.into() })?;
    let asked = timeout(ITEM, client.stream_snapshot(request)).await.map_err(|_| silent(owner))?;
    Ok(asked.map_err(|status| refused_by(owner, kind, &status))?.into_inner())
}

/// What the owner's refusal is to our caller: whose rights, whose kind, or an outage.
fn refused_by(owner: &str, kind: &str, status: &Status) -> Error {
    let said = format!("its owner, {owner}, says: {}", status.message());
    match status.code() {
        Code::InvalidArgument | Code::Unimplemented => {
            let message = format!("its owner, {owner}, has no snapshot of {kind}: it cannot be rebuilt");
            Error::new(Kind::FailedPrecondition, "NO_SNAPSHOT", message)
        }
        Code::FailedPrecondition => Error::new(Kind::FailedPrecondition, "REFUSED_BY_OWNER", said),
        Code::PermissionDenied => Error::denied(said),
        Code::Unauthenticated => Error::new(Kind::Unauthenticated, "REFUSED_BY_OWNER", said),
        Code::Internal => Error::internal(anyhow::anyhow!("{owner}: {status}")),
        _ => Error::unavailable(anyhow::anyhow!("{owner}: {status}")),
    }
}

fn silent(owner: &str) -> Error {
    Error::unavailable(anyhow::anyhow!("{owner} says nothing for {ITEM:?}"))
}

/// The owner's snapshots, each within its time.
fn in_time<'a>(
    owner: &'a str,
    kind: &'a str,
    snapshots: Streaming<StreamSnapshotResponse>,
) -> impl Stream<Item = Result<StreamSnapshotResponse>> + 'a {
    stream::try_unfold(snapshots, move |mut snapshots| async move {
        let told = timeout(ITEM, snapshots.message()).await.map_err(|_| silent(owner))?;
        let told = told.map_err(|status| refused_by(owner, kind, &status))?;
        Ok(told.map(|told| (told, snapshots)))
    })
}

async fn restore_all<S: Service>(
    context: &Context,
    kind: &str,
    snapshots: Streaming<StreamSnapshotResponse>,
    sender: &Sender<Result<RebuildProjectionResponse, Status>>,
) -> Result<RebuildProjectionResponse> {
    let owner = kind.split('.').nth(1).unwrap_or_default();
    let restored = in_time(owner, kind, snapshots).map_ok(|told| async move {
        let unreadable = || Error::internal(anyhow::anyhow!("a snapshot that this program cannot read"));
        context.consumer.restore::<S>(kind, of_proto(&told).ok_or_else(unreadable)?).await
    });
    let restored = restored.try_buffer_unordered(AT_ONCE);
    tokio::pin!(restored);
    let mut so_far = RebuildProjectionResponse::default();
    while let Some(progress) = restored.try_next().await? {
        so_far.seen += 1;
        so_far.advanced += i64::from(progress == Progress::Advanced);
        so_far.ahead += i64::from(progress == Progress::Ahead);
        if so_far.seen % REPORT == 0 && sender.send(Ok(so_far)).await.is_err() {
            return Ok(so_far);
        }
    }
    Ok(RebuildProjectionResponse { done: true, ..so_far })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_refuses_is_told_as_it_is() {
        let kind = |code| refused_by("referral", "relais.referral.referral", &Status::new(code, "no")).kind;
        assert_eq!(kind(Code::InvalidArgument), Kind::FailedPrecondition);
        assert_eq!(kind(Code::PermissionDenied), Kind::PermissionDenied);
        assert_eq!(kind(Code::Unauthenticated), Kind::Unauthenticated);
        assert_eq!(kind(Code::Unavailable), Kind::Unavailable);
        assert_eq!(kind(Code::DeadlineExceeded), Kind::Unavailable);
        let message = refused_by("results", "relais.results.critical", &Status::invalid_argument("no")).message;
        assert!(message.contains("no snapshot of relais.results.critical"), "{message}");
    }
}
