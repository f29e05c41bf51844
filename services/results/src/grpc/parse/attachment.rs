//! Commands of files.

use relais_platform::{
    Result,
    calls::Check,
    ids::{self, AttachmentId, OrderId, ReportId, ResourceId},
};
use relais_proto::results::v1;
use uuid::Uuid;

use super::name;
use crate::{
    app::attachment::{BeginUpload, GetUpload, ListAttachments, ParentName},
    domain::attachment::{LARGEST, MediaType},
};

/// An upload, and from which byte on it is sent.
pub(in crate::grpc) struct Upload {
    pub begin: BeginUpload,
    pub offset: i64,
}

pub(in crate::grpc) fn upload(header: &v1::UploadHeader) -> Result<Upload> {
    let mut check = Check::default();
    let parent = parent(&mut check, "header.parent", &header.parent);
    let id = ids::parse_uuid(&header.request_id.to_ascii_lowercase());
    let form = "must be a UUID drawn by the caller, in its canonical form";
    check.ensure("header.request_id", id.is_some(), form);
    let media_type = MediaType::parse(&header.media_type);
    let types = "must be application/pdf, image/png, image/jpeg or application/dicom";
    check.ensure("header.media_type", media_type.is_some(), types);
    check.ensure("header.size_bytes", (1..=LARGEST).contains(&header.size_bytes), "must be 1 byte to 20 MiB");
    check.ensure("header.sha256", header.sha256.len() == 32, "must have 32 bytes");
    check.ensure("header.offset", (0..=header.size_bytes).contains(&header.offset), "must lie within the file");
    check.finish()?;
    let begin = BeginUpload {
        id: id.unwrap_or_default().into(),
        parent,
        // What is none was noted by the check.
        media_type: media_type.unwrap_or(MediaType::Pdf),
        size: header.size_bytes,
        sha256: header.sha256.clone(),
    };
    Ok(Upload { begin, offset: header.offset })
}

pub(in crate::grpc) fn get_upload(request: &v1::GetUploadRequest) -> Result<GetUpload> {
    name(&request.name).map(GetUpload)
}

pub(in crate::grpc) fn list_attachments(request: &v1::ListAttachmentsRequest) -> Result<ListAttachments> {
    let mut check = Check::default();
    let parent = parent(&mut check, "parent", &request.parent);
    check.finish().map(|()| ListAttachments(parent))
}

/// The file, and from which byte on.
pub(in crate::grpc) fn download(request: &v1::DownloadAttachmentRequest) -> Result<(AttachmentId, i64)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.ensure("offset", request.offset >= 0, "must not be negative");
    check.finish().map(|()| (id, request.offset))
}

fn parent(check: &mut Check, field: &str, value: &str) -> ParentName {
    let order = OrderId::parse(value).map(ParentName::Order);
    order.or_else(|| ReportId::parse(value).map(ParentName::Report)).unwrap_or_else(|| {
        check.fail(field, "must be a name of the form orders/{uuid} or reports/{uuid}");
        ParentName::Order(Uuid::nil().into())
    })
}
