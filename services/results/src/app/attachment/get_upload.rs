//! Says how far an upload has come.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::AttachmentId,
};

use crate::{domain::attachment::Attachment, store::attachment};

/// Reads how far a file of the caller's organisation is.
#[derive(Debug, Clone, Copy)]
pub struct GetUpload(pub AttachmentId);

impl UseCase for GetUpload {
    type Outcome = Attachment;
    const NAME: &'static str = "get_upload";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Attachment> {
        let found = attachment::find_own(unit, self.0).await?.ok_or_else(|| Error::not_found(self.0))?;
        unit.audit(found.id);
        Ok(found)
    }
}
