//! Use cases of leave and substitutes.

mod acting_on;
mod create_leave;
mod end_leave;
mod get_acting_practitioner;
mod list_leaves;
mod recall;
mod set_unit_substitute;

pub use acting_on::{WhoActs, acting_on};
pub use create_leave::CreateLeave;
pub use end_leave::EndLeave;
pub use get_acting_practitioner::GetActingPractitioner;
pub use list_leaves::ListLeaves;
pub use set_unit_substitute::SetUnitSubstitute;

use relais_platform::{
    Error, Result,
    calls::{Caller, Role},
    database::Unit,
    ids::{Child, PractitionerId, UnitId},
};

use crate::store::network;

/// A practitioner of the caller's organisation; others are absent here.
async fn ensure_colleague(unit: &mut Unit<'_>, name: Child<PractitionerId>) -> Result<()> {
    let own = unit.caller()?.acting_organisation()?;
    let found = network::find_practitioner(unit, name.id).await?;
    let colleague = found.is_some_and(|found| found.name == name && name.organisation == own);
    if colleague { Ok(()) } else { Err(Error::not_found(name)) }
}

/// A unit of the caller's organisation; others are absent here.
async fn ensure_own_unit(unit: &mut Unit<'_>, name: Child<UnitId>) -> Result<()> {
    let own = unit.caller()?.acting_organisation()?;
    let found = network::find_unit(unit, name.id).await?;
    let found = found.is_some_and(|found| found.name == name && name.organisation == own);
    if found { Ok(()) } else { Err(Error::not_found(name)) }
}

/// Nobody sends a practitioner away, or names who acts instead, but the practitioner and an admin.
fn ensure_decides(caller: &Caller, practitioner: Child<PractitionerId>) -> Result<()> {
    if caller.practitioner == Some(practitioner) || caller.has_any(&[Role::Admin]) {
        return Ok(());
    }
    Err(Error::denied("only the practitioner and an admin of the organisation decide on a leave and its substitute"))
}
