//! `relais.referral.v1.BreakGlassService`.

use relais_platform::{
    Context, Error,
    calls::check::time_to_proto,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    self, ListFileAccessesRequest, ListFileAccessesResponse, OpenFileRequest, OpenFileResponse,
    ReviewFileAccessRequest, ReviewFileAccessResponse,
    break_glass_service_server::BreakGlassService,
    file_access::{Reason, Review, Verdict},
};
use tonic::Request;

use super::parse;
use crate::{
    app::referral::ListFileAccesses,
    domain::referral::{self as domain, FileAccess, FileReview, HeldAccess, OpenReason},
};

/// Serves files opened by those who are no party.
pub(super) struct BreakGlass(pub Context);

#[tonic::async_trait]
impl BreakGlassService for BreakGlass {
    async fn open_file(&self, request: Request<OpenFileRequest>) -> Answer<OpenFileResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::open_file(&body, self.0.settings.audit.break_glass_per_day)?;
        let (file, statement) = (command.file.to_string(), command.statement.clone());
        let access = self.0.change(call, request_id, &body, command).await?;
        // The try is kept; the answer is that of everything that is not there.
        if access.referral.is_none() {
            return Err(Error::not_found(file).into());
        }
        // The same request again said the same.
        answer(OpenFileResponse { file_access: Some(file_access(FileAccess { statement, ..access })) })
    }

    async fn list_file_accesses(&self, request: Request<ListFileAccessesRequest>) -> Answer<ListFileAccessesResponse> {
        let (call, body) = self.0.open(request)?;
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListFileAccesses { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
        answer(ListFileAccessesResponse { file_accesses: found.rows.into_iter().map(held).collect(), next_page_token })
    }

    async fn review_file_access(&self, request: Request<ReviewFileAccessRequest>) -> Answer<ReviewFileAccessResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::review_file_access(&body)?;
        let reviewed = self.0.change(call, request_id, &body, command).await?;
        answer(ReviewFileAccessResponse { file_access: Some(held(reviewed)) })
    }
}

fn held(value: HeldAccess) -> v1::FileAccess {
    v1::FileAccess { review: value.review.map(review), ..file_access(value.access) }
}

fn review(value: FileReview) -> Review {
    let verdict = match value.verdict {
        domain::Verdict::Justified => Verdict::Justified,
        domain::Verdict::NotJustified => Verdict::NotJustified,
    };
    Review {
        verdict: verdict.into(),
        note: value.note,
        reviewer: value.reviewer,
        create_time: Some(time_to_proto(value.create_time)),
    }
}

pub(super) fn file_access(value: FileAccess) -> v1::FileAccess {
    let reason = match value.reason {
        OpenReason::EmergencyTreatment => Reason::EmergencyTreatment,
        OpenReason::ContinuityOfCare => Reason::ContinuityOfCare,
        OpenReason::PatientRequest => Reason::PatientRequest,
    };
    v1::FileAccess {
        name: value.id.to_string(),
        referral: value.referral.map(|referral| referral.to_string()).unwrap_or_default(),
        reason: reason.into(),
        statement: value.statement,
        create_time: Some(time_to_proto(value.create_time)),
        expire_time: Some(time_to_proto(value.expire_time)),
        organisation: value.organisation.to_string(),
        subject: value.caller,
        review: None,
    }
}
