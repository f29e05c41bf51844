//! `relais.network.v1`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::network::v1::{
    AddRegistrationRequest, AddRegistrationResponse, CreateOrganisationRequest, CreateOrganisationResponse,
    CreatePractitionerRequest, CreatePractitionerResponse, CreateSiteRequest, CreateSiteResponse, CreateUnitRequest,
    CreateUnitResponse, EndRegistrationRequest, EndRegistrationResponse, GetOrganisationRequest,
    GetOrganisationResponse, GetPractitionerRequest, GetPractitionerResponse, GetSiteRequest, GetSiteResponse,
    GetUnitRequest, GetUnitResponse, ListOrganisationsRequest, ListOrganisationsResponse, ListPractitionersRequest,
    ListPractitionersResponse, ListSitesRequest, ListSitesResponse, ListUnitsRequest, ListUnitsResponse,
    SetContactRequest, SetContactResponse, UpdateSiteRequest, UpdateSiteResponse,
    network_service_server::NetworkService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::network::{ListOrganisations, ListPractitioners, ListSites, ListUnits};

/// Serves the directory.
pub(super) struct Network(pub Context);

#[tonic::async_trait]
impl NetworkService for Network {
    async fn create_organisation(
        &self,
        request: Request<CreateOrganisationRequest>,
    ) -> Answer<CreateOrganisationResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_organisation(&body)?;
        let organisation = self.0.change(call, request_id, &body, command).await?;
        answer(CreateOrganisationResponse { organisation: Some(convert::organisation(organisation)) })
    }

    async fn get_organisation(&self, request: Request<GetOrganisationRequest>) -> Answer<GetOrganisationResponse> {
        let (call, body) = self.0.open(request)?;
        let organisation = self.0.read(call, parse::get_organisation(&body)?).await?;
        answer(GetOrganisationResponse { organisation: Some(convert::organisation(organisation)) })
    }

    async fn list_organisations(
        &self,
        request: Request<ListOrganisationsRequest>,
    ) -> Answer<ListOrganisationsResponse> {
        let (call, body) = self.0.open(request)?;
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListOrganisations { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
        answer(ListOrganisationsResponse {
            organisations: found.rows.into_iter().map(convert::organisation).collect(),
            next_page_token,
        })
    }

    async fn create_unit(&self, request: Request<CreateUnitRequest>) -> Answer<CreateUnitResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_unit(&body)?;
        let unit = self.0.change(call, request_id, &body, command).await?;
        answer(CreateUnitResponse { unit: Some(convert::unit(unit)) })
    }

    async fn get_unit(&self, request: Request<GetUnitRequest>) -> Answer<GetUnitResponse> {
        let (call, body) = self.0.open(request)?;
        let unit = self.0.read(call, parse::get_unit(&body)?).await?;
        answer(GetUnitResponse { unit: Some(convert::unit(unit)) })
    }

    async fn list_units(&self, request: Request<ListUnitsRequest>) -> Answer<ListUnitsResponse> {
        let (call, body) = self.0.open(request)?;
        let organisation = parse::parent(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListUnits { organisation, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListUnitsResponse { units: found.rows.into_iter().map(convert::unit).collect(), next_page_token })
    }

    async fn create_site(&self, request: Request<CreateSiteRequest>) -> Answer<CreateSiteResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_site(&body)?;
        let site = self.0.change(call, request_id, &body, command).await?;
        answer(CreateSiteResponse { site: Some(convert::site(site)) })
    }

    async fn update_site(&self, request: Request<UpdateSiteRequest>) -> Answer<UpdateSiteResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::update_site(&body)?;
        let site = self.0.change(call, request_id, &body, command).await?;
        answer(UpdateSiteResponse { site: Some(convert::site(site)) })
    }

    async fn get_site(&self, request: Request<GetSiteRequest>) -> Answer<GetSiteResponse> {
        let (call, body) = self.0.open(request)?;
        let site = self.0.read(call, parse::get_site(&body)?).await?;
        answer(GetSiteResponse { site: Some(convert::site(site)) })
    }

    async fn list_sites(&self, request: Request<ListSitesRequest>) -> Answer<ListSitesResponse> {
        let (call, body) = self.0.open(request)?;
        let organisation = parse::parent(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListSites { organisation, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListSitesResponse { sites: found.rows.into_iter().map(convert::site).collect(), next_page_token })
    }

    async fn create_practitioner(
        &self,
        request: Request<CreatePractitionerRequest>,
    ) -> Answer<CreatePractitionerResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_practitioner(&body)?;
        let practitioner = self.0.change(call, request_id, &body, command).await?;
        answer(CreatePractitionerResponse { practitioner: Some(convert::practitioner(practitioner)) })
    }

    async fn get_practitioner(&self, request: Request<GetPractitionerRequest>) -> Answer<GetPractitionerResponse> {
        let (call, body) = self.0.open(request)?;
        let practitioner = self.0.read(call, parse::get_practitioner(&body)?).await?;
        answer(GetPractitionerResponse { practitioner: Some(convert::practitioner(practitioner)) })
    }

    async fn list_practitioners(
        &self,
        request: Request<ListPractitionersRequest>,
    ) -> Answer<ListPractitionersResponse> {
        let (call, body) = self.0.open(request)?;
        let organisation = parse::parent(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListPractitioners { organisation, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListPractitionersResponse {
            practitioners: found.rows.into_iter().map(convert::practitioner).collect(),
            next_page_token,
        })
    }

    async fn add_registration(&self, request: Request<AddRegistrationRequest>) -> Answer<AddRegistrationResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::add_registration(&body)?;
        let registration = self.0.change(call, request_id, &body, command).await?;
        answer(AddRegistrationResponse { registration: Some(convert::registration(registration)) })
    }

    async fn end_registration(&self, request: Request<EndRegistrationRequest>) -> Answer<EndRegistrationResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::end_registration(&body)?;
        let registration = self.0.change(call, request_id, &body, command).await?;
        answer(EndRegistrationResponse { registration: Some(convert::registration(registration)) })
    }

    async fn set_contact(&self, request: Request<SetContactRequest>) -> Answer<SetContactResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::set_contact(&body)?;
        let told = self.0.change(call, request_id, &body, command).await?;
        answer(SetContactResponse { contact: Some(convert::contact(told.contact)) })
    }
}
