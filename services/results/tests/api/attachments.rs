//! Files: streamed up and down, checked, sealed, and read by whoever reads what they belong to.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use relais_proto::results::v1::{
    Attachment, DownloadAttachmentRequest, GetUploadRequest, ListAttachmentsRequest, Report, UploadAttachmentRequest,
    UploadHeader, download_attachment_response::Part as Out, observation::Interpretation, report::Status,
    upload_attachment_request::Part,
};
use relais_tests::{Identity, Session, Told, eventually, request_id, rules, violations};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Code;

use crate::stage::{GLUCOSE, Stage, clinician, number};

/// A document of this many bytes.
fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7 canary ".to_vec();
    bytes.extend((bytes.len()..size).map(|at| (at % 251) as u8));
    bytes
}

fn header(parent: &str, bytes: &[u8]) -> UploadHeader {
    UploadHeader {
        parent: parent.into(),
        request_id: request_id(),
        media_type: "application/pdf".into(),
        size_bytes: bytes.len() as i64,
        sha256: digest(&SHA256, bytes).as_ref().into(),
        offset: 0,
    }
}

/// Sends these bytes in pieces of 50,000.
async fn send(session: &Session, header: UploadHeader, bytes: &[u8]) -> Result<Attachment, tonic::Status> {
    let chunks = bytes.chunks(50_000).map(|chunk| Part::Chunk(chunk.to_vec()));
    let parts: Vec<_> = [Part::Header(header)].into_iter().chain(chunks).collect();
    let parts = parts.into_iter().map(|part| UploadAttachmentRequest { part: Some(part) });
    let answer = session.attachments().upload_attachment(tokio_stream::iter(parts)).await?.into_inner();
    Ok(answer.attachment.unwrap_or_default())
}

async fn fetch(session: &Session, name: &str, offset: i64) -> Result<(Vec<u8>, Vec<u8>), tonic::Status> {
    let request = DownloadAttachmentRequest { name: name.into(), offset };
    let mut stream = session.attachments().download_attachment(request).await?.into_inner();
    let (mut bytes, mut sum) = (Vec::new(), Vec::new());
    while let Some(message) = stream.next().await {
        match message?.part {
            Some(Out::Chunk(chunk)) => bytes.extend(chunk),
            Some(Out::Sha256(sha256)) => sum = sha256,
            _ => {}
        }
    }
    Ok((bytes, sum))
}

async fn reported(stage: &Stage) -> Result<Report> {
    let value = vec![number(GLUCOSE, "90", Interpretation::Normal)];
    Ok(stage.create(stage.report("A1", Status::Final, value)).await?)
}

