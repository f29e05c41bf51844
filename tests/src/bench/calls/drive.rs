//! Callers: each calls again as soon as it is answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::task::JoinSet;

/// Answers a second to so many callers. A call is told which caller makes it, and how many were begun before.
#[allow(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
pub(super) async fn rate<F>(
    callers: usize,
    time: Duration,
    call: impl Fn(usize, usize) -> F + Send + Sync + 'static,
) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (call, begun, began) = (Arc::new(call), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut calling = JoinSet::new();
    for caller in 0..callers {
        let (call, begun) = (call.clone(), begun.clone());
        calling.spawn(async move {
            while began.elapsed() < time {
                call(caller, begun.fetch_add(1, Ordering::Relaxed)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = calling.join_next().await {
        ended??;
    }
    Ok(begun.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
}

/// Does so many jobs by so many callers; answers how many a second.
#[allow(clippy::cast_precision_loss, reason = "a count of jobs is far below 2^52")]
pub(super) async fn through<F>(
    callers: usize,
    jobs: usize,
    call: impl Fn(usize, usize) -> F + Send + Sync + 'static,
) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (call, next, began) = (Arc::new(call), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut calling = JoinSet::new();
    for caller in 0..callers {
        let (call, next) = (call.clone(), next.clone());
        calling.spawn(async move {
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    return anyhow::Ok(());
                }
                call(caller, job).await?;
            }
        });
    }
    while let Some(ended) = calling.join_next().await {
        ended??;
    }
    Ok(jobs as f64 / began.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn each_job_is_done_once_by_one_of_the_callers() -> Result<()> {
        let done: Arc<Mutex<Vec<usize>>> = Arc::default();
        let doing = done.clone();
        through(4, 100, move |caller, job| {
            assert!(caller < 4);
            let done = doing.clone();
            async move {
                tokio::task::yield_now().await;
                done.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.push(job);
                Ok(())
            }
        })
        .await?;
        let mut done = done.lock().unwrap().clone();
        done.sort_unstable();
        assert_eq!(done, (0..100).collect::<Vec<_>>());
        Ok(())
    }

    #[tokio::test]
    async fn a_call_that_fails_ends_the_measurement() {
        let failed = rate(2, Duration::from_secs(60), |_, _| async { anyhow::bail!("refused") }).await;
        assert!(failed.is_err());
    }
}
