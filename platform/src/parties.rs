//! Who is a party of a referral, as each service keeps its copy.
//!
//! Visibility is one list, `referral_party(referral, organisation, unit, capacity)`. The referral service owns it; its events
//! carry it whole, and each service takes it over. What a caller sees of a referral is what both open: the capacity of the
//! organisation, and the roles of the caller ([`content`]).

pub mod content;

pub use content::Content;
use relais_proto::events::v1;
use uuid::Uuid;

use crate::{
    calls::{Call, Check, Sight},
    error::{Error, Result},
    ids::{Child, OrganisationId, UnitId},
    text_enum,
};

text_enum! {
    /// As what an organisation takes part.
    pub enum Capacity {
        /// Sent the patient.
        Referrer = "referrer",
        /// Sees the patient.
        Provider = "provider",
        /// Watches over the convention; no clinical content.
        Coordinator = "coordinator",
    }
}

impl Capacity {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Referrer, Self::Provider, Self::Coordinator];
}

/// Who is a party, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Party {
    /// Who.
    pub organisation: OrganisationId,
    /// Which unit; none when the whole organisation is.
    pub unit: Option<UnitId>,
    /// As what.
    pub capacity: Capacity,
}

/// Parties as arrays for one statement.
#[derive(Debug, Default)]
pub struct Columns {
    /// Organisations.
    pub organisations: Vec<Uuid>,
    /// Units.
    pub units: Vec<Option<Uuid>>,
    /// Capacities.
    pub capacities: Vec<String>,
}

impl Party {
    /// Whether somebody of this organisation, bound to this unit or to none, is this party.
    pub fn is(&self, organisation: OrganisationId, unit: Option<UnitId>) -> bool {
        self.organisation == organisation && (unit.is_none() || self.unit.is_none() || self.unit == unit)
    }

    /// The list as arrays.
    pub fn columns(parties: &[Self]) -> Columns {
        let mut columns = Columns::default();
        for party in parties {
            columns.organisations.push(party.organisation.0);
            columns.units.push(party.unit.map(|unit| unit.0));
            columns.capacities.push(party.capacity.as_str().into());
        }
        columns
    }
}

/// The list of an event; what cannot be read is noted in `check`.
pub fn of_event(check: &mut Check, parties: &[v1::Party]) -> Vec<Party> {
    check.ensure("parties", !parties.is_empty(), "must not be empty");
    parties.iter().map(|told| party(check, told)).collect()
}

fn party(check: &mut Check, told: &v1::Party) -> Party {
    use v1::party::Capacity as Told;
    let capacity = match check.choice("parties.capacity", told.capacity) {
        Told::Provider => Capacity::Provider,
        Told::Coordinator => Capacity::Coordinator,
        // Unspecified has been noted by the check.
        Told::Referrer | Told::Unspecified => Capacity::Referrer,
    };
    let unit: Option<Child<UnitId>> = check.optional_child("parties.unit", &told.unit);
    let organisation = check.name("parties.organisation", &told.organisation);
    Party { organisation, unit: unit.map(|unit| unit.id), capacity }
}

/// Whose referrals a caller may see: those of the organisation, in the capacities that the RPC's rule names, and of its units
/// only the own one's when the token names one.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The organisation.
    pub organisation: Uuid,
    /// The unit the caller is bound to.
    pub unit: Option<Uuid>,
    /// As what the organisation must be a party.
    pub capacities: Vec<String>,
    /// What the caller's roles open, of whatever the capacities do.
    pub contents: Vec<Content>,
}

impl Scope {
    /// Of a call.
    ///
    /// # Errors
    /// PERMISSION_DENIED when the token names no organisation.
    pub fn of(call: &Call) -> Result<Self> {
        let capacities = match call.rule.sight {
            Sight::Parties(seen) => seen,
            // Where no rule speaks of parties, whoever is one sees.
            _ => &Capacity::ALL,
        };
        Ok(Self {
            organisation: call.caller.acting_organisation()?.0,
            unit: call.caller.unit.map(|unit| unit.0),
            capacities: capacities.iter().map(|capacity| capacity.as_str().into()).collect(),
            contents: content::of_roles(&call.caller.roles),
        })
    }

    /// As what the caller takes part.
    pub fn capacities(&self, parties: &[Party]) -> Vec<Capacity> {
        let (organisation, unit) = (OrganisationId(self.organisation), self.unit.map(UnitId));
        parties.iter().filter(|party| party.is(organisation, unit)).map(|party| party.capacity).collect()
    }

    /// What the caller sees of it: what one of the capacities opens and one of the roles does, too.
    pub fn contents(&self, parties: &[Party]) -> Vec<Content> {
        let capacities = self.capacities(parties);
        let open = |content: &Content| capacities.iter().any(|capacity| capacity.contents().contains(content));
        self.contents.iter().copied().filter(open).collect()
    }
}

/// Lets the caller act on what it sees, as the RPC's rule says.
///
/// # Errors
/// PERMISSION_DENIED for a party of another capacity.
pub fn ensure_acts(call: &Call, parties: &[Party]) -> Result<()> {
    if call.rule.lets_act(&Scope::of(call)?.capacities(parties)) {
        return Ok(());
    }
    let who: Vec<_> = call.rule.acts.iter().map(|capacity| capacity.as_str()).collect();
    Err(Error::denied(format!("only the {} may do this", who.join(" or the "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{Caller, Role, Rule};

    fn contents(role: Role, capacity: Capacity) -> Result<Vec<Content>> {
        let organisation = OrganisationId::draw();
        let caller = Caller { organisation: Some(organisation), roles: vec![role], ..Caller::default() };
        let rule = Rule::roles(&[], Sight::Parties(&Capacity::ALL));
        let call = Call { caller, rule, ..Call::typed("/r") };
        Ok(Scope::of(&call)?.contents(&[Party { organisation, unit: None, capacity }]))
    }

    #[test]
    fn a_caller_sees_what_capacity_and_role_both_open() -> Result<()> {
        use Content::{Administrative, Clinical, Service, Social};
        assert_eq!(contents(Role::Clinician, Capacity::Provider)?, [Administrative, Service, Social, Clinical]);
        assert_eq!(contents(Role::Desk, Capacity::Provider)?, [Administrative, Service, Social]);
        assert_eq!(contents(Role::Clinician, Capacity::Coordinator)?, [Administrative]);
        assert_eq!(contents(Role::Partner, Capacity::Referrer)?, [Administrative]);
        assert_eq!(contents(Role::Operator, Capacity::Referrer)?, []);
        Ok(())
    }
}
