//! Who may call what, on whose data: one table per service.
//!
//! The access layer asks the table for roles before every handler, stores ask it whose rows an RPC shows, use cases who may
//! act, and `SERVICE rules` prints it. So there is one place to read and one to change.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Caller, Role, caller::Purpose};
use crate::parties::{Capacity, Content, content};

/// Whose data an RPC shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The directory: the same for every caller.
    Everybody,
    /// What belongs to the organisation the caller acts for.
    Own,
    /// What the caller is and may become: the person whom the token names, in whatever organisation.
    Person,
    /// Conventions: their parties'; all of them for network and operator.
    Agreement,
    /// Figures of conventions: to whoever sees them, and in steps to who knows none of the patients.
    Figures,
    /// Referrals and what hangs on them: those that the caller's organisation is a party of, in one of these capacities.
    Parties(&'static [Capacity]),
    /// What a partner link opens: one referral, for one purpose.
    Link,
    /// Any referral, for a stated reason and a limited time: breaking the glass.
    Glass,
    /// Any referral, for a service that asks for itself.
    Service,
    /// The installation itself: no person's data.
    Installation,
}

/// Who may call an RPC.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Everybody, without a token; what is sent as one is not looked at.
    pub open: bool,
    /// Only a service that acts for such a caller; never the caller's own token.
    pub acting: bool,
    /// Whoever has one of these; everybody with a valid token when there is none, but partners: a link opens what names them.
    pub roles: &'static [Role],
    /// Whose data is shown; all else is absent.
    pub sight: Sight,
    /// Of the parties that see it, who may act; all of them when there is none.
    pub acts: &'static [Capacity],
    /// What a partner's link must be for to open it; no link does when there is none.
    pub purposes: &'static [Purpose],
}

impl Rule {
    /// For everybody, without a token.
    pub const fn open(sight: Sight) -> Self {
        Self { open: true, ..Self::roles(&[], sight) }
    }

    /// For everybody with a valid token, but partners.
    pub const fn everybody(sight: Sight) -> Self {
        Self::roles(&[], sight)
    }

    /// For whoever has one of these roles.
    pub const fn roles(roles: &'static [Role], sight: Sight) -> Self {
        Self { open: false, acting: false, roles, sight, acts: &[], purposes: &[] }
    }

    /// Only through a service that acts for such a caller.
    #[must_use]
    pub const fn through_service(self) -> Self {
        Self { acting: true, ..self }
    }

    /// Only parties of these capacities act; the others that see it are refused.
    #[must_use]
    pub const fn acts(self, acts: &'static [Capacity]) -> Self {
        Self { acts, ..self }
    }

    /// Partners call it as well, by links for one of these purposes.
    #[must_use]
    pub const fn links(self, purposes: &'static [Purpose]) -> Self {
        Self { purposes, ..self }
    }

    /// Whether the caller's roles, what a link is for, and who acts for the caller, allow the call.
    pub fn admits(&self, caller: &Caller) -> bool {
        if self.acting && caller.actor.is_none() {
            return false;
        }
        match &caller.grant {
            _ if self.open => true,
            Some(grant) => self.purposes.contains(&grant.purpose) && caller.has_any(self.roles),
            None => self.roles.is_empty() || caller.has_any(self.roles),
        }
    }

    /// Whether a party of these capacities may act.
    pub fn lets_act(&self, capacities: &[Capacity]) -> bool {
        self.acts.is_empty() || self.acts.iter().any(|capacity| capacities.contains(capacity))
    }
}

/// The table: an RPC's path and its rule.
pub type Rules = &'static [(&'static str, Rule)];

/// Fields that are not administrative, by the full name of message or field. Who sees them, [`content`] says.
pub type Fields = &'static [(&'static str, Content)];

/// The RPCs of `methods` (paths, as in the descriptors) that `rules` has no row for.
pub fn missing(rules: Rules, methods: &[String]) -> Vec<String> {
    methods.iter().filter(|method| !rules.iter().any(|(path, _)| path == *method)).cloned().collect()
}

