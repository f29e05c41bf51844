//! The one place that makes a gRPC status of an [`Error`], with `google.rpc` details (AIP-193).
//!
//! A fault of ours is logged here, once, with all that happened inside; the caller gets none of it.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Error, Kind};

/// The domain of every reason.
pub const DOMAIN: &str = "relais.health";
/// The type of a failed rule in `PreconditionFailure`, unless it comes from elsewhere.
const RULE: &str = "RULE";
/// The most values that a status tells of what would pass: a status is a header, and those are short.
const PASSES: usize = 5;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        from_error(error)
    }
}

/// The most violations that a status tells, and characters of its sentence, for the same reason.
const VIOLATIONS: usize = 20;
const SENTENCE: usize = 1_000;

/// The status of an error.
pub fn from_error(error: Error) -> Status {
    log(&error);
    let mut details = ErrorDetails::new();
    details.set_error_info(error.reason, DOMAIN, passes(&error));
    for violation in error.violations.iter().take(VIOLATIONS) {
        match error.kind {
            Kind::FailedPrecondition => {
                let origin = violation.origin.unwrap_or(RULE);
                details.add_precondition_failure_violation(origin, &violation.subject, &violation.description);
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
    Status::with_error_details(code(error.kind), cut(error.message), details)
}

/// A sentence that still fits into a header.
fn cut(mut sentence: String) -> String {
    if let Some((end, _)) = sentence.char_indices().nth(SENTENCE) {
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

/// What would pass, by rule: all of it under the rule's code, and where several rules of one code fail also under `code:term`, so that
/// none of them hides another.
fn passes(error: &Error) -> HashMap<String, String> {
    let of_code = |code: &str| error.violations.iter().filter(|violation| violation.subject == code).count();
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for violation in &error.violations {
        let (code, few) = (&violation.subject, violation.passes.iter().take(PASSES));
        let with_term = violation.origin.filter(|_| of_code(code) > 1).map(|term| format!("{code}:{term}"));
        for key in [code.clone()].into_iter().chain(with_term) {
            for value in few.clone() {
                let values = told.entry(key.clone()).or_default();
                if !values.contains(&value.as_str()) {
                    values.push(value);
                }
            }
        }
    }
    told.into_iter().map(|(key, values)| (key, values.join(" "))).collect()
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
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Unimplemented => Code::Unimplemented,
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
    fn a_rule_tells_where_it_comes_from_and_what_would_pass() {
        let passes = (0..9).map(|day| day.to_string()).collect();
        let rule = Violation::new("not-eligible", "…").of("terms.eligibility", passes);
        let details = from_error(Error::refused("ADMISSION_REFUSED", vec![rule])).get_error_details();
        let kind = details.precondition_failure().map(|failure| failure.violations[0].r#type.clone());
        assert_eq!(kind.as_deref(), Some("terms.eligibility"));
        let told = details.error_info().and_then(|info| info.metadata.get("not-eligible").cloned());
        assert_eq!(told.as_deref(), Some("0 1 2 3 4"));
    }

    /// Rules of one code, as of eligibility, and of one code and term, as of two lines that are used up.
    #[test]
    fn rules_of_one_code_each_tell_what_would_pass() {
        let rule = |code: &str, term, passes: &[&str]| {
            Violation::new(code, "…").of(term, passes.iter().map(ToString::to_string).collect())
        };
        let rules = vec![
            rule("not-eligible", "terms.eligibility.patient_statuses", &["newcomer"]),
            rule("not-eligible", "terms.eligibility.health_cover", &["none"]),
            rule("not-eligible", "terms.eligibility.patient_wish", &[]),
            rule("volume-exhausted", "terms.lines", &["2027-01-01/2027-12-31", "approver"]),
            rule("volume-exhausted", "terms.lines", &["2027-02-01/2027-02-28", "approver"]),
            rule("missing-document", "terms.checklist", &["order"]),
        ];
        let details = from_error(Error::refused("ADMISSION_REFUSED", rules)).get_error_details();
        let told: BTreeMap<_, _> =
            details.error_info().map(|info| info.metadata.clone()).unwrap_or_default().into_iter().collect();
        let expected = [
            ("missing-document", "order"),
            ("not-eligible", "newcomer none"),
            ("not-eligible:terms.eligibility.health_cover", "none"),
            ("not-eligible:terms.eligibility.patient_statuses", "newcomer"),
            ("volume-exhausted", "2027-01-01/2027-12-31 approver 2027-02-01/2027-02-28"),
            ("volume-exhausted:terms.lines", "2027-01-01/2027-12-31 approver 2027-02-01/2027-02-28"),
        ];
        assert_eq!(told, expected.map(|(key, value)| (key.to_string(), value.to_string())).into());
    }

    #[test]
    fn a_status_fits_into_a_header_however_much_is_wrong() {
        let many = (0..20_000).map(|n| Violation::new(format!("codes[{n}]"), "must be é code of the table")).collect();
        let status = from_error(Error::invalid(many));
        assert!(status.details().len() < 4_096 && status.message().chars().count() == SENTENCE + 1);
        assert_eq!(status.get_error_details().bad_request().map(|bad| bad.field_violations.len()), Some(VIOLATIONS));
    }

    #[test]
    fn internals_never_leave() {
        let status = from_error(Error::internal(anyhow::anyhow!("password=hunter2")));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("hunter2"));
    }
}
