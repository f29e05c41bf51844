//! On which days an appointment of a referral may be booked without the convention being asked.

use chrono::NaiveDate;
use relais_platform::{Result, database::Unit, ids::ReferralId};
use sqlx_otel::QueryAnnotateExt;

/// Keeps them.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn set_booking_days(
    unit: &mut Unit<'_>,
    referral: ReferralId,
    days: Option<(NaiveDate, NaiveDate)>,
) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE referral SET booking_from = $2, booking_until = $3 WHERE id = $1",
        referral.0,
        days.map(|(from, _)| from),
        days.map(|(_, until)| until),
    );
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    Ok(())
}
