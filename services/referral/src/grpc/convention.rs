//! `relais.convention.v1`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::convention::v1::{
    CreateConventionRequest, CreateConventionResponse, GetConventionRequest, GetConventionResponse, GetUsageRequest,
    GetUsageResponse, ListConventionsRequest, ListConventionsResponse, RecountUsageRequest, RecountUsageResponse,
    SignConventionRequest, SignConventionResponse, convention_service_server::ConventionService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::convention::ListConventions;

/// Serves conventions.
pub(super) struct Conventions(pub Context);

#[tonic::async_trait]
impl ConventionService for Conventions {
    async fn create_convention(&self, request: Request<CreateConventionRequest>) -> Answer<CreateConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_convention(&body)?;
        let convention = self.0.change(call, request_id, &body, command).await?;
        answer(CreateConventionResponse { convention: Some(convert::convention(convention)) })
    }

    async fn sign_convention(&self, request: Request<SignConventionRequest>) -> Answer<SignConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::sign_convention(&body)?;
        let convention = self.0.change(call, request_id, &body, command).await?;
        answer(SignConventionResponse { convention: Some(convert::convention(convention)) })
    }

    async fn get_convention(&self, request: Request<GetConventionRequest>) -> Answer<GetConventionResponse> {
        let (call, body) = self.0.open(request)?;
        let convention = self.0.read(call, parse::get_convention(&body)?).await?;
        answer(GetConventionResponse { convention: Some(convert::convention(convention)) })
    }

    async fn list_conventions(&self, request: Request<ListConventionsRequest>) -> Answer<ListConventionsResponse> {
        let (call, body) = self.0.open(request)?;
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListConventions { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
        answer(ListConventionsResponse {
            conventions: found.rows.into_iter().map(convert::convention).collect(),
            next_page_token,
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
