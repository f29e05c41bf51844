//! How people come into an organisation, and who acts for whom: through the public APIs, from nothing.

mod invitations;
pub mod leave;
mod members;
mod sessions;
mod tokens;
mod walls;

use anyhow::{Context, Result};
use relais_proto::network::v1::{
    AcceptInvitationRequest, CreatePractitionerRequest, Identifier, InviteAdministratorRequest,
    InviteAdministratorResponse, InviteMemberRequest, InviteMemberResponse, Member, Practitioner, StartSessionRequest,
    StartSessionResponse, member::Role,
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World, partnership, request_id};
use tonic::Status;
use tonic_types::StatusExt;

/// An organisation whose first admin, alice, has accepted.
struct House {
    world: World<Service>,
    operator: Session,
    organisation: String,
    /// Alice, in a session.
    admin: Session,
    alice: Member,
}

impl House {
    async fn open() -> Result<Self> {
        let world = World::start().await?;
        let operator = world.session(&Identity::new("operator", "operator"))?;
        let organisation = partnership::organisation(&operator, "Médecins du Monde").await?;
        let invited = invite_administrator(&operator, &organisation, false).await?;
        let alice = accept(&bare(&world, "alice")?, &invited.secret).await?;
        let admin = session(&world, "alice", "").await?;
        Ok(Self { world, operator, organisation, admin, alice })
    }

    /// Invites somebody, who accepts at once.
    async fn join(&self, subject: &str, roles: &[Role]) -> Result<Member> {
        let invited = invite(&self.admin, &self.organisation, roles).await?;
        Ok(accept(&bare(&self.world, subject)?, &invited.secret).await?)
    }

    async fn practitioner(&self, number: u32) -> Result<String> {
        let registration = Identifier { system: "urn:relais:lu:college-medical".into(), value: format!("M-{number}") };
        let (display_name, registration) = (format!("Dr {number}"), Some(registration));
        let practitioner = Some(Practitioner { display_name, registration, ..Practitioner::default() });
        let request =
            CreatePractitionerRequest { parent: self.organisation.clone(), practitioner, request_id: request_id() };
        let answer = self.admin.network().create_practitioner(request).await?.into_inner();
        Ok(answer.practitioner.context("no practitioner")?.name)
    }
}

/// Somebody of whom the issuer says nothing but who it is.
fn bare(world: &World<Service>, subject: &str) -> Result<Session> {
    world.session(&Identity::bare(subject))
}

async fn invite_administrator(
    operator: &Session,
    parent: &str,
    again: bool,
) -> Result<InviteAdministratorResponse, Status> {
    let (parent, display_name) = (parent.into(), "Alice".into());
    let request = InviteAdministratorRequest { parent, display_name, again, request_id: request_id() };
    operator.members().invite_administrator(request).await.map(tonic::Response::into_inner)
}

fn invitation(parent: &str, roles: &[Role]) -> InviteMemberRequest {
    let roles = roles.iter().map(|role| (*role).into()).collect();
    let member = Some(Member { display_name: "Somebody".into(), roles, ..Member::default() });
    InviteMemberRequest { parent: parent.into(), member, request_id: request_id() }
}

async fn invite(admin: &Session, parent: &str, roles: &[Role]) -> Result<InviteMemberResponse, Status> {
    admin.members().invite_member(invitation(parent, roles)).await.map(tonic::Response::into_inner)
}

async fn accept(person: &Session, secret: &str) -> Result<Member, Status> {
    let request = AcceptInvitationRequest { secret: secret.into(), request_id: request_id() };
    let answer = person.members().accept_invitation(request).await?.into_inner();
    Ok(answer.member.unwrap_or_default())
}

async fn start(person: &Session, organisation: &str) -> Result<StartSessionResponse, Status> {
    let request = StartSessionRequest { organisation: organisation.into() };
    person.members().start_session(request).await.map(tonic::Response::into_inner)
}

/// A session of a member.
async fn session(world: &World<Service>, subject: &str, organisation: &str) -> Result<Session> {
    world.session_with(&start(&bare(world, subject)?, organisation).await?.access_token)
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}
