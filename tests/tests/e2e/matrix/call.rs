//! Any RPC, by its path, with bytes in and bytes out.

use std::time::Duration;

use bytes::{Buf, BufMut};
use relais_tests::Session;
use tonic::{
    Code, Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// How long a stream may take to say its first word; one that says nothing has been let in.
const FIRST_WORD: Duration = Duration::from_millis(300);

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub code: Code,
    pub message: String,
    pub body: Vec<u8>,
}

impl Outcome {
    /// Whether the caller got as far as the rules of the domain.
    pub fn is_let_in(&self) -> bool {
        matches!(self.code, Code::Ok | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists)
    }

    /// Code and words, the words without the ids that the caller gave.
    pub fn told(&self, given: &[String]) -> (Code, String) {
        let words =
            given.iter().filter(|id| !id.is_empty()).fold(self.message.clone(), |words, id| words.replace(id, "{id}"));
        (self.code, words)
    }
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        Self { code: status.code(), message: status.message().into(), body: status.details().to_vec() }
    }
}

#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// Calls; of a stream, waits for its first word. Who drops this goes away, and the handler is dropped.
pub async fn call(session: &Session, path: &str, body: Vec<u8>) -> Outcome {
    match try_call(session, path, body).await {
        Ok(body) => Outcome { code: Code::Ok, message: String::new(), body },
        Err(status) => status.into(),
    }
}

async fn try_call(session: &Session, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(session.service());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = path.parse().map_err(|_| Status::internal("no path"))?;
    let mut stream = client.server_streaming(Request::new(body), path, Raw).await?.into_inner();
    match tokio::time::timeout(FIRST_WORD, stream.message()).await {
        Ok(first) => Ok(first?.unwrap_or_default()),
        Err(_) => Ok(Vec::new()),
    }
}
