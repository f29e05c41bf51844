//! Accepts an invitation, or counts a wrong secret.

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::{Unit, UseCase},
};
use uuid::Uuid;

use super::{Invitation, login};
use crate::{domain::network::Member, store::network};

/// Links the caller's issuer and subject to whoever was invited. A secret that does not fit is no error here: it is counted, and
/// that must be committed.
#[derive(Debug, Clone)]
pub struct AcceptInvitation(pub Invitation);

/// What the caller is now; none when the secret opened nothing.
#[derive(Debug, Clone)]
pub struct Accepted(pub Option<Member>);

impl UseCase for AcceptInvitation {
    type Outcome = Accepted;
    const NAME: &'static str = "accept_invitation";
    // Whoever calls acts for no organisation yet; the statement sees the one member whose secret was given.
    const SYSTEM: bool = true;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Accepted> {
        let (login, Invitation { secret, hash }) = (login(unit.caller()?)?, &self.0);
        let Some(invited) = network::open_invitation(unit, secret, hash).await? else {
            unit.audit_refused(Subject::of(secret.id), "INVITATION_REFUSED");
            return Ok(Accepted(None));
        };
        let member = invited.accepted(login, unit.now());
        network::save_member(unit, &member).await?;
        unit.audit(member.name);
        Ok(Accepted(Some(member)))
    }
}

impl Recall for Accepted {
    fn outcome(&self) -> Outcome {
        self.0.as_ref().map_or(Outcome { id: Uuid::nil(), version: 0 }, Member::outcome)
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        match outcome.id {
            id if id.is_nil() => Ok(Self(None)),
            _ => Member::recall(unit, outcome).await.map(|member| Self(Some(member))),
        }
    }
}
