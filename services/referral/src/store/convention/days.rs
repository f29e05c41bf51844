//! Whose days are whose: what the database refuses of conventions that are signed, also at once.

use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Violation, broken_constraint},
};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::convention::Convention;

/// Writes down on which days a convention is in force, and what its referrers send patients for then, after its signatures.
///
/// # Errors
/// FAILED_PRECONDITION when another convention of its chain is in force on one of the days, or when it is exclusive, or another
/// one is, that covers the same for the same referrer. No other convention is named: whoever asks may be no party of it.
pub async fn settle_days(unit: &mut Unit<'_>, convention: &Convention) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO convention_period (convention_id, chain_id, period) VALUES ($1, $2, daterange($3, GREATEST($4::date + 1, $3)))
         ON CONFLICT (convention_id) DO UPDATE SET period = EXCLUDED.period",
        convention.id.0,
        convention.chain.0,
        convention.terms.start_date,
        convention.last_day,
    );
    query.with_operation("INSERT", "convention_period").execute(unit.sql()).await.map_err(not_free)?;
    let query = sqlx::query!(
        "WITH gone AS (
             DELETE FROM convention_claim WHERE convention_id = $1
         ), terms AS (
             SELECT t.version, t.exclusive, COALESCE(t.effective_date, t.start_date) AS first_day,
                    LEAST(lead(COALESCE(t.effective_date, t.start_date)) OVER (ORDER BY t.version), $3::date + 1) AS day_after
             FROM convention_terms t JOIN convention_signature g ON g.convention_id = t.convention_id AND g.version = t.version
             WHERE t.convention_id = $1
         )
         INSERT INTO convention_claim (convention_id, chain_id, referrer_id, system, code, exclusive, period)
         SELECT $1, $2, p.organisation_id, s.system, s.code, t.exclusive, daterange(t.first_day, t.day_after)
         FROM terms t
         JOIN convention_party p ON p.convention_id = $1 AND p.version = t.version AND p.role = 'referrer'
         JOIN convention_service s ON s.convention_id = $1 AND s.version = t.version
         WHERE t.first_day < t.day_after
         ORDER BY p.organisation_id, s.system, s.code, t.version",
        convention.id.0,
        convention.chain.0,
        convention.last_day,
    );
    query.with_operation("INSERT", "convention_claim").execute(unit.sql()).await.map_err(not_free)?;
    Ok(())
}

fn not_free(error: sqlx::Error) -> Error {
    let refused =
        |reason: &'static str, rule: &str, told: &str| Error::refused(reason, vec![Violation::new(rule, told)]);
    match broken_constraint(&error) {
        Some("convention_period_overlap") => {
            refused("CHAIN_OVERLAP", "chain-overlap", "two conventions of a chain share no day")
        }
        Some("convention_claim_exclusive") => refused(
            "CONVENTION_EXCLUSIVE",
            "convention-exclusive",
            "on some of these days a referrer has another convention for one of the services, and one of the two is exclusive",
        ),
        _ => error.into(),
    }
}
