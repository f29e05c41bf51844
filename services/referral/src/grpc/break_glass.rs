//! `relais.referral.v1.BreakGlassService`.

use relais_platform::{
    Context, Error,
    calls::check::time_to_proto,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    self, OpenFileRequest, OpenFileResponse, break_glass_service_server::BreakGlassService, file_access::Reason,
};
use tonic::Request;

use super::parse;
use crate::domain::referral::{FileAccess, OpenReason};

/// Serves files opened by those who are no party.
pub(super) struct BreakGlass(pub Context);

#[tonic::async_trait]
impl BreakGlassService for BreakGlass {
    async fn open_file(&self, request: Request<OpenFileRequest>) -> Answer<OpenFileResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::open_file(&body, self.0.settings.audit.break_glass_per_day)?;
        let file = command.file.to_string();
        let access = self.0.change(call, request_id, &body, command).await?;
        // The try is kept; the answer is that of everything that is not there.
        if access.referral.is_none() {
            return Err(Error::not_found(file).into());
        }
        answer(OpenFileResponse { file_access: Some(file_access(access)) })
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
    }
}
