//! The directory's tables.

mod contact;
mod leave;
mod member;
mod organisation;
mod practitioner;
mod registration;
mod site;
mod unit;

pub use contact::{find_contact, get_contact_at, insert_contact};
pub use leave::{find_leave, find_substitute, insert_leave, leaves_on, list_leaves, save_leave, set_substitute};
pub use member::{
    count_other_admins, find_admin, find_invited_by, get_member, get_member_version, insert_member, list_members,
    lock_administration, lock_first_administrator, memberships, open_invitation, save_member,
};
pub use organisation::{get_organisation, insert_organisation, list_organisations};
pub use practitioner::{find_practitioner, insert_practitioner, list_practitioners};
pub use registration::{find_registration, insert_registration, list_registrations, save_registration};
pub use site::{
    find_site, find_site_at, find_zone, has_other_site, insert_site, list_all_sites, list_sites, save_site,
};
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
        Some("practitioner_registration_overlap") => taken("it overlaps another registration of this register"),
        Some(name) if name.contains("registration") => taken("this registration is entered already"),
        _ => error.into(),
    }
}

fn taken(message: &str) -> Error {
    Error::new(Kind::AlreadyExists, "ALREADY_EXISTS", message)
}
