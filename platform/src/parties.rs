//! Who is a party of a referral, as each service keeps its copy.
//!
//! Visibility is one list, `referral_party(referral, organisation, unit, capacity)`. The referral service owns it; its events
//! carry it whole, and each service takes it over.

use relais_proto::events::v1;
use uuid::Uuid;

use crate::{
    calls::{Caller, Check},
    error::Result,
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

/// Whose referrals a caller may see: those of the organisation, and of its units only the own one's when the token names one.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The organisation.
    pub organisation: Uuid,
    /// The unit the caller is bound to.
    pub unit: Option<Uuid>,
}

impl Scope {
    /// Of a caller.
    ///
    /// # Errors
    /// PERMISSION_DENIED when the token names no organisation.
    pub fn of(caller: &Caller) -> Result<Self> {
        Ok(Self { organisation: caller.acting_organisation()?.0, unit: caller.unit.map(|unit| unit.0) })
    }
}
