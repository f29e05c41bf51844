//! Requests of conventions.

mod conditions;
mod life;
mod line;

pub(in crate::grpc) use life::{
    amend_convention, discard_amendment, list_convention_versions, resume_convention, suspend_convention,
    terminate_convention, update_convention,
};

use relais_platform::{Result, calls::Check, ids::ConventionId};
use relais_proto::convention::v1::{self, party, service};
use uuid::Uuid;

use super::{CODE, DISPLAY_NAME, etag, name, plain_code};
use crate::{
    app::convention::{CreateConvention, GetConvention, GetUsage, OfLine, RecountUsage, SignConvention, Wanted},
    domain::convention::{Bearer, Coding, Party, Period, Role, ServiceTerm, Terms},
};

/// The most parties, services or lines of a convention.
const MOST: usize = 500;

pub(in crate::grpc) fn create_convention(request: &v1::CreateConventionRequest) -> Result<(Uuid, CreateConvention)> {
    let mut check = Check::default();
    let given = check.required("convention", request.convention.clone());
    let display_name = check.text("convention.display_name", &given.display_name, DISPLAY_NAME);
    let terms = check.required("convention.terms", given.terms);
    let terms = parse_terms(&mut check, &terms);
    let renews = (!given.renews.is_empty()).then(|| check.name("convention.renews", &given.renews));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CreateConvention { id: ConventionId::draw(), display_name, terms, renews }))
}

pub(in crate::grpc) fn sign_convention(request: &v1::SignConventionRequest) -> Result<(Uuid, SignConvention)> {
    let mut check = Check::default();
    let wanted = wanted(&mut check, &request.name, &request.etag);
    let signature_date = check.date("signature_date", request.signature_date);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, SignConvention { wanted, signature_date }))
}

pub(in crate::grpc) fn get_convention(request: &v1::GetConventionRequest) -> Result<GetConvention> {
    name(&request.name).map(GetConvention)
}

pub(in crate::grpc) fn get_usage(request: &v1::GetUsageRequest) -> Result<GetUsage> {
    let mut check = Check::default();
    let convention = check.name("name", &request.name);
    let as_of = request.as_of.map(|day| check.date("as_of", Some(day)));
    if request.line_id.is_empty() && request.first_month.is_none() && request.last_month.is_none() {
        check.finish()?;
        return Ok(GetUsage { convention, line: None, as_of });
    }
    let line_id = plain_code(&mut check, "line_id", &request.line_id);
    let start = check.date("first_month", request.first_month);
    let end = check.date("last_month", request.last_month);
    check.finish()?;
    let period = Period::try_new(start, end)?;
    Ok(GetUsage { convention, line: Some(OfLine { line_id, period }), as_of })
}

pub(in crate::grpc) fn recount_usage(request: &v1::RecountUsageRequest) -> Result<RecountUsage> {
    name(&request.name).map(RecountUsage)
}

/// Which convention is to be changed, and which version was seen.
fn wanted(check: &mut Check, name: &str, seen: &str) -> Wanted {
    Wanted { id: check.name("name", name), seen: etag(check, seen) }
}

fn parse_terms(check: &mut Check, given: &v1::Terms) -> Terms {
    let sizes = [
        ("parties", given.parties.len()),
        ("services", given.services.len()),
        ("lines", given.lines.len()),
        ("sites", given.sites.len()),
    ];
    for (field, size) in sizes {
        check.ensure(&format!("convention.terms.{field}"), size <= MOST, "must not hold more than 500");
    }
    let site = |check: &mut Check, at, name: &String| check.child(&format!("convention.terms.sites[{at}]"), name);
    let terms = Terms {
        parties: few(&given.parties).map(|(at, given)| parse_party(check, at, given)).collect(),
        services: few(&given.services).map(|(at, given)| parse_service(check, at, given)).collect(),
        lines: few(&given.lines).map(|(at, given)| line::parse(check, at, given)).collect(),
        start_date: check.date("convention.terms.start_date", given.start_date),
        end_date: check.date("convention.terms.end_date", given.end_date),
        sites: few(&given.sites).map(|(at, name)| site(check, at, name)).collect(),
        conditions: conditions::parse(check, given),
        exclusive: given.exclusive,
    };
    check.along(terms.faults());
    terms
}

/// The elements of a list with their places, as many as are looked at.
fn few<T>(given: &[T]) -> impl Iterator<Item = (usize, &T)> {
    given.iter().take(MOST).enumerate()
}

fn parse_party(check: &mut Check, at: usize, given: &v1::Party) -> Party {
    let field = format!("convention.terms.parties[{at}]");
    let role = match check.choice(&format!("{field}.role"), given.role) {
        party::Role::Provider => Role::Provider,
        party::Role::Funder => Role::Funder,
        party::Role::Coordinator => Role::Coordinator,
        // Unspecified has been refused by the check.
        party::Role::Referrer | party::Role::Unspecified => Role::Referrer,
    };
    Party { organisation: check.name(&format!("{field}.organisation"), &given.organisation), role }
}

fn parse_service(check: &mut Check, at: usize, given: &v1::Service) -> ServiceTerm {
    let field = format!("convention.terms.services[{at}]");
    let bearer = match check.choice(&format!("{field}.bearer"), given.bearer) {
        service::Bearer::ProviderInKind => Bearer::ProviderInKind,
        service::Bearer::Grant => Bearer::Grant,
        service::Bearer::Patient => Bearer::Patient,
        // Unspecified has been refused by the check.
        service::Bearer::Funder | service::Bearer::Unspecified => Bearer::Funder,
    };
    let field = format!("{field}.code");
    let code = check.required(&field, given.code.clone());
    ServiceTerm { code: coding(check, &field, &code), bearer }
}

/// A code with its system.
pub(super) fn coding(check: &mut Check, field: &str, given: &v1::Coding) -> Coding {
    Coding {
        system: check.text(&format!("{field}.system"), &given.system, CODE),
        version: check.optional_text(&format!("{field}.version"), &given.version, CODE),
        code: check.text(&format!("{field}.code"), &given.code, CODE),
        display: check.optional_text(&format!("{field}.display"), &given.display, CODE),
    }
}
