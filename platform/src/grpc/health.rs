//! Health (grpc.health.v1): not serving until the database has been seen with all its migrations.
//!
//! The broker does not decide whether calls are served: they commit, and the outbox waits. It has an entry of its own,
//! [`BROKER`].

use std::time::Duration;

use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{Context, Service};

/// The entry that tells whether the broker is connected.
pub const BROKER: &str = "relais.broker";
const INTERVAL: Duration = Duration::from_millis(500);

/// Sets everything to not serving: at the start, and when no more calls are taken.
pub(crate) async fn not_serving<S: Service>(reporter: &HealthReporter) {
    report::<S>(reporter, false, false).await;
}

/// Looks again and again, until no more calls are taken.
pub(crate) async fn keep_reporting<S: Service>(context: Context, reporter: HealthReporter) {
    let closing = context.closing();
    let look = async {
        loop {
            let serving = context.database.ping().await.is_ok();
            report::<S>(&reporter, serving, context.is_connected()).await;
            tokio::time::sleep(INTERVAL).await;
        }
    };
    tokio::select! {
        () = closing.cancelled() => {
            not_serving::<S>(&reporter).await;
            forget::<S>(reporter.clone()).await;
        }
        () = look => {}
    }
}

async fn report<S: Service>(reporter: &HealthReporter, serving: bool, broker: bool) {
    for name in S::GRPC.iter().chain(&["", super::operations::NAME]) {
        reporter.set_service_status(*name, status(serving)).await;
    }
    reporter.set_service_status(BROKER, status(broker)).await;
}

/// Ends the streams of who watches: else each of them would hold the end up until it is cut off.
async fn forget<S: Service>(mut reporter: HealthReporter) {
    for name in S::GRPC.iter().chain(&["", super::operations::NAME, BROKER]) {
        reporter.clear_service_status(name).await;
    }
}

fn status(up: bool) -> ServingStatus {
    if up { ServingStatus::Serving } else { ServingStatus::NotServing }
}
