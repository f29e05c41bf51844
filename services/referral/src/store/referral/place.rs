//! Places of the directory, wherever they stand.

use relais_platform::{Result, database::Unit};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::referral::Place;

/// Whether the directory has it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_place(unit: &mut Unit<'_>, place: Place) -> Result<bool> {
    let (organisation, site) = match place {
        Place::Organisation(organisation) => (organisation.0, None),
        Place::Site(site) => (site.organisation.0, Some(site.id.0)),
    };
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM organisation o WHERE o.id = $1
               AND ($2::uuid IS NULL OR EXISTS (SELECT FROM site s WHERE s.organisation_id = o.id AND s.id = $2))) AS "known!""#,
        organisation,
        site,
    );
    Ok(query.with_operation("SELECT", "organisation").fetch_one(unit.sql()).await?)
}
