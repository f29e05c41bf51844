//! The caller: issuer and subject, one organisation, one unit, roles, the link to the register, and the service that acts for
//! them.

use std::{sync::Arc, time::Instant};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};

use super::{Rule, Sight};
use crate::{
    error::{Error, Result},
    ids::{Child, OrganisationId, PartnerLinkId, PractitionerId, ReferralId, UnitId},
    language::Language,
    parties::Capacity,
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

impl Role {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Coordinator,
        Self::Desk,
        Self::Clinician,
        Self::Referent,
        Self::Visiting,
        Self::Researcher,
        Self::Funder,
        Self::Network,
        Self::Operator,
        Self::Admin,
        Self::Service,
        Self::Partner,
    ];
}

text_enum! {
    /// What a partner link is for.
    pub enum Purpose {
        /// To see where a referral stands.
        FollowUp = "follow-up",
        /// To arrange the appointment.
        Appointment = "appointment",
        /// To deliver what was found.
        Result = "result",
    }
}

/// What a partner link opens: one referral, for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The link.
    pub link: PartnerLinkId,
    /// The referral.
    pub referral: ReferralId,
    /// What for.
    pub purpose: Purpose,
}

/// Who calls, as the token says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Who issued the token.
    pub issuer: String,
    /// The person or program within the issuer.
    pub subject: String,
    /// The organisation the caller acts for.
    pub organisation: Option<OrganisationId>,
    /// The unit the caller acts for.
    pub unit: Option<UnitId>,
    /// The entry of the register that is this person's, for a practitioner; of the same organisation.
    pub practitioner: Option<Child<PractitionerId>>,
    /// What the caller may be.
    pub roles: Vec<Role>,
    /// The service that acts for the caller, when one does: the caller's rights count.
    pub actor: Option<String>,
    /// What a partner's link opens; nobody else has one.
    pub grant: Option<Grant>,
    /// When the token ends, and with it every stream opened by it.
    pub expires_at: DateTime<Utc>,
}

impl Caller {
    /// Whether the caller has one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// The caller's key in the audit: issuer and subject, and before them the service that acts for the caller. No
    /// issuer begins as that does.
    pub fn key(&self) -> String {
        let actor = self.actor.as_ref().map(|actor| format!("{actor}>")).unwrap_or_default();
        format!("{actor}{}|{}", self.issuer, self.subject)
    }

    /// Whose a request's id and a page token are: the caller's key, in the organisation that the caller acts for. One person may act
    /// for several, and what was asked for one of them is no answer for another.
    pub fn scope(&self) -> String {
        let organisation = self.organisation.map(|organisation| format!("{organisation}|")).unwrap_or_default();
        format!("{organisation}{}", self.key())
    }

    /// A digest of [`Caller::key`], for events: by it a caller is known again who calls, and nobody is named.
    pub fn digest(&self) -> Vec<u8> {
        digest(&SHA256, self.key().as_bytes()).as_ref().to_vec()
    }

    /// Whoever calls what needs no token.
    pub fn nobody() -> Self {
        Self { issuer: "nobody".into(), ..Self::default() }
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
    /// The rule that let it in.
    pub rule: Rule,
    /// The whole table: what else the caller may call.
    pub rules: Arc<[(&'static str, Rule)]>,
    /// The call's span.
    pub span: tracing::Span,
    /// When an answer is of no use any more; whatever is asked of others for this call must end before.
    pub deadline: Option<Instant>,
    /// The language that the caller wishes to be answered in.
    pub language: Language,
}

impl Call {
    /// What somebody types at the machine itself: by the name of the command, without roles.
    pub fn typed(command: &'static str) -> Self {
        let caller = Caller { issuer: "command-line".into(), subject: command.into(), ..Caller::default() };
        let (rule, rules) = (Rule::everybody(Sight::Installation), Arc::new([]));
        let span = tracing::Span::current();
        Self { caller, rpc: command, rule, rules, span, deadline: None, language: Language::English }
    }

    /// Whether a link for this purpose opens anything of this service.
    pub fn is_offered(&self, purpose: Purpose) -> bool {
        self.rules.iter().any(|(_, rule)| rule.purposes.contains(&purpose))
    }

    /// Whether the caller, of an organisation that is a party in these capacities, may call another RPC of this service.
    pub fn may(&self, rpc: &str, capacities: &[Capacity]) -> bool {
        let row = self.rules.iter().find(|(path, _)| *path == rpc);
        row.is_some_and(|(_, rule)| rule.admits(&self.caller) && rule.lets_act(capacities))
    }
}
