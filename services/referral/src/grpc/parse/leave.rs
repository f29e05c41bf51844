//! Requests of leave and substitutes.

use relais_platform::{
    Result,
    calls::Check,
    ids::{Child, OrganisationId, PractitionerId},
};
use relais_proto::network::v1;
use uuid::Uuid;

use super::etag;
use crate::{
    app::network::leave::{CreateLeave, EndLeave, GetActingPractitioner, SetUnitSubstitute},
    domain::network::LeaveName,
};

pub(in crate::grpc) fn create_leave(request: &v1::CreateLeaveRequest) -> Result<(Uuid, CreateLeave)> {
    let mut check = Check::default();
    let practitioner = check.child("parent", &request.parent);
    let given = check.required("leave", request.leave.clone());
    let days = (check.date("leave.start_date", given.start_date), check.date("leave.end_date", given.end_date));
    let substitute = check.optional_child("leave.substitute", &given.substitute);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, CreateLeave { name: LeaveName { practitioner, id: Uuid::now_v7() }, days, substitute }))
}

pub(in crate::grpc) fn leaves_of(request: &v1::ListLeavesRequest) -> Result<Child<PractitionerId>> {
    let mut check = Check::default();
    let practitioner = check.child("parent", &request.parent);
    check.finish().map(|()| practitioner)
}

pub(in crate::grpc) fn end_leave(request: &v1::EndLeaveRequest) -> Result<(Uuid, EndLeave)> {
    let mut check = Check::default();
    let form = "must be a name of the form organisations/{uuid}/practitioners/{uuid}/leaves/{uuid}";
    let name = LeaveName::parse(&request.name).unwrap_or_else(|| {
        check.fail("name", form);
        let practitioner = Child::new(OrganisationId(Uuid::nil()), PractitionerId(Uuid::nil()));
        LeaveName { practitioner, id: Uuid::nil() }
    });
    let end = check.date("end_date", request.end_date);
    let seen = etag(&mut check, &request.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, EndLeave { name, end, seen }))
}

pub(in crate::grpc) fn set_unit_substitute(
    request: &v1::SetUnitSubstituteRequest,
) -> Result<(Uuid, SetUnitSubstitute)> {
    let mut check = Check::default();
    let unit = check.child("unit", &request.unit);
    let substitute = check.optional_child("substitute", &request.substitute);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, SetUnitSubstitute { unit, substitute }))
}

pub(in crate::grpc) fn get_acting_practitioner(
    request: &v1::GetActingPractitionerRequest,
) -> Result<GetActingPractitioner> {
    let mut check = Check::default();
    let practitioner = check.optional_child("practitioner", &request.practitioner);
    let unit = check.child("unit", &request.unit);
    let day = check.date("date", request.date);
    check.finish().map(|()| GetActingPractitioner { practitioner, unit, day })
}
