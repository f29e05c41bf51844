//! `relais.network.v1.MemberService`.

use relais_platform::{
    Context,
    calls::{Role, check::time_to_proto},
    grpc::{Answer, answer},
    ids::Child,
};
use relais_proto::network::v1::{
    AcceptInvitationRequest, AcceptInvitationResponse, GetMemberRequest, GetMemberResponse, InviteAdministratorRequest,
    InviteAdministratorResponse, InviteMemberRequest, InviteMemberResponse, ListMembersRequest, ListMembersResponse,
    Member, RemoveMemberRequest, RemoveMemberResponse, RestoreMemberRequest, RestoreMemberResponse,
    StartSessionRequest, StartSessionResponse, SuspendMemberRequest, SuspendMemberResponse, UpdateMemberRequest,
    UpdateMemberResponse, member, member_service_server::MemberService,
};
use tonic::Request;

use super::parse::{self, MemberAsked};
use crate::{
    app::network::member::ListMembers,
    domain::network::{self as domain, Change, MemberState, not_opened},
};

/// Serves members.
pub(super) struct Members(pub Context);

/// What suspending, restoring and removing ask alike.
macro_rules! asked {
    ($body:ident) => {
        MemberAsked { name: &$body.name, etag: &$body.etag, request_id: &$body.request_id }
    };
}

#[tonic::async_trait]
impl MemberService for Members {
    async fn invite_administrator(
        &self,
        request: Request<InviteAdministratorRequest>,
    ) -> Answer<InviteAdministratorResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::invite_administrator(&body, &self.0)?;
        let invited = self.0.change(call, request_id, &body, command).await?;
        let secret = invited.secret.map(|secret| secret.told()).unwrap_or_default();
        answer(InviteAdministratorResponse { member: Some(convert(invited.member)), secret })
    }

    async fn invite_member(&self, request: Request<InviteMemberRequest>) -> Answer<InviteMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::invite_member(&body, &self.0)?;
        let invited = self.0.change(call, request_id, &body, command).await?;
        let secret = invited.secret.map(|secret| secret.told()).unwrap_or_default();
        answer(InviteMemberResponse { member: Some(convert(invited.member)), secret })
    }

    async fn accept_invitation(&self, request: Request<AcceptInvitationRequest>) -> Answer<AcceptInvitationResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::accept_invitation(&body, &self.0)?;
        let accepted = self.0.change(call, request_id, &body, command).await?;
        let member = accepted.0.ok_or_else(not_opened)?;
        answer(AcceptInvitationResponse { member: Some(convert(member)) })
    }

    async fn get_member(&self, request: Request<GetMemberRequest>) -> Answer<GetMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let member = self.0.read(call, parse::get_member(&body)?).await?;
        answer(GetMemberResponse { member: Some(convert(member)) })
    }

    async fn list_members(&self, request: Request<ListMembersRequest>) -> Answer<ListMembersResponse> {
        let (call, body) = self.0.open(request)?;
        let organisation = parse::parent(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListMembers { organisation, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListMembersResponse { members: found.rows.into_iter().map(convert).collect(), next_page_token })
    }

    async fn update_member(&self, request: Request<UpdateMemberRequest>) -> Answer<UpdateMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::update_member(&body)?;
        let member = self.0.change(call, request_id, &body, command).await?;
        answer(UpdateMemberResponse { member: Some(convert(member)) })
    }

    async fn suspend_member(&self, request: Request<SuspendMemberRequest>) -> Answer<SuspendMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::change_member(&asked!(body), Change::Suspend)?;
        let member = self.0.change(call, request_id, &body, command).await?;
        answer(SuspendMemberResponse { member: Some(convert(member)) })
    }

    async fn restore_member(&self, request: Request<RestoreMemberRequest>) -> Answer<RestoreMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::change_member(&asked!(body), Change::Restore)?;
        let member = self.0.change(call, request_id, &body, command).await?;
        answer(RestoreMemberResponse { member: Some(convert(member)) })
    }

    async fn remove_member(&self, request: Request<RemoveMemberRequest>) -> Answer<RemoveMemberResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::change_member(&asked!(body), Change::Remove)?;
        let member = self.0.change(call, request_id, &body, command).await?;
        answer(RemoveMemberResponse { member: Some(convert(member)) })
    }

    async fn start_session(&self, request: Request<StartSessionRequest>) -> Answer<StartSessionResponse> {
        let (call, body) = self.0.open(request)?;
        let key = self.0.key()?;
        let session = self.0.read(call, parse::start_session(&body)?).await?;
        let (access_token, expires_at) = key.session(&session.caller, session.member.name)?;
        let (expire_time, member) = (Some(time_to_proto(expires_at)), Some(convert(session.member)));
        answer(StartSessionResponse { access_token, expire_time, member })
    }
}

fn convert(value: domain::Member) -> Member {
    let organisation = value.name.organisation;
    let state = match value.state {
        MemberState::Invited => member::State::Invited,
        MemberState::Active => member::State::Active,
        MemberState::Suspended => member::State::Suspended,
        MemberState::Left => member::State::Left,
    };
    let position = value.position;
    let (issuer, subject) = value.login.map(|login| (login.issuer, login.subject)).unwrap_or_default();
    Member {
        name: value.name.to_string(),
        display_name: position.display_name,
        roles: position.roles.into_iter().map(|told| role(told).into()).collect(),
        unit: position.unit.map(|id| Child::new(organisation, id).to_string()).unwrap_or_default(),
        practitioner: position.practitioner.map(|id| Child::new(organisation, id).to_string()).unwrap_or_default(),
        state: state.into(),
        issuer,
        subject,
        invitation_expire_time: value.invitation_expires_at.map(time_to_proto),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
        etag: value.version.to_string(),
    }
}

fn role(value: Role) -> member::Role {
    match value {
        Role::Coordinator => member::Role::Coordinator,
        Role::Desk => member::Role::Desk,
        Role::Clinician => member::Role::Clinician,
        Role::Referent => member::Role::Referent,
        Role::Visiting => member::Role::Visiting,
        Role::Researcher => member::Role::Researcher,
        Role::Funder => member::Role::Funder,
        Role::Admin => member::Role::Admin,
        // The table holds none of these.
        Role::Network | Role::Operator | Role::Service | Role::Partner => member::Role::Unspecified,
    }
}
