//! Use cases of files.

mod append_chunks;
mod begin_upload;
mod drop_upload;
mod entitled;
mod finish_upload;
mod get_upload;
mod list_attachments;
mod read_file;

pub use append_chunks::AppendChunks;
pub use begin_upload::BeginUpload;
pub use drop_upload::{DROP_UPLOAD, DropUpload};
pub use finish_upload::FinishUpload;
pub use get_upload::GetUpload;
pub use list_attachments::ListAttachments;
pub use read_file::ReadFile;

use relais_platform::{
    audit::Subject,
    error::{Error, Violation},
    ids::{OrderId, ReportId},
};

use crate::domain::attachment::Attachment;

/// What a file is to belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParentName {
    /// An order.
    Order(OrderId),
    /// A report, in the version that is shown.
    Report(ReportId),
}

impl From<ParentName> for Subject {
    fn from(name: ParentName) -> Self {
        match name {
            ParentName::Order(id) => id.into(),
            ParentName::Report(id) => id.into(),
        }
    }
}

/// What came of a step of an upload. A file that is refused is removed, so its refusal must be committed.
#[derive(Debug, Clone)]
pub enum Step {
    /// It goes on, or is whole.
    Kept(Attachment),
    /// It was not what it said it was, by this field.
    Refused(&'static str, &'static str),
}

impl Step {
    /// The file.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming what was not true.
    pub fn kept(self) -> Result<Attachment, Error> {
        match self {
            Self::Kept(file) => Ok(file),
            Self::Refused(field, words) => Err(Error::invalid(vec![Violation::new(field, words)])),
        }
    }
}