/// The table for people, in Markdown.
pub fn markdown(service: &str, rules: &[(&'static str, Rule)], fields: Fields) -> String {
    let mut page = format!("## {service}\n");
    let mut last = "";
    for (path, rule) in rules {
        let (of, rpc) = path.trim_start_matches('/').split_once('/').unwrap_or(("", path));
        if of != last {
            // Writing to a String cannot fail.
            let _ = write!(page, "\n### {of}\n\n| RPC | roles | whose data | who may act |\n|---|---|---|---|\n");
            last = of;
        }
        let everybody = if rule.open { "everybody, without a token" } else { "every token" };
        let roles = either(rule.roles.iter().map(|role| role.as_str()), everybody);
        let purposes: Vec<_> = rule.purposes.iter().map(|purpose| purpose.as_str()).collect();
        let roles = if purposes.is_empty() { roles } else { format!("{roles} (links for: {})", purposes.join(", ")) };
        let roles = if rule.acting { format!("a service acting for: {roles}") } else { roles };
        let acts = either(rule.acts.iter().map(|capacity| capacity.as_str()), "whoever sees it");
        let _ = writeln!(page, "| {rpc} | {roles} | {} | {acts} |", rule.sight.words());
    }
    if !fields.is_empty() {
        page.push_str("\n| message or field | content |\n|---|---|\n");
        for (field, kind) in fields {
            let _ = writeln!(page, "| {field} | {} |", kind.as_str());
        }
        let _ = write!(page, "\n{}", content::markdown());
    }
    page
}

/// The table for programs.
pub fn value(rules: &[(&'static str, Rule)]) -> Value {
    let row = |(path, rule): &(&'static str, Rule)| {
        let roles: Vec<_> = rule.roles.iter().map(|role| role.as_str()).collect();
        let acts: Vec<_> = rule.acts.iter().map(|capacity| capacity.as_str()).collect();
        let links: Vec<_> = rule.purposes.iter().map(|purpose| purpose.as_str()).collect();
        json!({"rpc": path, "open": rule.open, "acting": rule.acting, "roles": roles, "sight": rule.sight.words(),
               "acts": acts, "links": links})
    };
    rules.iter().map(row).collect()
}

fn either<'a>(words: impl Iterator<Item = &'a str>, none: &'a str) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() { none.into() } else { words.join(", ") }
}

impl Sight {
    fn words(self) -> String {
        match self {
            Self::Everybody => "the directory".into(),
            Self::Own => "the own organisation's".into(),
            Self::Person => "the caller's own memberships".into(),
            Self::Agreement => "parties of the convention; network and operator: all".into(),
            Self::Figures => {
                "parties of the convention; network and operator: all. Funders and network: counts of people in steps"
                    .into()
            }
            Self::Parties(seen) => format!("parties: {}", either(seen.iter().map(|capacity| capacity.as_str()), "")),
            Self::Link => "what the link opens".into(),
            Self::Glass => "any referral, for a stated reason and a limited time".into(),
            Self::Service => "any referral's, for a service by itself".into(),
            Self::Installation => "none of any person".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calls::caller::Grant,
        ids::{PartnerLinkId, ReferralId},
    };

    const RULE: Rule = Rule::roles(&[Role::Desk], Sight::Parties(&Capacity::ALL)).acts(&[Capacity::Referrer]);

    #[test]
    fn a_rule_is_kept_and_printed() {
        let with = |roles: &[Role]| Caller { roles: roles.into(), ..Caller::nobody() };
        assert!(RULE.admits(&with(&[Role::Admin, Role::Desk])));
        assert!(!RULE.admits(&with(&[Role::Funder])) && !RULE.admits(&with(&[])));
        assert!(RULE.lets_act(&[Capacity::Referrer]) && !RULE.lets_act(&[Capacity::Provider]) && !RULE.lets_act(&[]));
        let page = markdown("referral", &[("/a.B/C", RULE)], &[("a.D.e", Content::Clinical)]);
        assert!(page.contains("| C | desk | parties: referrer, provider, coordinator | referrer |"), "{page}");
        assert!(page.contains("| a.D.e | clinical |"), "{page}");
    }

    #[test]
    fn what_is_for_services_admits_no_token_of_the_caller() {
        let rule = Rule::roles(&[Role::Operator], Sight::Installation).through_service();
        let operator = Caller { roles: vec![Role::Operator], ..Caller::nobody() };
        let acting = |caller: &Caller| Caller { actor: Some("scheduling".into()), ..caller.clone() };
        assert!(!rule.admits(&operator) && rule.admits(&acting(&operator)));
        assert!(!rule.admits(&acting(&Caller { roles: vec![Role::Desk], ..operator })), "its caller's rights count");
        let page = markdown("referral", &[("/a.B/C", rule)], &[]);
        assert!(page.contains("| C | a service acting for: operator | none of any person |"), "{page}");
    }

    #[test]
    fn a_link_opens_what_its_purpose_names() {
        let rule = Rule::roles(&[Role::Desk, Role::Partner], Sight::Link).links(&[Purpose::FollowUp]);
        let visitor = |purpose| {
            let grant = Grant { link: PartnerLinkId::draw(), referral: ReferralId::draw(), purpose };
            Caller { roles: vec![Role::Partner], grant: Some(grant), ..Caller::nobody() }
        };
        assert!(rule.admits(&visitor(Purpose::FollowUp)));
        assert!(!rule.admits(&visitor(Purpose::Appointment)) && !rule.admits(&visitor(Purpose::Result)));
        let unnamed = Rule { purposes: &[], ..rule };
        assert!(!unnamed.admits(&visitor(Purpose::FollowUp)), "the role alone opens nothing");
        assert!(rule.admits(&Caller { roles: vec![Role::Desk], ..Caller::nobody() }));
        let page = markdown("referral", &[("/a.B/C", rule)], &[]);
        assert!(page.contains("| C | desk, partner (links for: follow-up) |"), "{page}");
    }

    #[test]
    fn an_rpc_without_a_row_is_named() {
        assert_eq!(missing(&[("/a.B/C", RULE)], &["/a.B/C".into(), "/a.B/D".into()]), ["/a.B/D"]);
    }
}
