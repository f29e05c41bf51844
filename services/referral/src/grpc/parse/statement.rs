//! Requests of statements.

use relais_platform::{
    Result,
    calls::Check,
    ids::{ConventionId, StatementId},
};
use relais_proto::convention::v1::{self, render_statement_request::Format};
use uuid::Uuid;

use super::name;
use crate::{
    app::statement::{CloseStatement, GetStatement},
    domain::{language::Language, statement::Days},
};

pub(in crate::grpc) fn close_statement(request: &v1::CloseStatementRequest) -> Result<(Uuid, CloseStatement)> {
    let mut check = Check::default();
    let convention = check.name("convention", &request.convention);
    let first = check.date("first_day", request.first_day);
    let last = check.date("last_day", request.last_day);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CloseStatement { id: StatementId::draw(), convention, days: Days::try_new(first, last)? }))
}

pub(in crate::grpc) fn get_statement(request: &v1::GetStatementRequest) -> Result<GetStatement> {
    name(&request.name).map(GetStatement)
}

/// Whose statements.
pub(in crate::grpc) fn statements_of(convention: &str) -> Result<ConventionId> {
    let mut check = Check::default();
    let id = check.name("convention", convention);
    check.finish().map(|()| id)
}

/// Which statement, as what, in which language.
pub(in crate::grpc) fn render_statement(
    request: &v1::RenderStatementRequest,
    wished: Language,
) -> Result<(StatementId, Format, Language)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let format = check.choice("format", request.format);
    let code = request.language_code.as_str();
    let language = if code.is_empty() { Some(wished) } else { Language::parse(code) };
    check.ensure("language_code", language.is_some(), "must be fr or en");
    check.finish().map(|()| (id, format, language.unwrap_or(wished)))
}
