//! What both ends say of a call alike, by OpenTelemetry's names for RPC.

use http::HeaderMap;
use opentelemetry::trace::{SpanKind, Status};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Names of gRPC's codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What is the server's fault; the others are answers that a caller must reckon with.
pub(super) const FAULTS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// The span of a call of `method`, which is `package.Service/Method`.
pub(super) fn span(method: &str, kind: &SpanKind) -> Span {
    tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = ?kind,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        error.type = Empty,
        server.address = Empty,
        server.port = Empty,
    )
}

/// The code in the head of an answer. One without a status there goes on; its trailers are the caller's.
pub(super) fn code(headers: &HeaderMap) -> &'static str {
    let status = tonic::Status::from_header_map(headers);
    status.and_then(|status| CODES.get(status.code() as usize).copied()).unwrap_or("OK")
}

/// Notes how a call ended. What the other end said of it is left out: it may name what is not for everybody.
pub(super) fn end(span: &Span, code: &'static str, is_fault: bool) {
    span.record("rpc.response.status_code", code);
    if is_fault {
        span.record("error.type", code);
        span.set_status(Status::error(""));
    }
}
