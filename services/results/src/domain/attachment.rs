//! Files of orders and reports: what they may be, and how they are cut.

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{AttachmentId, OrderId, OrganisationId, ReportId},
    text_enum,
};

/// The largest file, in bytes.
pub const LARGEST: i64 = 20 * 1024 * 1024;
/// The most files that an order or a report has.
pub const MOST: i64 = 20;
/// Bytes of a chunk; the last one is shorter.
pub const CHUNK: usize = 64 * 1024;

text_enum! {
    /// What a file is.
    pub enum MediaType {
        /// A document.
        Pdf = "application/pdf",
        /// An image.
        Png = "image/png",
        /// A photograph.
        Jpeg = "image/jpeg",
        /// A medical image.
        Dicom = "application/dicom",
    }
}

impl MediaType {
    /// Whether a file that begins so is one.
    pub fn begins(self, bytes: &[u8]) -> bool {
        match self {
            Self::Pdf => bytes.starts_with(b"%PDF-"),
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
            // A preamble of 128 bytes that mean nothing goes before.
            Self::Dicom => bytes.get(128..132) == Some(b"DICM"),
        }
    }
}

/// What a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// What is asked.
    Order(OrderId),
    /// What was found, and in which version.
    Report(ReportId, i64),
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it belongs to.
    pub parent: Parent,
    /// Who sends it.
    pub organisation: OrganisationId,
    /// The provider whose key is behind it.
    pub provider: OrganisationId,
    /// What it says it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: i64,
    /// The SHA-256 of all of it.
    pub sha256: Vec<u8>,
    /// How many bytes are kept.
    pub received: i64,
    /// Whether all of it is there and is what it says it is.
    pub complete: bool,
    /// When its upload began.
    pub create_time: DateTime<Utc>,
}

impl Attachment {
    /// Whether the same file is meant.
    pub fn is_same(&self, other: &Self) -> bool {
        let parent = |it: &Self| match it.parent {
            Parent::Order(order) => order.0,
            Parent::Report(report, _) => report.0,
        };
        let whole = |it: &Self| (it.id, it.organisation, it.media_type, it.size, it.sha256.clone());
        parent(self) == parent(other) && whole(self) == whole(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_beginning() {
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        let files: [(MediaType, &[u8]); 4] = [
            (MediaType::Pdf, b"%PDF-1.7"),
            (MediaType::Png, b"\x89PNG\r\n\x1a\n"),
            (MediaType::Jpeg, b"\xff\xd8\xff\xe0"),
            (MediaType::Dicom, &dicom),
        ];
        for (kind, _) in files {
            for (is, bytes) in files {
                assert_eq!(kind.begins(bytes), kind == is, "{kind:?} {is:?}");
            }
            assert!(!kind.begins(b"") && !kind.begins(b"MZ"));
        }
    }
}