#[tokio::test]
async fn a_file_goes_up_and_down_and_only_the_reader_of_its_report_has_it() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let report = reported(&stage).await?;
    let (lab, bytes) = (stage.session(&stage.lab())?, pdf(600_000));
    let file = send(&lab, header(&report.name, &bytes), &bytes).await?;
    assert!(file.complete && file.received_bytes == 600_000 && file.report_version == 1);
    assert_eq!(fetch(&lab, &file.name, 0).await?, (bytes.clone(), file.sha256.clone()));
    for offset in [1, 65_535, 65_536, 599_999, 600_000] {
        let (rest, sum) = fetch(&lab, &file.name, offset).await?;
        assert!(rest == bytes[usize::try_from(offset)?..] && sum == file.sha256, "{offset}");
    }
    assert_eq!(violations(&fetch(&lab, &file.name, 600_001).await.unwrap_err()), ["offset"]);
    let clear = "SELECT count(*) FROM attachment_chunk WHERE position('canary'::bytea IN sealed) > 0";
    assert_eq!(stage.world.count(clear).await?, 0);

    let list = ListAttachmentsRequest { parent: report.name.clone() };
    let doctor = stage.session(&stage.doctor)?;
    assert_eq!(fetch(&doctor, &file.name, 0).await.unwrap_err().code(), Code::NotFound);
    let held = doctor.attachments().list_attachments(list.clone()).await.unwrap_err();
    assert_eq!(held.code(), Code::PermissionDenied);
    stage.referral.says(Some(vec![stage.recipient(&stage.doctor)]));
    stage.until_released(&report.name, 1).await?;
    assert_eq!(fetch(&doctor, &file.name, 0).await?.0, bytes);
    let listed = doctor.attachments().list_attachments(list.clone()).await?.into_inner().attachments;
    assert_eq!(listed, std::slice::from_ref(&file));
    for (who, code) in [
        (clinician(&stage.told, "colleague"), Code::NotFound),
        (clinician(&Told::new("ZZZZ"), "stranger"), Code::NotFound),
        (stage.told.receiver(), Code::PermissionDenied),
    ] {
        assert_eq!(fetch(&stage.session(&who)?, &file.name, 0).await.unwrap_err().code(), code, "{who:?}");
    }
    stage.world.end().await
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_it_ended() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let report = reported(&stage).await?;
    let (lab, bytes) = (stage.session(&stage.lab())?, pdf(1_000_000));
    let head = header(&report.name, &bytes);
    let half = send(&lab, head.clone(), &bytes[..700_000]).await?;
    // Whole chunks are kept, ten of them.
    assert_eq!((half.complete, half.received_bytes), (false, 10 * 65_536));
    let asked = GetUploadRequest { name: half.name.clone() };
    let told = lab.attachments().get_upload(asked.clone()).await?.into_inner().attachment.context("an upload")?;
    assert_eq!(told, half);
    assert_eq!(fetch(&lab, &half.name, 0).await.unwrap_err().code(), Code::NotFound);
    let doctor = stage.session(&stage.doctor)?;
    assert_eq!(doctor.attachments().get_upload(asked).await.unwrap_err().code(), Code::NotFound);

    let wrong = send(&lab, UploadHeader { offset: 700_000, ..head.clone() }, &bytes[700_000..]).await.unwrap_err();
    assert_eq!((wrong.code(), rules(&wrong)), (Code::FailedPrecondition, vec!["header.offset".to_string()]));
    let other = UploadHeader { size_bytes: 5, ..head.clone() };
    assert_eq!(violations(&send(&lab, other, b"").await.unwrap_err()), ["header.request_id"]);
    let offset = half.received_bytes;
    let rest = &bytes[usize::try_from(offset)?..];
    let whole = send(&lab, UploadHeader { offset, ..head.clone() }, rest).await?;
    assert!(whole.complete && whole.name == half.name);
    assert_eq!(fetch(&lab, &whole.name, 0).await?.0, bytes);
    // The same again answers the same.
    assert_eq!(send(&lab, UploadHeader { offset, ..head }, rest).await?, whole);
    assert_eq!(stage.world.count("SELECT count(*) FROM timer").await?, 0);
    stage.world.end().await
}

/// The connection breaks while it is sent: what was whole by then is kept, and the same file goes on from there.
#[tokio::test]
async fn one_whose_connection_breaks_goes_on_from_what_was_kept() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let report = reported(&stage).await?;
    let (lab, bytes) = (stage.session(&stage.lab())?, pdf(1_000_000));
    let head = header(&report.name, &bytes);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let sending = {
        let lab = lab.clone();
        tokio::spawn(async move { lab.attachments().upload_attachment(ReceiverStream::new(receiver)).await })
    };
    let chunks = bytes[..700_000].chunks(50_000).map(|chunk| Part::Chunk(chunk.to_vec()));
    for part in [Part::Header(head.clone())].into_iter().chain(chunks) {
        sender.send(UploadAttachmentRequest { part: Some(part) }).await?;
    }
    // Eight chunks are kept at once.
    let kept = 8 * 65_536;
    stage.world.until_count("SELECT COALESCE(max(received), 0) FROM attachment", kept).await?;
    sending.abort();
    let again = send(&lab, head.clone(), &bytes).await.unwrap_err();
    assert_eq!(rules(&again), ["header.offset"], "from its beginning it would be another file");
    let asked = GetUploadRequest { name: format!("attachments/{}", head.request_id) };
    let whole = eventually("the rest was taken", || async {
        let told = lab.attachments().get_upload(asked.clone()).await?.into_inner().attachment.context("an upload")?;
        let offset = told.received_bytes;
        assert!(!told.complete && offset >= kept && offset % 65_536 == 0, "{told:?}");
        // The server may still be about to keep what had come when the connection broke.
        match send(&lab, UploadHeader { offset, ..head.clone() }, &bytes[usize::try_from(offset)?..]).await {
            Err(status) if rules(&status) == ["header.offset"] || status.code() == Code::Aborted => Ok(None),
            sent => Ok(Some(sent?)),
        }
    })
    .await?;
    assert!(whole.complete);
    assert_eq!(fetch(&lab, &whole.name, 0).await?.0, bytes);
    stage.world.end().await
}

