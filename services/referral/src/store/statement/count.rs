//! What statements count, of one convention and no other: by the days of the site that was known at each step.
//!
//! Everything is counted by one statement (`count.sql`), so that all of it is of one moment. What was given is read in one place there, the
//! part `given`: it names the ledger, and nothing else does.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, ConventionId, SiteId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{
    convention::{Party, Role},
    statement::{Counted, Days, InPeriod, Key, Place, Signer, SiteName, Subject, Took},
};

/// What is counted: numbers of all periods, and how long steps took in the last of them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    periods: &[(i64, Days)],
    steps: &[(&str, &str)],
) -> Result<(Vec<InPeriod>, Vec<Took>)> {
    let (numbers, days): (Vec<i64>, Vec<Days>) = periods.iter().copied().unzip();
    let firsts: Vec<NaiveDate> = days.iter().map(|days| days.first).collect();
    let lasts: Vec<NaiveDate> = days.iter().map(|days| days.last).collect();
    let (from, to): (Vec<String>, Vec<String>) =
        steps.iter().map(|(from, to)| ((*from).to_string(), (*to).to_string())).unzip();
    let query =
        sqlx::query_file!("src/store/statement/count.sql", convention.0, &numbers, &firsts, &lasts, &from, &to,);
    let rows = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    let (mut counted, mut took) = (Vec::new(), Vec::new());
    for row in rows {
        let place = match (row.in_all, row.site_id) {
            (true, _) => Place::All,
            (false, Some(site)) => Place::Site(site.into()),
            (false, None) => Place::Nowhere,
        };
        if let Some((p50, p90)) = row.p50.zip(row.p90) {
            took.push(Took { code: row.code, place, count: row.quantity, p50, p90 });
        } else if row.quantity != 0 {
            let key = Key { subject: Subject::stored(&row.subject)?, code: row.code, place };
            counted.push(InPeriod { number: row.number, counted: Counted { key, quantity: row.quantity } });
        }
    }
    Ok((counted, took))
}

/// The names of sites.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_names(unit: &mut Unit<'_>, sites: &[SiteId]) -> Result<Vec<SiteName>> {
    let ids: Vec<Uuid> = sites.iter().map(|site| site.0).collect();
    let query = sqlx::query!("SELECT id, organisation_id, display_name FROM site WHERE id = ANY($1)", &ids);
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    let named = rows.into_iter().map(|row| SiteName {
        site: Child::new(row.organisation_id.into(), row.id.into()),
        display_name: row.display_name,
    });
    Ok(named.collect())
}

/// The parties by name, in their order.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_signers(unit: &mut Unit<'_>, parties: &[Party]) -> Result<Vec<Signer>> {
    let ids: Vec<Uuid> = parties.iter().map(|party| party.organisation.0).collect();
    let query = sqlx::query!("SELECT id, display_name FROM organisation WHERE id = ANY($1)", &ids);
    let rows = query.with_operation("SELECT", "organisation").fetch_all(unit.sql()).await?;
    let signer = |party: &Party| -> Option<Signer> {
        let role: Role = party.role;
        let named = rows.iter().find(|row| row.id == party.organisation.0)?;
        Some(Signer { role, display_name: named.display_name.clone() })
    };
    Ok(parties.iter().filter_map(signer).collect())
}
