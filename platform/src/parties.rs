//! Who is a party of a referral, as each service keeps its copy.
//!
//! Visibility is one list, `referral_party(referral, organisation, unit, capacity)`. The referral service owns it; its events
//! carry it whole, and each service takes it over.

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

text_enum! {
    /// What kind of content a field holds.
    pub enum Content {
        /// That and when: numbers, days, places, states.
        Administrative = "administrative",
        /// How the person lives.
        Social = "social",
        /// What the person has, is asked for or gets.
        Clinical = "clinical",
    }
}

impl Capacity {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Referrer, Self::Provider, Self::Coordinator];

    /// What a party of this capacity sees.
    pub const fn contents(self) -> &'static [Content] {
        match self {
            Self::Referrer | Self::Provider => &[Content::Administrative, Content::Social, Content::Clinical],
            Self::Coordinator => &[Content::Administrative],
        }
    }

    /// Whether one of these capacities sees such a content.
    pub fn see(capacities: &[Self], content: Content) -> bool {
        capacities.iter().any(|capacity| capacity.contents().contains(&content))
    }
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
        })
    }

    /// As what the caller takes part.
    pub fn capacities(&self, parties: &[Party]) -> Vec<Capacity> {
        let (organisation, unit) = (OrganisationId(self.organisation), self.unit.map(UnitId));
        parties.iter().filter(|party| party.is(organisation, unit)).map(|party| party.capacity).collect()
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
