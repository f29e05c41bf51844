//! Starts a session of a member.

use relais_platform::{
    Error, Result,
    audit::Subject,
    calls::Caller,
    database::{Unit, UseCase},
    error::Violation,
    ids::{Child, OrganisationId},
};

use super::login;
use crate::{domain::network::Member, store::network};

/// Says as whom the caller may act for an organisation now. A suspended member may not.
#[derive(Debug, Clone, Copy)]
pub struct StartSession {
    /// The organisation; none: the one that the caller is an active member of.
    pub organisation: Option<OrganisationId>,
}

/// A member who may act.
#[derive(Debug, Clone)]
pub struct Session {
    /// The member.
    pub member: Member,
    /// The person, with what the organisation says of the member, and nothing that the token said.
    pub caller: Caller,
}

impl UseCase for StartSession {
    type Outcome = Session;
    const NAME: &'static str = "start_session";
    // Whoever calls acts for no organisation yet; the statement sees the person's own memberships.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.organisation.map(Subject::of).unwrap_or_default()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Session> {
        let login = login(unit.caller()?)?;
        let mut found = network::memberships(unit, &login, self.organisation).await?;
        let member = found.pop().ok_or_else(|| Error::denied("you are no active member"))?;
        if !found.is_empty() {
            found.push(member);
            return Err(choose(&found));
        }
        unit.audit(member.name);
        let organisation = member.name.organisation;
        let caller = Caller {
            issuer: login.issuer,
            subject: login.subject,
            organisation: Some(organisation),
            unit: member.position.unit,
            practitioner: member.position.practitioner.map(|id| Child::new(organisation, id)),
            roles: member.position.roles.clone(),
            ..Caller::default()
        };
        Ok(Session { member, caller })
    }
}

fn choose(found: &[Member]) -> Error {
    let named = |member: &Member| {
        Violation::new(member.name.organisation.to_string(), "you are an active member: name it as `organisation`")
    };
    Error::refused("SEVERAL_MEMBERSHIPS", found.iter().map(named).collect())
}
