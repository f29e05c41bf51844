//! Invites the first administrator of an installation.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    error::Violation,
};

use super::{Invitation, Invited, administrator, invite_administrator::withdraw, invite_member::invite};
use crate::{
    app::network::CreateOrganisation,
    domain::network::{Member, Organisation},
    store::network,
};

/// Enters the first organisation and invites its admin, or replaces that invitation. Typed at the machine by whoever installs, so
/// all rows are seen.
#[derive(Debug, Clone)]
pub struct InviteFirst {
    /// The organisation to enter; none: the invitation that is open is replaced.
    pub create: Option<CreateOrganisation>,
    /// The person's name.
    pub display_name: String,
    /// What opens the invitation.
    pub invitation: Invitation,
}

impl UseCase for InviteFirst {
    type Outcome = (Organisation, Invited);
    const NAME: &'static str = "invite_first";
    const SYSTEM: bool = true;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<(Organisation, Invited)> {
        network::lock_first_administrator(unit).await?;
        if let Some(admin) = network::find_admin(unit, None).await?.filter(|admin| admin.login.is_some()) {
            let told = format!("this installation has an administrator already, of {}", admin.name.organisation);
            return Err(refused(told));
        }
        let actor = unit.caller()?.key();
        let invited = network::find_invited_by(unit, &actor).await?;
        let organisation = match (&self.create, invited) {
            (Some(_), Some(invited)) => return Err(refused(open(&invited))),
            (None, None) => return Err(refused("no invitation is open that could be replaced".into())),
            (Some(create), None) => create.run(unit).await?,
            (None, Some(invited)) => {
                withdraw(unit, &invited).await?;
                network::get_organisation(unit, invited.name.organisation).await?
            }
        };
        let invited = invite(unit, organisation.id, administrator(&self.display_name), &self.invitation).await?;
        Ok((organisation, invited))
    }
}

fn open(invited: &Member) -> String {
    let organisation = invited.name.organisation;
    format!(
        "the first administrator was invited into {organisation} and has not accepted: --again replaces an invitation that was lost"
    )
}

fn refused(rule: String) -> Error {
    Error::refused("FIRST_ADMINISTRATOR", vec![Violation::new("first-administrator", rule)])
}
