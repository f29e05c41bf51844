//! Waiting for the quiet after the last fault.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use relais_proto::operations::v1::GetBacklogRequest;
use sqlx::{Connection, FromRow};
use tokio::time::{sleep, timeout};

use super::fleet::Fleet;
use crate::{Identity, SERVICES, Session};

/// Waits until nothing is left to do: the tables say so, and every instance does, twice in a row. Between the two arrives
/// what was on the wire. Otherwise says what is left.
///
/// # Errors
/// When the key cannot sign.
pub async fn until_quiet(fleet: &Fleet, until: Instant) -> Result<Option<String>> {
    let operator = Identity::new("operator", "operator");
    let mut instances = Vec::new();
    for service in SERVICES {
        instances.extend(fleet.sessions(service, &operator)?.into_iter().map(|session| (service, session)));
    }
    let mut quiet = 0;
    loop {
        let left = left(fleet, &instances).await.unwrap_or_else(|error| Some(format!("{error:#}")));
        quiet = if left.is_none() { quiet + 1 } else { 0 };
        if quiet == 2 {
            return Ok(None);
        }
        if left.is_some() && Instant::now() > until {
            return Ok(left);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn left(fleet: &Fleet, instances: &[(&'static str, Session)]) -> Result<Option<String>> {
    for (service, Outbox { rows, held, .. }) in outboxes(fleet).await? {
        if rows + held > 0 {
            return Ok(Some(format!("{service}: {rows} in outbox, {held} in retry")));
        }
    }
    for (service, session) in instances {
        let asked = async { session.operations().get_backlog(GetBacklogRequest {}).await };
        let backlog = timeout(Duration::from_secs(6), asked).await.context("no answer")??.into_inner();
        if !backlog.settled {
            return Ok(Some(format!("{service}: {backlog:?}")));
        }
    }
    Ok(None)
}

/// Events of a service that wait in its outbox, and messages that it holds back.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Outbox {
    /// How many events.
    pub rows: i64,
    /// The position of the first.
    pub first: i64,
    /// The position of the last.
    pub last: i64,
    /// How many messages are held back.
    pub held: i64,
}

/// The outbox of each service.
///
/// # Errors
/// When the database cannot be asked.
pub async fn outboxes(fleet: &Fleet) -> Result<Vec<(&'static str, Outbox)>> {
    const OUTBOX: &str =
        "SELECT count(*) AS rows, COALESCE(min(position), 0) AS first, COALESCE(max(position), 0) AS last,
                                 (SELECT count(*) FROM retry) AS held FROM outbox";
    let mut outboxes = Vec::new();
    for service in SERVICES {
        let mut owner = timeout(Duration::from_secs(5), fleet.suite.owner(service)).await.context("no answer")??;
        outboxes.push((service, sqlx::query_as(OUTBOX).fetch_one(&mut owner).await?));
        owner.close().await?;
    }
    Ok(outboxes)
}
