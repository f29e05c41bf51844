//! What a service does in one unit, and what it asks between them.

use futures::future::BoxFuture;
use sqlx::PgConnection;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Unit;
use crate::{audit::Subject, error::Result, telemetry::subject};

/// What a service does for one call or one event: load, decide, fill the unit's write set.
///
/// It may be run again from the start when others were changing the same rows, so it changes nothing but the unit.
pub trait UseCase: Send + Sync + 'static {
    /// What comes out.
    type Outcome: Send + 'static;

    /// Its name in traces and logs, such as `submit_referral`.
    const NAME: &'static str;

    /// Whether it sees the rows of all organisations, whoever calls: snapshots, a broken glass, a link whose bearer acts for no
    /// organisation. What it shows, it must judge by itself.
    const SYSTEM: bool = false;

    /// The number of the referral it is about, where that is known before the first statement.
    fn about(&self) -> Option<&str> {
        None
    }

    /// What it asks for, so that the audit names it when it is refused. What is served is named by the unit.
    fn asks(&self) -> Subject {
        Subject::default()
    }

    /// Loads, decides and fills the unit.
    fn run(&self, unit: &mut Unit<'_>) -> impl Future<Output = Result<Self::Outcome>> + Send;
}

/// A question to the database, asked on a connection.
pub trait Look<T>: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T>> + Send + 'static {}

impl<T, L: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T>> + Send + 'static> Look<T> for L {}

/// The span of a unit, which carries the referral's number from its begin where that is known.
pub(super) fn span<U: UseCase>(use_case: &U) -> tracing::Span {
    let span = tracing::info_span!("unit", otel.name = U::NAME);
    if let Some(number) = use_case.about() {
        let parent = tracing::Span::current().context();
        // A parent is refused only for a span that has begun; this one has not.
        let _ = span.set_parent(subject::about(&parent, number));
    }
    span
}
