//! Requests of the directory.

use relais_platform::{
    Result,
    calls::Check,
    ids::{Child, OrganisationId, PractitionerId, ResourceId, UnitId},
};
use relais_proto::network::v1::{self, unit::Kind};
use uuid::Uuid;

use super::{CODE, DISPLAY_NAME, name};
use crate::{
    app::network::{
        CreateOrganisation, CreatePractitioner, CreateUnit, GetOrganisation, GetPractitioner, GetSite, GetUnit,
    },
    domain::network::{Identifier, UnitKind, identifier_fault, is_register},
};

pub(in crate::grpc) fn create_organisation(
    request: &v1::CreateOrganisationRequest,
) -> Result<(Uuid, CreateOrganisation)> {
    let mut check = Check::default();
    let given = check.required("organisation", request.organisation.clone());
    let country = given.country_code.len() == 2 && given.country_code.bytes().all(|b| b.is_ascii_uppercase());
    check.ensure("organisation.country_code", country, "must be two capital letters (ISO 3166-1)");
    check.ensure("organisation.identifiers", given.identifiers.len() <= 20, "must not hold more than 20");
    let identifiers = given.identifiers.iter().take(20).map(|i| identifier(&mut check, "organisation.identifiers", i));
    let identifiers = identifiers.collect();
    let display_name = check.text("organisation.display_name", &given.display_name, DISPLAY_NAME);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let id = OrganisationId::draw();
    Ok((request_id, CreateOrganisation { id, display_name, country_code: given.country_code, identifiers }))
}

pub(in crate::grpc) fn create_unit(request: &v1::CreateUnitRequest) -> Result<(Uuid, CreateUnit)> {
    let mut check = Check::default();
    let organisation = check.name("parent", &request.parent);
    let given = check.required("unit", request.unit.clone());
    let display_name = check.text("unit.display_name", &given.display_name, DISPLAY_NAME);
    let kind = match check.choice("unit.kind", given.kind) {
        Kind::MedicalService => UnitKind::MedicalService,
        Kind::CareCentre => UnitKind::CareCentre,
        // Unspecified has been refused by the check.
        Kind::Desk | Kind::Unspecified => UnitKind::Desk,
    };
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CreateUnit { name: Child::new(organisation, UnitId::draw()), display_name, kind }))
}

pub(in crate::grpc) fn create_practitioner(
    request: &v1::CreatePractitionerRequest,
) -> Result<(Uuid, CreatePractitioner)> {
    let mut check = Check::default();
    let organisation = check.name("parent", &request.parent);
    let given = check.required("practitioner", request.practitioner.clone());
    let display_name = check.text("practitioner.display_name", &given.display_name, DISPLAY_NAME);
    let registration = check.required("practitioner.registration", given.registration);
    let registration = register_entry(&mut check, "practitioner.registration", &registration);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let name = Child::new(organisation, PractitionerId::draw());
    Ok((request_id, CreatePractitioner { name, display_name, registration }))
}

pub(in crate::grpc) fn get_organisation(request: &v1::GetOrganisationRequest) -> Result<GetOrganisation> {
    name(&request.name).map(GetOrganisation)
}

pub(in crate::grpc) fn get_unit(request: &v1::GetUnitRequest) -> Result<GetUnit> {
    child(&request.name).map(GetUnit)
}

pub(in crate::grpc) fn get_site(request: &v1::GetSiteRequest) -> Result<GetSite> {
    child(&request.name).map(GetSite)
}

pub(in crate::grpc) fn get_practitioner(request: &v1::GetPractitionerRequest) -> Result<GetPractitioner> {
    child(&request.name).map(GetPractitioner)
}

pub(in crate::grpc) fn parent(value: &str) -> Result<OrganisationId> {
    let mut check = Check::default();
    let organisation = check.name("parent", value);
    check.finish().map(|()| organisation)
}

pub(super) fn child<T: ResourceId>(value: &str) -> Result<Child<T>> {
    let mut check = Check::default();
    let name = check.child("name", value);
    check.finish().map(|()| name)
}

/// A number in a register of practitioners.
pub(super) fn register_entry(check: &mut Check, field: &str, given: &v1::Identifier) -> Identifier {
    check.ensure(&format!("{field}.system"), is_register(&given.system), REGISTER);
    identifier(check, field, given)
}

/// What a register must be.
pub(super) const REGISTER: &str = "must be https://rpps.esante.gouv.fr, or a register that begins with urn:relais:";

fn identifier(check: &mut Check, field: &str, given: &v1::Identifier) -> Identifier {
    let system = check.text(&format!("{field}.system"), &given.system, CODE);
    let value = check.text(&format!("{field}.value"), &given.value, CODE);
    let identifier = Identifier { system, value };
    if let Some(fault) = identifier_fault(&identifier) {
        check.fail(&format!("{field}.value"), fault);
    }
    identifier
}
