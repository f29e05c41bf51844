//! The one place that makes a gRPC status of an [`Error`], with `google.rpc` details (AIP-193).
//!
//! A fault of ours is logged here, once, with all that happened inside; the caller gets none of it.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Error, Kind};

/// The domain of every reason.
pub const DOMAIN: &str = "relais.health";
/// The type of every failed rule in `PreconditionFailure`.
const RULE: &str = "RULE";

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        from_error(error)
    }
}

/// The status of an error.
pub fn from_error(error: Error) -> Status {
    log(&error);
    let mut details = ErrorDetails::new();
    details.set_error_info(error.reason, DOMAIN, std::collections::HashMap::new());
    for violation in &error.violations {
        match error.kind {
            Kind::FailedPrecondition => {
                details.add_precondition_failure_violation(RULE, &violation.subject, &violation.description);
            }
            _ => {
                details.add_bad_request_violation(&violation.subject, &violation.description);
            }
        }
    }
    let soon = (error.kind == Kind::Unavailable).then_some(Duration::from_secs(1));
    if let Some(after) = error.retry_after.or(soon) {
        details.set_retry_info(Some(after));
    }
    Status::with_error_details(code(error.kind), error.message, details)
}

fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

fn log(error: &Error) {
    match error.kind {
        Kind::Internal => {
            tracing::error!(error.reason = error.reason, %error, "a call failed through a fault of ours")
        }
        Kind::Unavailable => {
            tracing::warn!(error.reason = error.reason, %error, "a call could not be served")
        }
        _ => tracing::debug!(error.reason = error.reason, "a call was refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Violation;

    #[test]
    fn rules_and_fields_go_into_their_own_details() {
        let rule = Violation::new("service-not-covered", "not in the convention");
        let status = from_error(Error::refused("ADMISSION_REFUSED", vec![rule]));
        assert_eq!(status.code(), Code::FailedPrecondition);
        let details = status.get_error_details();
        assert_eq!(details.precondition_failure().map(|f| f.violations.len()), Some(1));
        assert_eq!(details.error_info().map(|info| info.domain.as_str()), Some(DOMAIN));

        let status = from_error(Error::invalid(vec![Violation::new("a.b", "is required")]));
        let details = status.get_error_details();
        let field = details.bad_request().map(|bad| bad.field_violations[0].field.clone());
        assert_eq!(field.as_deref(), Some("a.b"));
    }

    #[test]
    fn internals_never_leave() {
        let status = from_error(Error::internal(anyhow::anyhow!("password=hunter2")));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("hunter2"));
    }
}
