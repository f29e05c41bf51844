//! The terms of a convention. They never change: another agreement is another version.

use std::collections::HashSet;

use chrono::NaiveDate;
use relais_platform::{
    error::Violation,
    ids::{Child, OrganisationId, SiteId},
    text_enum,
};
use serde::{Deserialize, Serialize};

use super::{Conditions, Line};

text_enum! {
    /// What a party does.
    pub enum Role {
        /// Sends patients.
        Referrer = "referrer",
        /// Sees patients.
        Provider = "provider",
        /// Pays.
        Funder = "funder",
        /// Watches over the convention.
        Coordinator = "coordinator",
    }
}

text_enum! {
    /// Who bears the cost of a service.
    pub enum Bearer {
        /// The funder pays the provider.
        Funder = "funder",
        /// The provider gives it.
        ProviderInKind = "provider-in-kind",
        /// A grant covers it.
        Grant = "grant",
        /// The patient pays.
        Patient = "patient",
    }
}

/// An organisation that signed, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub organisation: OrganisationId,
    /// As what.
    pub role: Role,
}

/// A code with its system, as in FHIR Coding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coding {
    /// The system.
    pub system: String,
    /// The system's version; may be empty.
    pub version: String,
    /// The code.
    pub code: String,
    /// The text people read.
    pub display: String,
}

impl Coding {
    /// Whether both name the same concept.
    pub fn is_same(&self, system: &str, code: &str) -> bool {
        self.system == system && self.code == code
    }
}

/// A service given under the convention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTerm {
    /// What is given.
    pub code: Coding,
    /// Who bears the cost.
    pub bearer: Bearer,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Who takes part.
    pub parties: Vec<Party>,
    /// What is given.
    pub services: Vec<ServiceTerm>,
    /// What is counted.
    pub lines: Vec<Line>,
    /// The first day; it may lie before the signature.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
    /// The providers' sites where patients are received; none: all of them.
    pub sites: Vec<Child<SiteId>>,
    /// How a referral is admitted and goes on.
    pub conditions: Conditions,
    /// Whether the referrers send patients for these services under this chain alone.
    pub exclusive: bool,
}

impl Terms {
    /// What keeps these terms from being an agreement: all of it.
    pub fn faults(&self) -> Vec<Violation> {
        let mut faults = Vec::new();
        let mut ensure = |field: &str, holds: bool, rule: &str| {
            if !holds {
                faults.push(Violation::new(format!("convention.terms.{field}"), rule));
            }
        };
        ensure("parties", self.has_role(Role::Referrer), "must hold a referrer");
        ensure("parties", self.has_role(Role::Provider), "must hold a provider");
        ensure("parties", distinct(&self.parties), "must not name an organisation twice in one role");
        ensure("services", !self.services.is_empty(), "must hold a service");
        let codes: Vec<_> = self.services.iter().map(|s| (&s.code.system, &s.code.code)).collect();
        ensure("services", distinct(&codes), "must not hold a code twice");
        ensure("lines", !self.lines.is_empty(), "must hold a line");
        let lines: Vec<_> = self.lines.iter().map(|line| &line.line_id).collect();
        ensure("lines", distinct(&lines), "must not use a line_id twice");
        for (at, line) in self.lines.iter().enumerate() {
            line.faults(&mut |field: &str, holds, rule: &str| ensure(&format!("lines[{at}].{field}"), holds, rule));
        }
        ensure("end_date", self.start_date <= self.end_date, "must not lie before start_date");
        let provides = |site: &Child<SiteId>| self.is_party(site.organisation, Role::Provider);
        for (at, site) in self.sites.iter().enumerate() {
            ensure(&format!("sites[{at}]"), provides(site), "must be a site of one of the providers");
        }
        ensure("sites", distinct(&self.sites), "must not name a site twice");
        let refers = |organisation| self.is_party(organisation, Role::Referrer);
        self.conditions.faults(refers, &mut ensure);
        faults
    }

    /// Who bears the cost of a service, and who pays where somebody else does: the first funder of the terms. Of a service that is none of
    /// theirs, the provider gives it.
    pub fn who_pays(&self, system: &str, code: &str) -> (Bearer, Option<OrganisationId>) {
        let given = self.services.iter().find(|service| service.code.is_same(system, code));
        let bearer = given.map_or(Bearer::ProviderInKind, |service| service.bearer);
        let funder = self.parties.iter().find(|party| party.role == Role::Funder).map(|party| party.organisation);
        (bearer, funder.filter(|_| matches!(bearer, Bearer::Funder | Bearer::Grant)))
    }

    /// Whether `organisation` takes part in this role.
    pub fn is_party(&self, organisation: OrganisationId, role: Role) -> bool {
        self.parties.contains(&Party { organisation, role })
    }

    fn has_role(&self, role: Role) -> bool {
        self.parties.iter().any(|party| party.role == role)
    }
}

pub(super) fn distinct<T: std::hash::Hash + Eq>(values: &[T]) -> bool {
    values.iter().collect::<HashSet<_>>().len() == values.len()
}
