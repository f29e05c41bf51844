//! Drops an upload that nobody went on with.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
    ids::AttachmentId,
};

use crate::store::attachment;

/// The timer's kind.
pub const DROP_UPLOAD: &str = "drop_upload";

/// Drops it, unless it is whole.
#[derive(Debug, Clone, Copy)]
pub struct DropUpload(pub AttachmentId);

impl UseCase for DropUpload {
    type Outcome = ();
    const NAME: &'static str = "drop_upload";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        attachment::remove(unit, self.0).await?;
        unit.audit(self.0);
        Ok(())
    }
}