/// Nobody goes on with it: after a day nothing of it is left, and it was shown to nobody.
#[tokio::test]
async fn one_that_stops_halfway_is_dropped_after_a_day() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let report = reported(&stage).await?;
    let (lab, bytes) = (stage.session(&stage.lab())?, pdf(300_000));
    let half = send(&lab, header(&report.name, &bytes), &bytes[..200_000]).await?;
    assert_eq!((half.complete, half.received_bytes), (false, 3 * 65_536));
    let list = ListAttachmentsRequest { parent: report.name.clone() };
    assert_eq!(lab.attachments().list_attachments(list).await?.into_inner().attachments, []);
    stage.advance(23 * 60).await?;
    let due = "SELECT count(*) FROM timer WHERE kind = 'drop_upload'";
    assert_eq!(stage.world.count(due).await?, 1, "its day is not over");
    stage.advance(25 * 60).await?;
    stage.world.until_count("SELECT count(*) FROM attachment", 0).await?;
    assert_eq!(stage.world.count("SELECT count(*) FROM attachment_chunk").await?, 0);
    assert_eq!(stage.world.count(due).await?, 0);
    stage.world.end().await
}

#[tokio::test]
async fn what_is_not_what_it_says_is_refused_and_nothing_of_it_is_kept() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let report = reported(&stage).await?;
    let (lab, bytes) = (stage.session(&stage.lab())?, pdf(100_000));
    let head = |change: fn(&mut UploadHeader)| {
        let mut head = header(&report.name, &bytes);
        change(&mut head);
        head
    };
    for (header, field) in [
        (head(|head| head.sha256 = vec![7; 32]), "header.sha256"),
        (head(|head| head.media_type = "image/png".into()), "header.media_type"),
        (head(|head| head.media_type = "text/html".into()), "header.media_type"),
        (head(|head| head.size_bytes = 99_999), "chunk"),
        (head(|head| head.size_bytes = 21 * 1024 * 1024), "header.size_bytes"),
        (head(|head| head.size_bytes = 0), "header.size_bytes"),
        (head(|head| head.sha256 = vec![]), "header.sha256"),
        (head(|head| head.parent = "patients/1".into()), "header.parent"),
        (head(|head| head.request_id = "1".into()), "header.request_id"),
    ] {
        let status = send(&lab, header, &bytes).await.unwrap_err();
        assert_eq!((status.code(), violations(&status)[0].as_str()), (Code::InvalidArgument, field));
    }
    let chunk = UploadAttachmentRequest { part: Some(Part::Chunk(bytes)) };
    let status = lab.attachments().upload_attachment(tokio_stream::iter([chunk])).await.unwrap_err();
    assert_eq!(violations(&status), ["header"]);
    assert_eq!(stage.world.count("SELECT count(*) FROM attachment_chunk").await?, 0);
    assert_eq!(stage.world.count("SELECT count(*) FROM attachment WHERE complete").await?, 0);
    stage.world.end().await
}

#[tokio::test]
async fn an_orders_files_are_the_referrers_and_read_on_both_sides() -> Result<()> {
    let stage = Stage::start().await?;
    let (lab, doctor, bytes) = (stage.session(&stage.lab())?, stage.session(&stage.doctor)?, pdf(10));
    let bytes = [bytes, vec![0; 30]].concat();
    let refused = send(&lab, header(&stage.order, &bytes), &bytes).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let file = send(&doctor, header(&stage.order, &bytes), &bytes).await?;
    assert_eq!(fetch(&lab, &file.name, 0).await?.0, bytes);
    let list = ListAttachmentsRequest { parent: stage.order.clone() };
    assert_eq!(lab.attachments().list_attachments(list).await?.into_inner().attachments.len(), 1);
    for number in 1..20 {
        let bytes = pdf(20 + number);
        send(&doctor, header(&stage.order, &bytes), &bytes).await?;
    }
    let more = send(&doctor, header(&stage.order, &bytes), &bytes).await.unwrap_err();
    assert_eq!(rules(&more), ["too-many-files"]);
    let coordinator = Identity::new("c", "clinician").of(&stage.told.coordinator.to_string());
    assert_eq!(fetch(&stage.session(&coordinator)?, &file.name, 0).await.unwrap_err().code(), Code::NotFound);
    stage.world.end().await
}
