//! Waiting for what comes by itself.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use relais_proto::operations::v1::{GetBacklogRequest, GetBacklogResponse};

use crate::{Session, Sessions};

/// Asks again and again until there is an answer, for half a minute at most.
///
/// # Errors
/// When none came, saying what was waited for.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let last = ask().await;
        if let Ok(Some(answer)) = last {
            return Ok(answer);
        }
        if Instant::now() > until {
            match last {
                Err(error) => return Err(error.context(format!("waited in vain: {what}"))),
                Ok(_) => bail!("waited in vain: {what}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until all services say twice in a row that nothing is left to do: between the two, what was on the wire arrives.
///
/// # Errors
/// When they do not settle in half a minute.
pub async fn settled(operator: &Sessions) -> Result<()> {
    let sessions = operator.all().map(|(_, session)| session.clone());
    let settling = eventually("all services settle", || async {
        if all_settled(&sessions).await?.is_none() {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        all_settled(&sessions).await
    });
    match settling.await {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(left(operator).await)),
    }
}

async fn all_settled(sessions: &[Session]) -> Result<Option<()>> {
    for session in sessions {
        if !backlog(session).await?.settled {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

async fn backlog(session: &Session) -> Result<GetBacklogResponse> {
    Ok(session.operations().get_backlog(GetBacklogRequest {}).await?.into_inner())
}

/// What each service has still to do, for people.
async fn left(operator: &Sessions) -> String {
    let mut left = String::from("still to do:");
    for (service, session) in operator.all() {
        left += &format!(" {service} {:?};", backlog(session).await);
    }
    left
}
