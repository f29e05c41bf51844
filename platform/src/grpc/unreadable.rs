//! What could not be read as a message, in our words.
//!
//! tonic answers such bytes with INTERNAL and its decoder's text, as if the fault were ours, and what is too large with OUT_OF_RANGE.
//! It is the caller's: INVALID_ARGUMENT and RESOURCE_EXHAUSTED, with a reason. Our own statuses carry details, by which they are told
//! from the transport's.

use http::Response;
use tonic::{Code, Status, body::Body};

use super::status;
use crate::error::{Error, Kind};

/// The answer as it may leave.
pub(super) fn in_our_words(answer: Response<Body>) -> Response<Body> {
    let theirs = Status::from_header_map(answer.headers()).filter(|status| status.details().is_empty());
    match theirs.and_then(|status| reread(&status)) {
        Some(error) => status::from_error(error).into_http(),
        None => answer,
    }
}

fn reread(theirs: &Status) -> Option<Error> {
    let (kind, reason, message) = match theirs.code() {
        Code::Internal | Code::DataLoss => {
            (Kind::InvalidArgument, "UNREADABLE_MESSAGE", "the request is no message of this method")
        }
        Code::OutOfRange => {
            (Kind::ResourceExhausted, "MESSAGE_TOO_LARGE", "the request is larger than this server takes")
        }
        _ => return None,
    };
    tracing::debug!(said = theirs.message(), "a request that cannot be read");
    Some(Error::new(kind, reason, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: Status) -> Option<Status> {
        Status::from_header_map(in_our_words(status.into_http()).headers())
    }

    #[test]
    fn a_decoders_words_do_not_leave() {
        let told = read(Status::internal("failed to decode Protobuf message: Secret.field: invalid wire type"));
        let told = told.expect("a status");
        assert_eq!(told.code(), Code::InvalidArgument);
        assert!(!told.message().contains("Secret"), "{told:?}");
        assert_eq!(read(Status::out_of_range("…")).map(|status| status.code()), Some(Code::ResourceExhausted));
    }

    #[test]
    fn our_own_faults_stay_faults() {
        let ours = Status::from(Error::internal(anyhow::anyhow!("a fault")));
        assert_eq!(read(ours).map(|status| status.code()), Some(Code::Internal));
        assert_eq!(read(Status::not_found("unknown service")).map(|status| status.code()), Some(Code::NotFound));
    }
}
