//! `relais.results.v1.AttachmentService`: files come and go in streams, and are kept chunk by chunk, so that a broken stream
//! goes on where it ended.

use relais_platform::{
    Context, Error, Result,
    calls::Call,
    error::Violation,
    grpc::{Answer, answer},
};
use relais_proto::results::v1::{
    DownloadAttachmentRequest, DownloadAttachmentResponse, GetUploadRequest, GetUploadResponse, ListAttachmentsRequest,
    ListAttachmentsResponse, UploadAttachmentRequest, UploadAttachmentResponse, UploadHeader,
    attachment_service_server::AttachmentService, download_attachment_response, upload_attachment_request::Part,
};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};

use super::{convert, parse};
use crate::{
    app::{
        Vault,
        attachment::{AppendChunks, FinishUpload, ReadFile},
    },
    domain::attachment::{Attachment, CHUNK},
};

/// Chunks kept or read in one transaction.
const STRETCH: usize = 8;
/// Answers on their way to a slow reader.
const BUFFER: usize = 8;

type Next = Result<DownloadAttachmentResponse, Status>;

/// Serves files.
pub(super) struct Attachments(pub Context);

#[tonic::async_trait]
impl AttachmentService for Attachments {
    type DownloadAttachmentStream = ReceiverStream<Next>;

    async fn upload_attachment(
        &self,
        request: Request<Streaming<UploadAttachmentRequest>>,
    ) -> Answer<UploadAttachmentResponse> {
        let (call, mut stream) = self.0.open(request)?;
        let header = header(&mut stream).await?;
        let upload = parse::upload(&header)?;
        let file = self.0.read(call.clone(), upload.begin).await?;
        let receiving = Receiving { context: &self.0, vault: self.vault()?, call, file };
        let file = receiving.receive(upload.offset, stream).await?;
        answer(UploadAttachmentResponse { attachment: Some(convert::attachment(file)) })
    }

    async fn get_upload(&self, request: Request<GetUploadRequest>) -> Answer<GetUploadResponse> {
        let (call, body) = self.0.open(request)?;
        let file = self.0.read(call, parse::get_upload(&body)?).await?;
        answer(GetUploadResponse { attachment: Some(convert::attachment(file)) })
    }

    async fn list_attachments(&self, request: Request<ListAttachmentsRequest>) -> Answer<ListAttachmentsResponse> {
        let (call, body) = self.0.open(request)?;
        let files = self.0.read(call, parse::list_attachments(&body)?).await?;
        answer(ListAttachmentsResponse { attachments: files.into_iter().map(convert::attachment).collect() })
    }

    async fn download_attachment(
        &self,
        request: Request<DownloadAttachmentRequest>,
    ) -> Answer<Self::DownloadAttachmentStream> {
        let (call, body) = self.0.open(request)?;
        let (id, offset) = parse::download(&body)?;
        let read = ReadFile { id, from: 0, count: 0, vault: self.vault()? };
        // Read before the answer begins: who may not is refused by a status.
        let (file, _) = self.0.read(call.clone(), read.clone()).await?;
        if offset > file.size {
            return Err(beyond("offset", "lies beyond the end of the file").into());
        }
        let (sender, receiver) = mpsc::channel(BUFFER);
        let context = self.0.clone();
        self.0.spawn_while_open(async move {
            if let Err(error) = send(&context, &call, read, file, offset, &sender).await {
                let _ = sender.send(Err(error.into())).await;
            }
        });
        answer(ReceiverStream::new(receiver))
    }
}

impl Attachments {
    fn vault(&self) -> Result<Vault> {
        Ok(Vault::new(self.0.key_service()?))
    }
}

/// What is sent: the first part.
async fn header(stream: &mut Streaming<UploadAttachmentRequest>) -> Result<UploadHeader, Status> {
    let first = stream.message().await?.and_then(|message| message.part);
    match first {
        Some(Part::Header(header)) => Ok(header),
        _ => Err(beyond("header", "must come first").into()),
    }
}

