//! Sites, as their organisations entered them. They do not change.

use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::{Child, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// Sites that events told of; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct Sites(Vec<Child<SiteId>>);

impl Sites {
    /// Takes one over.
    pub fn take_over(&mut self, site: Child<SiteId>) {
        self.0.push(site);
    }
}

impl Rows for Sites {
    async fn write(mut self, unit: &mut Unit<'_>) -> Result<()> {
        // In one order in every unit, so that none waits for another that waits for it.
        self.0.sort_unstable_by_key(|site| site.id);
        let ids: Vec<Uuid> = self.0.iter().map(|site| site.id.0).collect();
        let organisations: Vec<Uuid> = self.0.iter().map(|site| site.organisation.0).collect();
        let query = sqlx::query!(
            "INSERT INTO site (id, organisation_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT (id) DO NOTHING",
            &ids,
            &organisations,
        );
        query.with_operation("INSERT", "site").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Whether this is a site of the caller's organisation; not one of which no event has told yet.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_own(unit: &mut Unit<'_>, name: Child<SiteId>) -> Result<bool> {
    let own = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM site WHERE id = $1 AND organisation_id = $2 AND organisation_id = $3) AS "is!""#,
        name.id.0,
        name.organisation.0,
        own.0,
    );
    Ok(query.with_operation("SELECT", "site").fetch_one(unit.sql()).await?)
}
