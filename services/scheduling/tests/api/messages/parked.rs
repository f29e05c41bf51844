//! What operators do with messages that were given up.

use anyhow::{Context, Result};
use relais_proto::operations::v1::{
    DiscardParkedMessageRequest, GetParkedMessageRequest, ListParkedMessagesRequest, ParkedMessage,
    ReplayParkedMessageRequest,
    parked_message::{Cause, State},
};
use relais_scheduling::Scheduling;
use relais_tests::{Identity, Session, Told, World, request_id, violations};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{APPOINTMENTS, PARKED, REFUSE, RELENT};

async fn list(operator: &Session, state: State) -> Result<Vec<ParkedMessage>, Status> {
    let request = ListParkedMessagesRequest { state: state.into(), ..ListParkedMessagesRequest::default() };
    Ok(operator.operations().list_parked_messages(request).await?.into_inner().parked_messages)
}

async fn replay(operator: &Session, name: &str, request_id: &str) -> Result<ParkedMessage, Status> {
    let (name, request_id) = (name.into(), request_id.into());
    let request = ReplayParkedMessageRequest { name, reason: String::new(), request_id };
    Ok(operator.operations().replay_parked_message(request).await?.into_inner().parked_message.unwrap_or_default())
}

async fn discard(operator: &Session, name: &str, reason: &str) -> Result<ParkedMessage, Status> {
    let request = DiscardParkedMessageRequest { name: name.into(), reason: reason.into(), request_id: request_id() };
    Ok(operator.operations().discard_parked_message(request).await?.into_inner().parked_message.unwrap_or_default())
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A world in which the first event of a referral was parked, and its second waits behind it.
async fn one_parked() -> Result<(World<Scheduling>, Session, Told, ParkedMessage)> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__MAX_ATTEMPTS", "2")]).await?;
    let told = Told::new("AAAA-BBBB-CCC");
    sqlx::query(REFUSE).execute(&world.database).await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(PARKED, 1).await?;
    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.until_count("SELECT count(*) FROM retry WHERE reason = 'gap'", 1).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parked = list(&operator, State::Parked).await?.pop().context("none is listed")?;
    Ok((world, operator, told, parked))
}

#[tokio::test]
async fn a_parked_message_is_shown_without_its_body() -> Result<()> {
    let (world, operator, told, listed) = one_parked().await?;
    let request = GetParkedMessageRequest { name: listed.name.clone() };
    let shown = operator.operations().get_parked_message(request).await?.into_inner().parked_message;
    assert_eq!(shown.as_ref(), Some(&listed));
    assert_eq!((listed.state(), listed.cause(), listed.attempts, listed.version), (State::Parked, Cause::Failed, 2, 1));
    assert_eq!(
        (&*listed.r#type, &listed.aggregate_id),
        ("relais.referral.referral.submitted.v1", &told.id.0.to_string())
    );
    assert!(listed.error.contains("not_this_one") && listed.size > 0, "{listed:?}");
    // The event names its patient; nothing that an operator is shown does.
    let patient = String::from_utf8_lossy(&prost::Message::encode_to_vec(&told.submitted())).contains("patients/");
    assert!(patient && !format!("{listed:?}").contains("patients/"));
    sqlx::query(RELENT).execute(&world.database).await?;
    replay(&operator, &listed.name, &request_id()).await?;
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    world.end().await
}

#[tokio::test]
async fn a_replayed_message_is_tried_from_its_first_attempt_on_and_those_behind_it_follow() -> Result<()> {
    let (world, operator, _, parked) = one_parked().await?;
    let too_early = replay(&operator, &parked.name, &request_id()).await?;
    assert_eq!(too_early.state(), State::Replayed);
    world.until_count(PARKED, 1).await?;
    sqlx::query(RELENT).execute(&world.database).await?;
    let again = list(&operator, State::Parked).await?.pop().context("parked again")?;
    assert_ne!(again.name, parked.name);
    let id = request_id();
    let replayed = replay(&operator, &again.name, &id).await?;
    assert_eq!(replay(&operator, &again.name, &id).await?, replayed, "the same request again answers the same");
    world.until_count("SELECT count(*) FROM appointment WHERE state = 'cancelled'", 1).await?;
    let refused = replay(&operator, &again.name, &request_id()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, "ALREADY_RESOLVED".into()));
    assert_eq!(list(&operator, State::Replayed).await?.len(), 2);
    world.end().await
}

#[tokio::test]
async fn a_discarded_message_is_passed_over_and_those_behind_it_follow() -> Result<()> {
    let (world, operator, _, parked) = one_parked().await?;
    let nothing = discard(&operator, &parked.name, "").await.unwrap_err();
    assert_eq!((nothing.code(), violations(&nothing)), (Code::InvalidArgument, vec!["reason".to_string()]));
    let discarded = discard(&operator, &parked.name, "told by telephone").await?;
    assert_eq!((discarded.state(), discarded.reason.as_str()), (State::Discarded, "told by telephone"));
    assert!(discarded.resolved_by.contains("operator") && discarded.resolve_time.is_some(), "{discarded:?}");
    world.until_count("SELECT count(*) FROM retry", 0).await?;
    assert_eq!(world.count("SELECT max(version) FROM consumed_version").await?, 2);
    assert_eq!(world.count(APPOINTMENTS).await?, 0);
    let refused = discard(&operator, &parked.name, "again").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    world.end().await
}

