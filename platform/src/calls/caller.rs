//! The caller: issuer and subject, one organisation, one unit, roles.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    ids::{Child, OrganisationId, UnitId},
};

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Coordinates referrals of an organisation.
    Coordinator,
    /// Works at an administrative or social desk.
    Desk,
    /// A health professional who treats.
    Clinician,
    /// A named contact for social alerts.
    Referent,
    /// A professional who tours sites.
    Visiting,
    /// Sees pseudonymous figures.
    Researcher,
    /// Pays, and sees figures.
    Funder,
    /// A national head: the directory and figures.
    Network,
    /// Runs the installation.
    Operator,
    /// Administers an organisation.
    Admin,
    /// Another service, on behalf of a caller.
    Service,
    /// A signed link of one referral.
    Partner,
}

/// Who calls, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who issued the token.
    pub issuer: String,
    /// The person or program within the issuer.
    pub subject: String,
    /// The organisation the caller acts for.
    pub organisation: Option<OrganisationId>,
    /// The unit the caller acts for.
    pub unit: Option<UnitId>,
    /// What the caller may be.
    pub roles: Vec<Role>,
}

impl Caller {
    /// Whether the caller has one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// The caller's key in idempotency and audit: issuer and subject.
    pub fn key(&self) -> String {
        format!("{}|{}", self.issuer, self.subject)
    }

    /// The organisation the caller acts for.
    ///
    /// # Errors
    /// PERMISSION_DENIED when the token names none.
    pub fn acting_organisation(&self) -> Result<OrganisationId> {
        self.organisation.ok_or_else(|| Error::denied("the token names no organisation to act for"))
    }

    /// The full name of the caller's unit, when the token names one.
    pub fn unit_name(&self) -> Option<String> {
        let (organisation, unit) = self.organisation.zip(self.unit)?;
        Some(Child::new(organisation, unit).to_string())
    }
}

/// One call: who makes it, and of which RPC.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// The RPC's path, `/relais.referral.v1.ReferralService/GetReferral`.
    pub rpc: &'static str,
}
