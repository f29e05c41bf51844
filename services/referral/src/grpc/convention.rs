//! `relais.convention.v1`.

use prost::Message;
use relais_platform::{
    Context, Result,
    calls::Call,
    database::UseCase,
    grpc::{Answer, answer},
};
use relais_proto::convention::v1::{
    self, AmendConventionRequest, AmendConventionResponse, CreateConventionRequest, CreateConventionResponse,
    DiscardAmendmentRequest, DiscardAmendmentResponse, GetConventionRequest, GetConventionResponse, GetUsageRequest,
    GetUsageResponse, ListConventionVersionsRequest, ListConventionVersionsResponse, ListConventionsRequest,
    ListConventionsResponse, RecountUsageRequest, RecountUsageResponse, ResumeConventionRequest,
    ResumeConventionResponse, SignConventionRequest, SignConventionResponse, SuspendConventionRequest,
    SuspendConventionResponse, TerminateConventionRequest, TerminateConventionResponse, UpdateConventionRequest,
    UpdateConventionResponse, convention_service_server::ConventionService,
};
use tonic::Request;
use uuid::Uuid;

use super::{convert, parse};
use crate::{app::convention::ListConventions, domain::convention::Convention};

/// Serves conventions.
pub(super) struct Conventions(pub Context);

impl Conventions {
    /// Changes a convention; the answer is of the day of the change, also when the same is asked again.
    async fn changed<B, C>(&self, call: Call, body: &B, command: (Uuid, C)) -> Result<Option<v1::Convention>>
    where
        B: Message,
        C: UseCase<Outcome = Convention> + 'static,
    {
        let convention = self.0.change(call, command.0, body, command.1).await?;
        let day = convention.update_time.date_naive();
        Ok(Some(convert::convention(convention, day)))
    }

    fn read(&self, convention: Convention) -> v1::Convention {
        convert::convention(convention, self.0.clock.now().date_naive())
    }
}

#[tonic::async_trait]
impl ConventionService for Conventions {
    async fn create_convention(&self, request: Request<CreateConventionRequest>) -> Answer<CreateConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::create_convention(&body)?;
        answer(CreateConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn update_convention(&self, request: Request<UpdateConventionRequest>) -> Answer<UpdateConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::update_convention(&body)?;
        answer(UpdateConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn sign_convention(&self, request: Request<SignConventionRequest>) -> Answer<SignConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::sign_convention(&body)?;
        answer(SignConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn amend_convention(&self, request: Request<AmendConventionRequest>) -> Answer<AmendConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::amend_convention(&body)?;
        answer(AmendConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn discard_amendment(&self, request: Request<DiscardAmendmentRequest>) -> Answer<DiscardAmendmentResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::discard_amendment(&body)?;
        answer(DiscardAmendmentResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn suspend_convention(
        &self,
        request: Request<SuspendConventionRequest>,
    ) -> Answer<SuspendConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::suspend_convention(&body)?;
        answer(SuspendConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn resume_convention(&self, request: Request<ResumeConventionRequest>) -> Answer<ResumeConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::resume_convention(&body)?;
        answer(ResumeConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn terminate_convention(
        &self,
        request: Request<TerminateConventionRequest>,
    ) -> Answer<TerminateConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::terminate_convention(&body)?;
        answer(TerminateConventionResponse { convention: self.changed(call, &body, command).await? })
    }

    async fn get_convention(&self, request: Request<GetConventionRequest>) -> Answer<GetConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let convention = self.0.read(call, parse::get_convention(&body)?).await?;
        answer(GetConventionResponse { convention: Some(self.read(convention)) })
    }

    async fn list_conventions(&self, request: Request<ListConventionsRequest>) -> Answer<ListConventionsResponse> {
        let (call, body) = self.0.open(request)?;
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListConventions { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
        let conventions = found.rows.into_iter().map(|convention| self.read(convention)).collect();
        answer(ListConventionsResponse { conventions, next_page_token })
    }

    async fn list_convention_versions(
        &self,
        request: Request<ListConventionVersionsRequest>,
    ) -> Answer<ListConventionVersionsResponse> {
        let (call, body) = self.0.open(request)?;
        let versions = self.0.read(call, parse::list_convention_versions(&body)?).await?;
        answer(ListConventionVersionsResponse {
            versions: versions.into_iter().map(convert::convention_version).collect(),
        })
    }

    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Answer<GetUsageResponse> {
        let (call, body) = self.0.open(request)?;
        let figures = self.0.read(call, parse::get_usage(&body)?).await?;
        answer(convert::usage(figures))
    }

    async fn recount_usage(&self, request: Request<RecountUsageRequest>) -> Answer<RecountUsageResponse> {
        let (call, body) = self.0.open(request)?;
        let recount = self.0.read(call, parse::recount_usage(&body)?).await?;
        answer(convert::recount(recount))
    }
}
