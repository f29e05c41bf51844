//! Keeps the next chunks of an upload, sealed.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Kind,
    ids::AttachmentId,
};

use super::Step;
use crate::{
    app::Vault,
    domain::attachment::CHUNK,
    store::{attachment, chunk},
};

/// Keeps chunks that follow what was received.
#[derive(Debug, Clone)]
pub struct AppendChunks {
    /// Which file.
    pub id: AttachmentId,
    /// What was received before them, in bytes.
    pub from: i64,
    /// The chunks, each whole but the file's last one.
    pub chunks: Vec<Vec<u8>>,
    /// Seals them.
    pub vault: Vault,
}

impl UseCase for AppendChunks {
    type Outcome = Step;
    const NAME: &'static str = "append_chunks";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Step> {
        unit.changes();
        let mut file = attachment::find_own(unit, self.id).await?.ok_or_else(|| Error::not_found(self.id))?;
        if file.received != self.from || file.complete {
            return Err(Error::new(
                Kind::Aborted,
                "UPLOAD_MOVED",
                "the same file is sent by somebody else: ask how far it is",
            ));
        }
        let begins = self.chunks.first().is_some_and(|first| file.media_type.begins(first));
        if self.from == 0 && !begins {
            attachment::remove(unit, file.id).await?;
            return Ok(Step::Refused("header.media_type", "the file does not begin as one of that type"));
        }
        let key = self.vault.open_for_file(unit, &file).await?;
        for bytes in &self.chunks {
            let number = i32::try_from(file.received / CHUNK as i64).map_err(Error::internal)?;
            chunk::put(unit, file.id, number, &key.seal_chunk(file.id, number, bytes)?).await?;
            file.received += i64::try_from(bytes.len()).map_err(Error::internal)?;
        }
        attachment::save(unit, file.id, file.received, false).await?;
        Ok(Step::Kept(file))
    }
}
