//! The directory's tables.

mod leave;
mod member;
mod organisation;
mod practitioner;
mod site;
mod unit;

pub use leave::{find_leave, find_substitute, insert_leave, leaves_on, list_leaves, save_leave, set_substitute};
pub use member::{
    count_other_admins, find_admin, find_invited_by, get_member, get_member_version, insert_member, list_members,
    lock_administration, lock_first_administrator, memberships, open_invitation, save_member,
};
pub use organisation::{get_organisation, insert_organisation, list_organisations};
pub use practitioner::{find_practitioner, insert_practitioner, list_practitioners};
pub use site::{find_site, insert_site, list_sites};
pub use unit::{find_unit, insert_unit, list_units};

use relais_platform::{
    Error,
    error::{Kind, broken_constraint},
    ids::OrganisationId,
};

/// What stands under an organisation needs the organisation.
fn needs_organisation(organisation: OrganisationId, error: sqlx::Error) -> Error {
    match broken_constraint(&error) {
        Some(name) if name.ends_with("_organisation_id_fkey") => Error::not_found(organisation),
        Some(name) if name.contains("registration") => taken("this registration is entered already"),
        _ => error.into(),
    }
}

fn taken(message: &str) -> Error {
    Error::new(Kind::AlreadyExists, "ALREADY_EXISTS", message)
}
