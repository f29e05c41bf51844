//! Invites a person into an organisation.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{Child, OrganisationId},
};

use super::{Invitation, ensure_own};
use crate::{
    domain::network::{Member, Position, Secret},
    store::network,
};

/// Invites somebody into the caller's organisation.
#[derive(Debug, Clone)]
pub struct InviteMember {
    /// The organisation.
    pub organisation: OrganisationId,
    /// As what.
    pub position: Position,
    /// What opens the invitation.
    pub invitation: Invitation,
}

/// Somebody who was invited.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who.
    pub member: Member,
    /// What opens the invitation: told once.
    pub secret: Option<Secret>,
}

impl UseCase for InviteMember {
    type Outcome = Invited;
    const NAME: &'static str = "invite_member";

    fn asks(&self) -> Subject {
        Subject::of(self.organisation)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Invited> {
        ensure_own(unit.caller()?, self.organisation)?;
        invite(unit, self.organisation, self.position.clone(), &self.invitation).await
    }
}

/// Keeps an invitation.
pub(super) async fn invite(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    position: Position,
    invitation: &Invitation,
) -> Result<Invited> {
    let name = Child::new(organisation, invitation.secret.id);
    let member = Member::invite(name, position, unit.now());
    network::insert_member(unit, &member, &invitation.hash).await?;
    unit.audit(member.name);
    Ok(Invited { member, secret: Some(invitation.secret.clone()) })
}
