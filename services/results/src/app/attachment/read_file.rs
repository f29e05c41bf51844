//! Reads a file, some chunks at a time.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{AttachmentId, ReferralId},
};

use super::entitled::reads_up_to;
use crate::{
    app::Vault,
    domain::attachment::{Attachment, Parent},
    store::{self, attachment, chunk, report},
};

/// Reads chunks of a file of an order or a report that the caller may read. Whether that is so is asked for each stretch: who may
/// not any more reads no further.
#[derive(Debug, Clone)]
pub struct ReadFile {
    /// Which file.
    pub id: AttachmentId,
    /// From which chunk on.
    pub from: i32,
    /// How many; none: only what it is.
    pub count: i64,
    /// Opens them.
    pub vault: Vault,
}

impl UseCase for ReadFile {
    type Outcome = (Attachment, Vec<Vec<u8>>);
    const NAME: &'static str = "read_file";

    fn asks(&self) -> Subject {
        self.id.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<(Attachment, Vec<Vec<u8>>)> {
        let file = attachment::get(unit, self.id).await?;
        let referral = self.ensure_readable(unit, &file).await?;
        let subject = Subject::of(file.id);
        unit.audit(referral.map_or(subject.clone(), |referral| subject.referral(referral)));
        if self.count == 0 {
            return Ok((file, Vec::new()));
        }
        let sealed = chunk::get(unit, file.id, self.from, self.count).await?;
        let key = self.vault.open_for_file(unit, &file).await?;
        let chunks = sealed.iter().map(|(number, sealed)| key.open_chunk(file.id, *number, sealed));
        let chunks = chunks.collect::<Result<_>>()?;
        Ok((file, chunks))
    }
}

impl ReadFile {
    /// Absent to whoever may not read what it belongs to.
    async fn ensure_readable(&self, unit: &mut Unit<'_>, file: &Attachment) -> Result<Option<ReferralId>> {
        let absent = |_| Error::not_found(file.id);
        match file.parent {
            Parent::Order(id) => {
                let order = store::get(unit, id).await.map_err(absent)?;
                unit.about(&order.referral_number);
                Ok(Some(order.referral))
            }
            Parent::Report(id, version) => {
                let report = report::get(unit, id).await.map_err(absent)?;
                unit.about(&report.referral_number);
                let upto = reads_up_to(unit, &report).await?;
                let readable = upto.is_some_and(|upto| version <= upto);
                if readable { Ok(report.referral) } else { Err(Error::not_found(file.id)) }
            }
        }
    }
}
