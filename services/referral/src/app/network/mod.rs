//! Use cases of the directory.

mod add_registration;
mod create_organisation;
mod create_practitioner;
mod create_site;
mod create_unit;
mod end_registration;
mod get_organisation;
mod get_practitioner;
mod get_site;
mod get_unit;
pub mod leave;
mod list_organisations;
mod list_practitioners;
mod list_sites;
mod list_units;
mod local_day;
pub mod member;
mod recall;
mod set_contact;
mod snapshot_sites;
mod update_site;

pub use add_registration::AddRegistration;
pub use create_organisation::CreateOrganisation;
pub use create_practitioner::CreatePractitioner;
pub use create_site::CreateSite;
pub use create_unit::CreateUnit;
pub use end_registration::EndRegistration;
pub use get_organisation::GetOrganisation;
pub use get_practitioner::GetPractitioner;
pub use get_site::GetSite;
pub use get_unit::GetUnit;
pub use leave::{WhoActs, acting_on};
pub use list_organisations::ListOrganisations;
pub use list_practitioners::ListPractitioners;
pub use list_sites::ListSites;
pub use list_units::ListUnits;
pub use local_day::{local_day, local_day_at};
pub use set_contact::{SetContact, Told};
pub use snapshot_sites::snapshot_sites;
pub use update_site::UpdateSite;

use relais_platform::{
    Error, Result,
    calls::{Caller, Role},
    ids::OrganisationId,
};

/// Operators and the network enter everything; an administrator what belongs to the own organisation.
fn ensure_administers(caller: &Caller, organisation: OrganisationId) -> Result<()> {
    if caller.has_any(&[Role::Operator, Role::Network]) || caller.organisation == Some(organisation) {
        Ok(())
    } else {
        Err(Error::denied("you administer another organisation"))
    }
}
