//! Invites the first admin of an organisation that was brought in.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::OrganisationId,
};

use super::{Invitation, Invited, administrator, invite_member::invite};
use crate::{
    domain::network::{Change, Member},
    store::network,
};

/// Invites the first admin of an organisation. Whoever brings organisations in acts for none, so all rows are seen; only those of
/// this organisation are looked at.
#[derive(Debug, Clone)]
pub struct InviteAdministrator {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The person's name.
    pub display_name: String,
    /// Whether an open invitation is replaced.
    pub again: bool,
    /// What opens the invitation.
    pub invitation: Invitation,
}

impl UseCase for InviteAdministrator {
    type Outcome = Invited;
    const NAME: &'static str = "invite_administrator";
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        Subject::of(self.organisation)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Invited> {
        network::lock_administration(unit, self.organisation).await?;
        if let Some(admin) = network::find_admin(unit, Some(self.organisation)).await? {
            let open = admin.is_invited(unit.now());
            if admin.login.is_some() {
                return Err(refused("ADMINISTERED", "the organisation has an admin, who invites others"));
            }
            if open && !self.again {
                let rule = "an admin was invited and has not accepted yet: `again` replaces the invitation";
                return Err(refused("INVITATION_OPEN", rule));
            }
            withdraw(unit, &admin).await?;
        }
        invite(unit, self.organisation, administrator(&self.display_name), &self.invitation).await
    }
}

/// Takes an invitation back that another replaces.
pub(super) async fn withdraw(unit: &mut Unit<'_>, invited: &Member) -> Result<()> {
    let gone = invited.after(&Change::Remove, unit.now())?;
    network::save_member(unit, &gone).await?;
    unit.audit(gone.name);
    Ok(())
}

fn refused(reason: &'static str, rule: &str) -> Error {
    Error::refused(reason, vec![Violation::new("first-administrator", rule)])
}
