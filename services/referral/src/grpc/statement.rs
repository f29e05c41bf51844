//! `relais.convention.v1.StatementService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::convention::v1::{
    CloseStatementRequest, CloseStatementResponse, GetStatementRequest, GetStatementResponse, ListStatementsRequest,
    ListStatementsResponse, RenderStatementRequest, RenderStatementResponse,
    statement_service_server::StatementService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::statement::{GetStatement, ListStatements};

/// Serves statements.
pub(super) struct Statements(pub Context);

#[tonic::async_trait]
impl StatementService for Statements {
    async fn close_statement(&self, request: Request<CloseStatementRequest>) -> Answer<CloseStatementResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::close_statement(&body)?;
        let statement = self.0.change(call, request_id, &body, command).await?;
        answer(CloseStatementResponse { statement: Some(convert::statement(statement)) })
    }

    async fn get_statement(&self, request: Request<GetStatementRequest>) -> Answer<GetStatementResponse> {
        let (call, body) = self.0.open(request)?;
        let statement = self.0.read(call, parse::get_statement(&body)?).await?;
        answer(GetStatementResponse { statement: Some(convert::statement(statement)) })
    }

    async fn list_statements(&self, request: Request<ListStatementsRequest>) -> Answer<ListStatementsResponse> {
        let (call, body) = self.0.open(request)?;
        let convention = parse::statements_of(&body.convention)?;
        let page = self.0.pages.request(&call, &body.convention, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListStatements { convention, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.convention, found.next);
        answer(ListStatementsResponse {
            statements: found.rows.into_iter().map(convert::statement).collect(),
            next_page_token,
        })
    }

    async fn render_statement(&self, request: Request<RenderStatementRequest>) -> Answer<RenderStatementResponse> {
        let (call, body) = self.0.open(request)?;
        let (id, format, language) = parse::render_statement(&body, call.language)?;
        let statement = self.0.read(call, GetStatement(id)).await?;
        answer(convert::rendered(&statement, format, language)?)
    }
}
