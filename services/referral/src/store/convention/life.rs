//! Changes of conventions: each keeps what was before.

use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Violation, broken_constraint},
};
use sqlx_otel::QueryAnnotateExt;

use crate::domain::convention::{Convention, State};

/// Keeps a convention's next version, and what it was before.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again. FAILED_PRECONDITION when another convention
/// renews the same one already.
pub async fn save(unit: &mut Unit<'_>, convention: &Convention) -> Result<()> {
    let open = match convention.state {
        // The first terms of a draft need no mention.
        State::Draft => Some(convention.entered).filter(|entered| *entered > 1),
        _ => convention.amendment.as_ref().map(|amendment| amendment.number),
    };
    let now = unit.now();
    let query = sqlx::query!(
        "WITH past AS (
             INSERT INTO convention_past (convention_id, version, display_name, state, halted, terms_version, open_version,
                 last_day, reason, update_time)
             SELECT id, version, display_name, state, halted, terms_version, open_version, last_day, reason,
                    COALESCE(update_time, create_time)
             FROM convention WHERE id = $1 AND version = $2::bigint - 1
             ON CONFLICT (convention_id, version) DO NOTHING
         )
         UPDATE convention SET version = $2, display_name = $3, state = $4, halted = $5, terms_version = $6, open_version = $7,
             last_day = $8, reason = $9, update_time = $10
         WHERE id = $1 AND version = $2::bigint - 1",
        convention.id.0,
        convention.version,
        convention.display_name,
        convention.state.as_str(),
        convention.halted,
        convention.terms_version,
        open,
        (convention.state == State::Terminated).then_some(convention.last_day),
        convention.reason.map(|reason| reason.as_str()).unwrap_or_default(),
        now,
    );
    match query.with_operation("UPDATE", "convention").execute(unit.sql()).await {
        Ok(done) if done.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(Error::contention("somebody else changed it")),
        Err(error) if broken_constraint(&error) == Some("convention_renewed_once") => {
            let rule = Violation::new("convention-renewed", "another convention renews it already");
            Err(Error::refused("RENEWAL_REFUSED", vec![rule]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps the signature of the terms that the convention shows.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn save_signature(unit: &mut Unit<'_>, signed: &Convention) -> Result<()> {
    let query = sqlx::query!(
        "INSERT INTO convention_signature (convention_id, version, signature_date) VALUES ($1, $2, $3)",
        signed.id.0,
        signed.terms_version,
        signed.signature_date,
    );
    query.with_operation("INSERT", "convention_signature").execute(unit.sql()).await?;
    Ok(())
}
