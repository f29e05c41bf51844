//! Lists the files of an order or a report.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{ParentName, entitled::reads_up_to};
use crate::{
    domain::attachment::{Attachment, Parent},
    store::{self, attachment, report},
};

/// Lists the whole files of what the caller may read.
#[derive(Debug, Clone, Copy)]
pub struct ListAttachments(pub ParentName);

impl UseCase for ListAttachments {
    type Outcome = Vec<Attachment>;
    const NAME: &'static str = "list_attachments";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Attachment>> {
        let (files, referral) = match self.0 {
            ParentName::Order(id) => {
                let order = store::get(unit, id).await?;
                unit.about(&order.referral_number);
                (attachment::list_of(unit, &[id.0], &[]).await?, Some(order.referral))
            }
            ParentName::Report(id) => {
                let report = report::get(unit, id).await?;
                unit.about(&report.referral_number);
                let upto = reads_up_to(unit, &report).await?;
                let upto = upto.ok_or_else(|| Error::denied("only its recipient and its provider read a report"))?;
                let mut files = attachment::list_of(unit, &[], &[id.0]).await?;
                files.retain(|file| matches!(file.parent, Parent::Report(_, version) if version <= upto));
                (files, report.referral)
            }
        };
        let files: Vec<_> = files.into_iter().filter(|file| file.complete).collect();
        for file in &files {
            let subject = Subject::of(file.id);
            unit.audit(referral.map_or(subject.clone(), |referral| subject.referral(referral)));
        }
        Ok(files)
    }
}
