//! Sites, as their organisations entered them.

use std::collections::HashMap;

use relais_platform::{
    Error, Result,
    database::{Rows, Unit},
    ids::{Child, SiteId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{matching::Access, opening::Site};

/// Sites that events told of; written by one statement for a whole batch, the last word on each.
#[derive(Debug, Default)]
pub struct Sites(HashMap<Uuid, (Site, Access)>);

impl Sites {
    /// Takes one over, with how one gets there.
    pub fn take_over(&mut self, site: Site, access: Access) {
        self.0.insert(site.name.id.0, (site, access));
    }
}

impl Rows for Sites {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let mut sites: Vec<_> = self.0.into_values().collect();
        // In one order in every unit, so that none waits for another that waits for it.
        sites.sort_unstable_by_key(|(site, _)| site.name.id);
        let ids: Vec<_> = sites.iter().map(|(site, _)| site.name.id.0).collect();
        let organisations: Vec<_> = sites.iter().map(|(site, _)| site.name.organisation.0).collect();
        let zones: Vec<_> = sites.iter().map(|(site, _)| site.time_zone.clone()).collect();
        let countries: Vec<_> = sites.iter().map(|(site, _)| site.country_code.clone()).collect();
        let accesses: Vec<_> = sites.iter().map(|(_, access)| Json(access)).collect();
        let query = sqlx::query!(
            "INSERT INTO site (id, organisation_id, time_zone, country_code, access)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[])
             ON CONFLICT (id) DO UPDATE SET time_zone = EXCLUDED.time_zone, country_code = EXCLUDED.country_code,
                 access = EXCLUDED.access",
            &ids,
            &organisations,
            &zones,
            &countries,
            &accesses as _,
        );
        query.with_operation("INSERT", "site").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Gets a site of the caller's organisation.
///
/// # Errors
/// NOT_FOUND, also for a site of which no event has told yet.
pub async fn get_own(unit: &mut Unit<'_>, name: Child<SiteId>) -> Result<Site> {
    let own = unit.caller()?.acting_organisation()?;
    let query = sqlx::query!(
        "SELECT time_zone, country_code FROM site WHERE id = $1 AND organisation_id = $2 AND organisation_id = $3",
        name.id.0,
        name.organisation.0,
        own.0,
    );
    let row = query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(name))?;
    Ok(Site { name, time_zone: row.time_zone, country_code: row.country_code })
}

/// Gets a site whose slots are about to change; others that change them wait for this unit.
///
/// # Errors
/// NOT_FOUND.
pub async fn lock(unit: &mut Unit<'_>, id: SiteId) -> Result<Site> {
    let query = sqlx::query!(
        "SELECT organisation_id, time_zone, country_code FROM site WHERE id = $1 FOR NO KEY UPDATE",
        id.0,
    );
    let row = query.with_operation("SELECT", "site").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(id))?;
    let name = Child::new(row.organisation_id.into(), id);
    Ok(Site { name, time_zone: row.time_zone, country_code: row.country_code })
}
