//! One error for the whole suite: a handful of kinds, a stable reason, and what a caller may know of it.
//!
//! Domain and stores make an [`Error`]; [`crate::grpc::status`] is the only place that makes a gRPC status of it. What went
//! wrong inside stays in `source`: it is logged once, where the call ends, and never leaves the process.

use std::{fmt, time::Duration};

/// What kind of failure it is; each kind is one gRPC code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A field of the request is wrong (INVALID_ARGUMENT).
    InvalidArgument,
    /// Absent, or not the caller's to know (NOT_FOUND).
    NotFound,
    /// It is there already (ALREADY_EXISTS).
    AlreadyExists,
    /// The caller may not do this at all (PERMISSION_DENIED).
    PermissionDenied,
    /// No valid token (UNAUTHENTICATED).
    Unauthenticated,
    /// A rule forbids it as things stand (FAILED_PRECONDITION).
    FailedPrecondition,
    /// Somebody else was faster: read again, then try again (ABORTED).
    Aborted,
    /// It was asked for too often (RESOURCE_EXHAUSTED).
    ResourceExhausted,
    /// The caller's deadline came first; what was begun may still be done (DEADLINE_EXCEEDED).
    DeadlineExceeded,
    /// No such method is served here (UNIMPLEMENTED).
    Unimplemented,
    /// A part is down for now: the same request may be sent again (UNAVAILABLE).
    Unavailable,
    /// A fault of ours (INTERNAL).
    Internal,
}

/// A field that is wrong or a rule that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field in dotted form (`referral.provider`), or the code of the rule (`service-not-covered`).
    pub subject: String,
    /// What is expected, in a sentence.
    pub description: String,
    /// Where a rule comes from, such as a convention's `terms.services`; none: it is the product's.
    pub origin: Option<&'static str>,
    /// What would pass, where that is simple.
    pub passes: Vec<String>,
}

impl Violation {
    /// A violation of `subject`.
    pub fn new(subject: impl Into<String>, description: impl Into<String>) -> Self {
        Self { subject: subject.into(), description: description.into(), origin: None, passes: Vec::new() }
    }

    /// With where the rule comes from, and what would pass.
    #[must_use]
    pub fn of(self, origin: &'static str, passes: Vec<String>) -> Self {
        Self { origin: Some(origin), passes, ..self }
    }
}

/// A failure with all that a caller may know of it.
#[derive(Debug)]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// A stable reason in UPPER_SNAKE_CASE, for programs (`google.rpc.ErrorInfo.reason`).
    pub reason: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The fields or rules, all of them at once.
    pub violations: Vec<Violation>,
    /// After what time the same request may be sent again, where that is known (`google.rpc.RetryInfo`).
    pub retry_after: Option<Duration>,
    /// What happened inside; never leaves the process.
    pub source: Option<anyhow::Error>,
}

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of a kind, with its reason and a sentence.
    pub fn new(kind: Kind, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind, reason, message: message.into(), violations: Vec::new(), retry_after: None, source: None }
    }

    /// Fields that are wrong.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = summary("the request is not valid", &violations);
        Self { violations, ..Self::new(Kind::InvalidArgument, "INVALID_FIELD", message) }
    }

    /// Rules that fail, all of them.
    pub fn refused(reason: &'static str, violations: Vec<Violation>) -> Self {
        let message = summary("refused", &violations);
        Self { violations, ..Self::new(Kind::FailedPrecondition, reason, message) }
    }

    /// It was asked for too often: again after some time.
    pub fn too_often(reason: &'static str, message: impl Into<String>, after: Duration) -> Self {
        Self { retry_after: Some(after), ..Self::new(Kind::ResourceExhausted, reason, message) }
    }

    /// Absent, or not the caller's to know: both read the same.
    pub fn not_found(name: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, "NOT_FOUND", format!("{name} was not found"))
    }

    /// The caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(Kind::PermissionDenied, "NOT_PERMITTED", message)
    }

    /// The etag is no longer the one that the caller saw.
    pub fn stale_etag() -> Self {
        Self::new(Kind::Aborted, "ETAG_MISMATCH", "it changed since you read it: read it again")
    }

    /// Others were changing the same thing: the unit of work decides again.
    pub fn contention(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = Self::new(Kind::Aborted, CONTENTION, "others were changing the same thing: try again");
        Self { source: Some(anyhow::Error::from_boxed(source.into())), ..error }
    }

    /// Whether it is [`Error::contention`].
    pub fn is_contention(&self) -> bool {
        self.reason == CONTENTION
    }

    /// A part the service needs is down for now.
    pub fn unavailable(source: impl Into<anyhow::Error>) -> Self {
        let error = Self::new(Kind::Unavailable, "TEMPORARILY_UNAVAILABLE", "try again in a moment");
        Self { source: Some(source.into()), ..error }
    }

    /// Another service, which has a say in this, does not answer.
    pub fn peer_away(source: impl Into<anyhow::Error>) -> Self {
        Self { reason: PEER_AWAY, ..Self::unavailable(source) }
    }

    /// Whether the database itself may be away, so that nothing else can be asked of it either.
    pub fn is_outage(&self) -> bool {
        self.kind == Kind::Unavailable && self.reason != PEER_AWAY
    }

    /// A fault of ours.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        let error = Self::new(Kind::Internal, "INTERNAL", "a fault of ours; it has been recorded");
        Self { source: Some(source.into()), ..error }
    }
}

fn summary(opening: &str, violations: &[Violation]) -> String {
    let parts: Vec<_> = violations.iter().map(|v| format!("{}: {}", v.subject, v.description)).collect();
    format!("{opening}: {}", parts.join("; "))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source:#}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The reason of [`Error::peer_away`].
const PEER_AWAY: &str = "PEER_UNAVAILABLE";
/// The reason of [`Error::contention`].
const CONTENTION: &str = "CONTENTION";
/// SQLSTATEs after which the same transaction may simply be run again: serialization failure, deadlock.
const RUN_AGAIN: [&str; 2] = ["40001", "40P01"];
/// Beginnings of SQLSTATEs that mean the database is not to be had for now: connection, resources, shutdown, a session that was
/// ended, migrations not run yet. Not 57014: a statement that takes too long does so again.
const OUTAGE: [&str; 5] = ["08", "53", "57P", "25P03", "42P01"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            // A server that hangs up while it is greeted reads as a breach of the protocol.
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::unavailable(error)
            }
            E::Database(inner) => match inner.code() {
                Some(code) if RUN_AGAIN.contains(&code.as_ref()) => Self::contention(error),
                Some(code) if OUTAGE.iter().any(|start| code.starts_with(start)) => Self::unavailable(error),
                _ => Self::internal(error),
            },
            _ => Self::internal(error),
        }
    }
}

/// The name of the constraint that a statement broke, so that a store can say what it means.
pub fn broken_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|inner| inner.constraint())
}
