//! Calls as they are made, each under a span of its own: what a client that is traced says of them.

use std::sync::{Arc, Mutex, PoisonError};

use tonic::{
    Status,
    metadata::{Ascii, MetadataValue},
};

/// A call, by the ids that it went out with.
#[derive(Debug, Clone)]
pub struct Noted {
    /// `package.Service/Method`.
    pub rpc: String,
    /// Its trace, in hexadecimal.
    pub trace: String,
    /// The caller's span.
    pub span: String,
}

/// Notes calls. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<Noted>>>);

impl Journal {
    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Draws a trace for a call, and gives back the header it goes out with.
    pub(crate) fn note(&self, rpc: String) -> Result<MetadataValue<Ascii>, Status> {
        let (trace, span) = (format!("{:032x}", fastrand::u128(1..)), format!("{:016x}", fastrand::u64(1..)));
        let parent = format!("00-{trace}-{span}-01").parse().map_err(|_| Status::internal("no traceparent"))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Noted { rpc, trace, span });
        Ok(parent)
    }
}
