//! When and where an appointment of a referral may be booked without the convention being asked.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{ConventionId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::referral::{Referral, State};

/// Keeps them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn set_booking(unit: &mut Unit<'_>, referral: &Referral) -> Result<()> {
    let sites = sites(referral);
    let query = sqlx::query!(
        "UPDATE referral SET booking_from = $2, booking_until = $3, booking_sites = $4 WHERE id = $1",
        referral.id.0,
        referral.booking_days.map(|(from, _)| from),
        referral.booking_days.map(|(_, until)| until),
        sites.as_deref(),
    );
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    Ok(())
}

/// The sites, as the database has them.
pub(super) fn sites(referral: &Referral) -> Option<Vec<Uuid>> {
    referral.booking_sites.as_ref().map(|sites| sites.iter().map(|site| site.0).collect())
}

/// Open referrals of a convention whose appointments may be booked later than on a day without asking, `limit` at most.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_booked_beyond(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    last: NaiveDate,
    limit: i64,
) -> Result<Vec<ReferralId>> {
    let open: Vec<String> =
        State::ALL.iter().filter(|state| state.is_open()).map(|state| state.as_str().into()).collect();
    let query = sqlx::query_scalar!(
        "SELECT id FROM referral
         WHERE convention_id = $1 AND (booking_until IS NULL OR booking_until > $2) AND state = ANY($3)
         ORDER BY id LIMIT $4",
        convention.0,
        last,
        &open,
        limit,
    );
    let found = query.with_operation("SELECT", "referral").fetch_all(unit.sql()).await?;
    Ok(found.into_iter().map(ReferralId).collect())
}
