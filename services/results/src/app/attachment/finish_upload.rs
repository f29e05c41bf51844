//! Ends an upload: what was received is held against its checksum.

use aws_lc_rs::digest::{Context, SHA256};
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::AttachmentId,
    timers,
};

use super::{DROP_UPLOAD, Step};
use crate::{
    app::Vault,
    store::{attachment, chunk},
};

/// Chunks read at once.
const AT_ONCE: i64 = 16;

/// Ends it, once all of it was received.
#[derive(Debug, Clone)]
pub struct FinishUpload {
    /// Which file.
    pub id: AttachmentId,
    /// Opens its chunks.
    pub vault: Vault,
}

impl UseCase for FinishUpload {
    type Outcome = Step;
    const NAME: &'static str = "finish_upload";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Step> {
        unit.changes();
        let mut file = attachment::find_own(unit, self.id).await?.ok_or_else(|| Error::not_found(self.id))?;
        if file.complete || file.received < file.size {
            return Ok(Step::Kept(file));
        }
        let key = self.vault.open_for_file(unit, &file).await?;
        let (mut digest, mut next) = (Context::new(&SHA256), 0);
        loop {
            let chunks = chunk::get(unit, file.id, next, AT_ONCE).await?;
            let Some((last, _)) = chunks.last() else { break };
            next = last + 1;
            for (number, sealed) in &chunks {
                digest.update(&key.open_chunk(file.id, *number, sealed)?);
            }
        }
        timers::clear(unit, DROP_UPLOAD, file.id.0).await?;
        unit.audit(file.id);
        if digest.finish().as_ref() != file.sha256 {
            attachment::remove(unit, file.id).await?;
            return Ok(Step::Refused("header.sha256", "is not that of what was sent"));
        }
        attachment::save(unit, file.id, file.received, true).await?;
        file.complete = true;
        Ok(Step::Kept(file))
    }
}