/// A world in which the second event of a referral was parked, for the first never came.
async fn gap_parked() -> Result<(World<Scheduling>, Session, Told, ParkedMessage)> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__GAP_TIMEOUT_MS", "300")]).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, 2, told.cancelled()).await?;
    world.until_count(PARKED, 1).await?;
    let parked = list(&operator, State::Parked).await?.pop().context("none is listed")?;
    assert_eq!(parked.cause(), Cause::Gap);
    Ok((world, operator, told, parked))
}

#[tokio::test]
async fn what_waits_for_an_earlier_version_goes_on_when_that_comes() -> Result<()> {
    let (world, operator, told, _) = gap_parked().await?;
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM appointment WHERE state = 'cancelled'", 1).await?;
    let resolved = list(&operator, State::Replayed).await?.pop().context("it was not resolved")?;
    assert_eq!((resolved.resolved_by.as_str(), resolved.reason.as_str()), ("system", "the gap was filled"));
    world.end().await
}

#[tokio::test]
async fn what_is_replayed_before_its_gap_is_filled_waits_for_it_and_is_seen_again() -> Result<()> {
    let (world, operator, told, parked) = gap_parked().await?;
    replay(&operator, &parked.name, &request_id()).await?;
    world.until_count("SELECT count(*) FROM parked WHERE cause = 'gap'", 2).await?;
    let again = list(&operator, State::Parked).await?.pop().context("none is listed")?;
    assert_ne!(again.name, parked.name);
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count("SELECT count(*) FROM appointment WHERE state = 'cancelled'", 1).await?;
    world.until_count(PARKED, 0).await?;
    world.end().await
}

#[tokio::test]
async fn a_version_that_never_was_can_be_discarded_and_passes_nothing_over() -> Result<()> {
    let world = World::<Scheduling>::start_with(&[("RELAIS__CONSUMER__GAP_TIMEOUT_MS", "300")]).await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let told = Told::new("AAAA-BBBB-CCC");
    world.tap.publish(told.id.0, i64::MAX, told.cancelled()).await?;
    world.until_count(PARKED, 1).await?;
    let parked = list(&operator, State::Parked).await?.pop().context("none is listed")?;
    assert_eq!(discard(&operator, &parked.name, "no such version").await?.state(), State::Discarded);
    assert_eq!(world.count("SELECT COALESCE(max(version), 0)::bigint FROM consumed_version").await?, 0);
    world.tap.publish(told.id.0, 1, told.submitted()).await?;
    world.until_count(APPOINTMENTS, 1).await?;
    world.end().await
}

/// Any other cause holds up its aggregate: what comes before it is decided on first.
#[tokio::test]
async fn what_killed_its_consumer_is_not_discarded_before_what_it_waits_for() -> Result<()> {
    let (world, operator, ..) = gap_parked().await?;
    sqlx::query("UPDATE parked SET cause = 'killed'").execute(&world.database).await?;
    let parked = list(&operator, State::Parked).await?.pop().context("none is listed")?;
    let refused = discard(&operator, &parked.name, "too old").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, "EARLIER_VERSION_MISSING".into()));
    world.end().await
}

#[tokio::test]
async fn what_has_no_envelope_can_only_be_discarded() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    world.tap.send_raw("relais.referral.referral.submitted.v1", b"?", lapin::BasicProperties::default()).await?;
    world.until_count(PARKED, 1).await?;
    let parked = list(&operator, State::Unspecified).await?.pop().context("none is listed")?;
    assert_eq!((parked.cause(), parked.aggregate_id.as_str()), (Cause::Unreadable, ""));
    let refused = replay(&operator, &parked.name, &request_id()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, "NO_ENVELOPE".into()));
    assert_eq!(discard(&operator, &parked.name, "somebody's test").await?.state(), State::Discarded);
    world.end().await
}

#[tokio::test]
async fn only_operators_decide_and_bad_names_are_told_by_field() -> Result<()> {
    let world = World::<Scheduling>::start().await?;
    let desk = world.session(&Identity::new("desk", "desk"))?;
    assert_eq!(list(&desk, State::Parked).await.unwrap_err().code(), Code::PermissionDenied);
    let name = format!("parkedMessages/{}", uuid::Uuid::now_v7());
    assert_eq!(discard(&desk, &name, "x").await.unwrap_err().code(), Code::PermissionDenied);
    let operator = world.session(&Identity::new("operator", "operator"))?;
    assert_eq!(discard(&operator, &name, "x").await.unwrap_err().code(), Code::NotFound);
    let wrong = replay(&operator, "messages/1", "7").await.unwrap_err();
    assert_eq!(violations(&wrong), ["name", "request_id"]);
    let request = ReplayParkedMessageRequest { name, reason: "\0".into(), request_id: request_id() };
    let wrong = operator.operations().replay_parked_message(request).await.unwrap_err();
    assert_eq!((wrong.code(), violations(&wrong)), (Code::InvalidArgument, vec!["reason".to_string()]));
    let request = ListParkedMessagesRequest { state: 99, ..ListParkedMessagesRequest::default() };
    let wrong = operator.operations().list_parked_messages(request).await.unwrap_err();
    assert_eq!(violations(&wrong), ["state"]);
    world.end().await
}
