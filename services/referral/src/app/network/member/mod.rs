//! Use cases of members: who belongs to an organisation, and who may act for it now.

mod accept_invitation;
mod change_member;
mod get_member;
mod invite_administrator;
mod invite_first;
mod invite_member;
mod list_members;
mod recall;
mod start_session;

pub use accept_invitation::{AcceptInvitation, Accepted};
pub use change_member::ChangeMember;
pub use get_member::GetMember;
pub use invite_administrator::InviteAdministrator;
pub use invite_first::InviteFirst;
pub use invite_member::{InviteMember, Invited};
pub use list_members::ListMembers;
pub use start_session::{Session, StartSession};

use relais_platform::{
    Error, Result,
    calls::{Caller, Role},
    ids::OrganisationId,
};

use crate::domain::network::{Login, Position, Secret};

/// What opens an invitation, drawn before anything is stored, and what is kept of it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What is told, once.
    pub secret: Secret,
    /// What is kept.
    pub hash: Vec<u8>,
}

/// An admin of an organisation, and nothing more.
fn administrator(display_name: &str) -> Position {
    Position { display_name: display_name.into(), roles: vec![Role::Admin], unit: None, practitioner: None }
}

/// Admins have to do with their own organisation's members alone.
fn ensure_own(caller: &Caller, organisation: OrganisationId) -> Result<()> {
    if caller.organisation == Some(organisation) {
        Ok(())
    } else {
        Err(Error::denied("you administer another organisation"))
    }
}

/// Who the caller is, as the identity provider says: it knows people, and of organisations nothing.
fn login(caller: &Caller) -> Result<Login> {
    if caller.organisation.is_some() || caller.actor.is_some() || caller.has_any(&[Role::Service, Role::Partner]) {
        return Err(Error::denied("send the identity provider's own token: one that names no organisation"));
    }
    Ok(Login { issuer: caller.issuer.clone(), subject: caller.subject.clone() })
}
