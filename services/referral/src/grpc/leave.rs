//! `relais.network.v1.LeaveService`.

use relais_platform::{
    Context,
    calls::check::{date_to_proto, time_to_proto},
    grpc::{Answer, answer},
    ids::{Child, OrganisationId, PractitionerId},
};
use relais_proto::network::v1::{
    CreateLeaveRequest, CreateLeaveResponse, EndLeaveRequest, EndLeaveResponse, GetActingPractitionerRequest,
    GetActingPractitionerResponse, Leave, ListLeavesRequest, ListLeavesResponse, SetUnitSubstituteRequest,
    SetUnitSubstituteResponse, UnitSubstitute, get_acting_practitioner_response::Reason,
    leave_service_server::LeaveService,
};
use tonic::Request;

use super::parse;
use crate::{
    app::network::leave::ListLeaves,
    domain::network::{self as domain, Acting},
};

/// Serves leave and substitutes.
pub(super) struct Leaves(pub Context);

#[tonic::async_trait]
impl LeaveService for Leaves {
    async fn create_leave(&self, request: Request<CreateLeaveRequest>) -> Answer<CreateLeaveResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_leave(&body)?;
        let leave = self.0.change(call, request_id, &body, command).await?;
        answer(CreateLeaveResponse { leave: Some(convert(leave)) })
    }

    async fn list_leaves(&self, request: Request<ListLeavesRequest>) -> Answer<ListLeavesResponse> {
        let (call, body) = self.0.open(request)?;
        let practitioner = parse::leaves_of(&body)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListLeaves { practitioner, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListLeavesResponse { leaves: found.rows.into_iter().map(convert).collect(), next_page_token })
    }

    async fn end_leave(&self, request: Request<EndLeaveRequest>) -> Answer<EndLeaveResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::end_leave(&body)?;
        let leave = self.0.change(call, request_id, &body, command).await?;
        answer(EndLeaveResponse { leave: Some(convert(leave)) })
    }

    async fn set_unit_substitute(
        &self,
        request: Request<SetUnitSubstituteRequest>,
    ) -> Answer<SetUnitSubstituteResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::set_unit_substitute(&body)?;
        let set = self.0.change(call, request_id, &body, command).await?;
        let unit_substitute = Some(UnitSubstitute {
            unit: set.unit.to_string(),
            substitute: name(set.unit.organisation, set.substitute),
            create_time: Some(time_to_proto(set.create_time)),
        });
        answer(SetUnitSubstituteResponse { unit_substitute })
    }

    async fn get_acting_practitioner(
        &self,
        request: Request<GetActingPractitionerRequest>,
    ) -> Answer<GetActingPractitionerResponse> {
        let (call, body) = self.0.open(request)?;
        let asked = parse::get_acting_practitioner(&body)?;
        let (reason, who) = match self.0.read(call, asked).await? {
            Acting::Present(who) => (Reason::Present, Some(who)),
            Acting::LeaveSubstitute(who) => (Reason::LeaveSubstitute, Some(who)),
            Acting::UnitSubstitute(who) => (Reason::UnitSubstitute, Some(who)),
            Acting::Nobody => (Reason::Nobody, None),
        };
        let practitioner = name(asked.unit.organisation, who);
        answer(GetActingPractitionerResponse { practitioner, reason: reason.into() })
    }
}

fn name(organisation: OrganisationId, who: Option<PractitionerId>) -> String {
    who.map(|id| Child::new(organisation, id).to_string()).unwrap_or_default()
}

fn convert(value: domain::Leave) -> Leave {
    Leave {
        name: value.name.to_string(),
        start_date: Some(date_to_proto(value.start)),
        end_date: Some(date_to_proto(value.end)),
        substitute: name(value.name.practitioner.organisation, value.substitute),
        create_time: Some(time_to_proto(value.create_time)),
        etag: value.version.to_string(),
    }
}
