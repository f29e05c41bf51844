//! Which kinds of content a capacity opens, and which a role: one table for both. A caller sees what both open.
//!
//! A desk does its work by the step and the service that is asked for, and never sees what somebody has: results are for
//! those who treat.

use std::fmt::Write as _;

use super::Capacity;
use crate::{calls::Role, text_enum};

text_enum! {
    /// What kind of content a field holds.
    pub enum Content {
        /// That and when: numbers, days, places, states.
        Administrative = "administrative",
        /// Which service is asked for, as the convention names it: what the desks of those who send and receive work by.
        Service = "service",
        /// How the person lives.
        Social = "social",
        /// What the person has or gets: orders, analyses, reports.
        Clinical = "clinical",
    }
}

use Content::{Administrative, Clinical, Service, Social};

impl Content {
    /// Every one.
    pub const ALL: [Self; 4] = [Administrative, Service, Social, Clinical];
}

impl Capacity {
    /// What a party of this capacity sees.
    pub const fn contents(self) -> &'static [Content] {
        match self {
            Self::Referrer | Self::Provider => &Content::ALL,
            Self::Coordinator => &[Administrative],
        }
    }
}

impl Role {
    /// What somebody of this role sees, where the capacity of the organisation opens it.
    pub const fn contents(self) -> &'static [Content] {
        match self {
            // Health professionals.
            Self::Clinician | Self::Visiting => &Content::ALL,
            Self::Coordinator | Self::Desk => &[Administrative, Service, Social],
            Self::Referent => &[Administrative, Social],
            Self::Admin | Self::Partner => &[Administrative],
            // They get figures, or run the installation; a service sees what the caller does for whom it asks.
            Self::Researcher | Self::Funder | Self::Network | Self::Operator | Self::Service => &[],
        }
    }
}

/// What one of these roles opens.
pub fn of_roles(roles: &[Role]) -> Vec<Content> {
    let open = |content: &Content| roles.iter().any(|role| role.contents().contains(content));
    Content::ALL.into_iter().filter(open).collect()
}

/// The table for people, in Markdown.
pub fn markdown() -> String {
    let heads: Vec<_> = Content::ALL.iter().map(|content| content.as_str()).collect();
    let mut page = format!("| who | {} |\n|---|---|---|---|---|\n", heads.join(" | "));
    let capacities = Capacity::ALL.map(|capacity| (format!("a party as {}", capacity.as_str()), capacity.contents()));
    let roles = Role::ALL.map(|role| (format!("the role {}", role.as_str()), role.contents()));
    for (who, contents) in capacities.into_iter().chain(roles) {
        let cells = Content::ALL.map(|content| if contents.contains(&content) { "yes" } else { "no" });
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {who} | {} |", cells.join(" | "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_clinical_for_whoever_does_not_treat() {
        for role in Role::ALL {
            let treats = matches!(role, Role::Clinician | Role::Visiting);
            assert_eq!(of_roles(&[role]).contains(&Clinical), treats, "{role:?}");
        }
        assert_eq!(of_roles(&[Role::Referent, Role::Desk]), [Administrative, Service, Social]);
        assert_eq!(of_roles(&[]), []);
    }

    #[test]
    fn the_table_is_printed() {
        let page = markdown();
        assert!(page.contains("| a party as coordinator | yes | no | no | no |"), "{page}");
        assert!(page.contains("| the role desk | yes | yes | yes | no |"), "{page}");
    }
}