fn beyond(field: &str, words: &str) -> Error {
    Error::invalid(vec![Violation::new(field, words)])
}

/// An upload under way.
struct Receiving<'a> {
    context: &'a Context,
    vault: Vault,
    call: Call,
    file: Attachment,
}

impl Receiving<'_> {
    /// Takes what comes and keeps whole chunks, as they are whole. A stream that ends before the file does leaves it as it is.
    async fn receive(
        mut self,
        offset: i64,
        mut stream: Streaming<UploadAttachmentRequest>,
    ) -> Result<Attachment, Status> {
        if self.file.complete {
            return Ok(self.file);
        }
        if offset != self.file.received {
            let words = format!("must be {}, which is how far it has come", self.file.received);
            return Err(Error::refused("OFFSET_MISMATCH", vec![Violation::new("header.offset", words)]).into());
        }
        let mut held: Vec<u8> = Vec::new();
        while let Some(message) = stream.message().await? {
            let Some(Part::Chunk(bytes)) = message.part else {
                return Err(beyond("chunk", "must follow the header").into());
            };
            held.extend(bytes);
            if self.left(&held) < 0 {
                return Err(beyond("chunk", "is more than the size that was said").into());
            }
            if held.len() >= CHUNK * STRETCH {
                let whole = held.len() / CHUNK * CHUNK;
                let rest = held.split_off(whole);
                self.keep(&std::mem::replace(&mut held, rest)).await?;
            }
        }
        let last = self.left(&held) == 0;
        let kept = if last { held.len() } else { held.len() / CHUNK * CHUNK };
        self.keep(&held[..kept]).await?;
        if last { self.finish().await } else { Ok(self.file) }
    }

    /// How many bytes are still to come after these.
    fn left(&self, held: &[u8]) -> i64 {
        self.file.size - self.file.received - i64::try_from(held.len()).unwrap_or(i64::MAX)
    }

    async fn keep(&mut self, bytes: &[u8]) -> Result<(), Status> {
        let chunks: Vec<Vec<u8>> = bytes.chunks(CHUNK).map(<[u8]>::to_vec).collect();
        for stretch in chunks.chunks(STRETCH) {
            let (id, from, vault) = (self.file.id, self.file.received, self.vault.clone());
            let append = AppendChunks { id, from, chunks: stretch.to_vec(), vault };
            self.file = self.context.read(self.call.clone(), append).await?.kept()?;
        }
        Ok(())
    }

    async fn finish(self) -> Result<Attachment, Status> {
        let finish = FinishUpload { id: self.file.id, vault: self.vault };
        Ok(self.context.read(self.call, finish).await?.kept()?)
    }
}

/// Sends a file from a byte on; ends quietly when nobody listens any more.
async fn send(
    context: &Context,
    call: &Call,
    read: ReadFile,
    file: Attachment,
    offset: i64,
    sender: &Sender<Next>,
) -> Result<()> {
    use download_attachment_response::Part as Out;
    let out = |part| Ok(DownloadAttachmentResponse { part: Some(part) });
    let offset = usize::try_from(offset).map_err(Error::internal)?;
    let (mut next, mut skip, sha256) = (offset / CHUNK, offset % CHUNK, file.sha256.clone());
    if sender.send(out(Out::Attachment(convert::attachment(file)))).await.is_err() {
        return Ok(());
    }
    loop {
        let from = i32::try_from(next).map_err(Error::internal)?;
        let stretch = ReadFile { from, count: STRETCH as i64, ..read.clone() };
        let (_, chunks) = context.read(call.clone(), stretch).await?;
        if chunks.is_empty() {
            break;
        }
        next += chunks.len();
        for mut chunk in chunks {
            let rest = chunk.split_off(skip.min(chunk.len()));
            skip = 0;
            if !rest.is_empty() && sender.send(out(Out::Chunk(rest))).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = sender.send(out(Out::Sha256(sha256))).await;
    Ok(())
}
