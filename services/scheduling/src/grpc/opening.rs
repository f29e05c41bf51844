//! `relais.scheduling.v1.OpeningService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::scheduling::v1::{
    CreateClosureRequest, CreateClosureResponse, CreateOpeningRuleRequest, CreateOpeningRuleResponse,
    EndOpeningRuleRequest, EndOpeningRuleResponse, GetOpeningRuleRequest, GetOpeningRuleResponse, LiftClosureRequest,
    LiftClosureResponse, ListClosuresRequest, ListClosuresResponse, ListOpeningRulesRequest, ListOpeningRulesResponse,
    opening_service_server::OpeningService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::opening::{ListClosures, ListRules};

/// Serves opening rules and closures.
pub(super) struct Openings(pub Context);

#[tonic::async_trait]
impl OpeningService for Openings {
    async fn create_opening_rule(
        &self,
        request: Request<CreateOpeningRuleRequest>,
    ) -> Answer<CreateOpeningRuleResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_rule(&self.0, &body)?;
        let rule = self.0.change(call, request_id, &body, command).await?;
        answer(CreateOpeningRuleResponse { opening_rule: Some(convert::opening_rule(rule)) })
    }

    async fn get_opening_rule(&self, request: Request<GetOpeningRuleRequest>) -> Answer<GetOpeningRuleResponse> {
        let (call, body) = self.0.open(request)?;
        let rule = self.0.read(call, parse::get_rule(&body)?).await?;
        answer(GetOpeningRuleResponse { opening_rule: Some(convert::opening_rule(rule)) })
    }

    async fn list_opening_rules(&self, request: Request<ListOpeningRulesRequest>) -> Answer<ListOpeningRulesResponse> {
        let (call, body) = self.0.open(request)?;
        let site = parse::site(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListRules { site, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        let opening_rules = found.rows.into_iter().map(convert::opening_rule).collect();
        answer(ListOpeningRulesResponse { opening_rules, next_page_token })
    }

    async fn end_opening_rule(&self, request: Request<EndOpeningRuleRequest>) -> Answer<EndOpeningRuleResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::end_rule(&body)?;
        let rule = self.0.change(call, request_id, &body, command).await?;
        answer(EndOpeningRuleResponse { opening_rule: Some(convert::opening_rule(rule)) })
    }

    async fn create_closure(&self, request: Request<CreateClosureRequest>) -> Answer<CreateClosureResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_closure(&body)?;
        let closure = self.0.change(call, request_id, &body, command).await?;
        answer(CreateClosureResponse { closure: Some(convert::closure(closure)) })
    }

    async fn list_closures(&self, request: Request<ListClosuresRequest>) -> Answer<ListClosuresResponse> {
        let (call, body) = self.0.open(request)?;
        let site = parse::site(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListClosures { site, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        let closures = found.rows.into_iter().map(convert::closure).collect();
        answer(ListClosuresResponse { closures, next_page_token })
    }

    async fn lift_closure(&self, request: Request<LiftClosureRequest>) -> Answer<LiftClosureResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::lift_closure(&body)?;
        let closure = self.0.change(call, request_id, &body, command).await?;
        answer(LiftClosureResponse { closure: Some(convert::closure(closure)) })
    }
}
