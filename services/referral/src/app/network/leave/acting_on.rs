//! Who acts on a day, as leaves, substitutes and registers have it.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{OrganisationId, PractitionerId, UnitId},
};

use crate::{
    domain::network::{Acting, Standing, acting, is_licensed},
    store::network,
};

/// Who is asked for, on which day.
#[derive(Debug, Clone, Copy)]
pub struct WhoActs<'a> {
    /// Within which organisation.
    pub organisation: OrganisationId,
    /// For which unit; none: for no unit.
    pub unit: Option<UnitId>,
    /// For whom; none: whoever stands in for the unit.
    pub practitioner: Option<PractitionerId>,
    /// On which day.
    pub day: NaiveDate,
    /// The register that licenses whoever acts; none: any.
    pub register: Option<&'a str>,
}

/// Who acts, and whether whoever was asked for is licensed.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn acting_on(unit: &mut Unit<'_>, asked: WhoActs<'_>) -> Result<(Acting, bool)> {
    let WhoActs { organisation, day, .. } = asked;
    let unit_substitute = match asked.unit {
        Some(of) => network::find_substitute(unit, of, None).await?.and_then(|named| named.substitute),
        None => None,
    };
    let leaves = network::leaves_on(unit, organisation, day).await?;
    let on_leave = leaves.iter().find(|leave| Some(leave.name.practitioner.id) == asked.practitioner);
    let named = on_leave.and_then(|leave| leave.substitute);
    let mut struck_off: Vec<_> = [asked.practitioner, named, unit_substitute].into_iter().flatten().collect();
    let registrations = network::list_registrations(unit, &struck_off).await?;
    struck_off.retain(|who| !is_licensed(registrations.get(who).map_or(&[], Vec::as_slice), asked.register, day));
    let standing = Standing { unit_substitute, leaves: &leaves, struck_off: &struck_off };
    let licensed = asked.practitioner.is_none_or(|who| !struck_off.contains(&who));
    Ok((acting(asked.practitioner, day, &standing), licensed))
}
