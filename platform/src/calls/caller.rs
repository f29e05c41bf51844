//! The caller: issuer and subject, one organisation, one unit, roles.

use chrono::{DateTime, Utc};

use crate::{
    error::{Error, Result},
    ids::{Child, OrganisationId, PractitionerId, UnitId},
    text_enum,
};

text_enum! {
    /// What a caller may be.
    pub enum Role {
        /// Coordinates referrals of an organisation.
        Coordinator = "coordinator",
        /// Works at an administrative or social desk.
        Desk = "desk",
        /// A health professional who treats.
        Clinician = "clinician",
        /// A named contact for social alerts.
        Referent = "referent",
        /// A professional who tours sites.
        Visiting = "visiting",
        /// Sees pseudonymous figures.
        Researcher = "researcher",
        /// Pays, and sees figures.
        Funder = "funder",
        /// A national head: the directory and figures.
        Network = "network",
        /// Runs the installation.
        Operator = "operator",
        /// Administers an organisation.
        Admin = "admin",
        /// Another service, on behalf of a caller.
        Service = "service",
        /// A signed link of one referral.
        Partner = "partner",
    }
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
    /// The caller's entry in the register of practitioners.
    pub practitioner: Option<Child<PractitionerId>>,
    /// The service that acts on behalf of the caller.
    pub actor: Option<String>,
    /// When the token ends, and with it every stream opened by it.
    pub expires_at: DateTime<Utc>,
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
    /// The call's span.
    pub span: tracing::Span,
}
