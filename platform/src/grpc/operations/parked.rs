//! Parked messages: parse and convert.

use relais_proto::operations::v1::{
    DiscardParkedMessageRequest, ListParkedMessagesRequest, ParkedMessage, ReplayParkedMessageRequest, parked_message,
};
use uuid::Uuid;

use crate::{
    Context,
    calls::{Call, Check, check::time_to_proto},
    consumer::parked::{Cause, DiscardParked, ListParked, Parked, ReplayParked, State},
    error::Result,
    ids::ParkedMessageId,
};

/// The longest reason, in characters.
const REASON: usize = 500;

pub(super) fn list(context: &Context, call: &Call, body: &ListParkedMessagesRequest) -> Result<ListParked> {
    let mut check = Check::default();
    let state = match body.state {
        0 => None,
        given => Some(check.choice::<parked_message::State>("state", given)),
    };
    check.finish()?;
    let state = state.and_then(|state| match state {
        parked_message::State::Parked => Some(State::Parked),
        parked_message::State::Replayed => Some(State::Replayed),
        parked_message::State::Discarded => Some(State::Discarded),
        parked_message::State::Unspecified => None,
    });
    let page = context.pages.request(call, &filter(body), body.page_size, &body.page_token)?;
    Ok(ListParked { state, page })
}

/// All that was asked but the page.
pub(super) fn filter(body: &ListParkedMessagesRequest) -> String {
    body.state.to_string()
}

pub(super) fn id(name: &str) -> Result<ParkedMessageId> {
    let mut check = Check::default();
    let id = check.name("name", name);
    check.finish().map(|()| id)
}

pub(super) fn replay(body: &ReplayParkedMessageRequest) -> Result<(Uuid, ReplayParked)> {
    let mut check = Check::default();
    let id = check.name("name", &body.name);
    let request_id = check.request_id(&body.request_id);
    let reason = check.optional_text("reason", &body.reason, REASON);
    check.finish()?;
    Ok((request_id, ReplayParked { id, reason }))
}

pub(super) fn discard(body: &DiscardParkedMessageRequest, consumer: &'static str) -> Result<(Uuid, DiscardParked)> {
    let mut check = Check::default();
    let id = check.name("name", &body.name);
    let reason = check.text("reason", &body.reason, REASON);
    let request_id = check.request_id(&body.request_id);
    check.finish()?;
    Ok((request_id, DiscardParked { id, reason, consumer }))
}

pub(super) fn convert(parked: Parked) -> ParkedMessage {
    let trace_id = parked.trace_id().to_string();
    ParkedMessage {
        name: parked.id.to_string(),
        state: state(parked.state).into(),
        cause: cause(parked.cause).into(),
        message_id: parked.message_id.map(|id| id.to_string()).unwrap_or_default(),
        r#type: parked.type_name,
        aggregate_kind: parked.aggregate_kind,
        aggregate_id: parked.aggregate_id.map(|id| id.to_string()).unwrap_or_default(),
        version: parked.version,
        attempts: parked.attempt,
        error: parked.error,
        size: parked.size,
        trace_id,
        event_time: parked.time.map(time_to_proto),
        park_time: Some(time_to_proto(parked.parked_at)),
        resolve_time: parked.resolved_at.map(time_to_proto),
        resolved_by: parked.resolved_by,
        reason: parked.reason,
    }
}

fn state(state: State) -> parked_message::State {
    match state {
        State::Parked => parked_message::State::Parked,
        State::Replayed => parked_message::State::Replayed,
        State::Discarded => parked_message::State::Discarded,
    }
}

fn cause(cause: Cause) -> parked_message::Cause {
    match cause {
        Cause::Failed => parked_message::Cause::Failed,
        Cause::Unreadable => parked_message::Cause::Unreadable,
        Cause::Reused => parked_message::Cause::Reused,
        Cause::Gap => parked_message::Cause::Gap,
        Cause::Killed => parked_message::Cause::Killed,
    }
}
