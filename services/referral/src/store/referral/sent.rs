//! What a referral says of who is to be reached: for services that ask, whom no parties limit.

use relais_platform::{Error, Result, database::Unit, ids::ReferralId};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;

use crate::domain::referral::{Number, Party, Sent};

/// Gets it, in a unit that sees the rows of all organisations.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_sent(unit: &mut Unit<'_>, id: ReferralId) -> Result<Sent> {
    let query = sqlx::query!(
        r#"SELECT number, convention_id, convention_version, patient_id, referrer_id, referrer_unit_id, prescriber_id,
                  provider_id, site_id, parties_of(id) AS "parties: Json<Vec<Party>>"
           FROM referral WHERE id = $1"#,
        id.0,
    );
    let row = query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    let row = row.ok_or_else(|| Error::not_found(id))?;
    let number = Number::parse(&row.number);
    Ok(Sent {
        number: number.ok_or_else(|| Error::internal(anyhow::anyhow!("a stored number does not check")))?,
        convention: (row.convention_id.into(), row.convention_version),
        patient: row.patient_id.into(),
        referrer: row.referrer_id.into(),
        unit: row.referrer_unit_id.map(Into::into),
        prescriber: row.prescriber_id.map(Into::into),
        provider: row.provider_id.into(),
        site: row.site_id.map(Into::into),
        parties: row.parties.map(|parties| parties.0).unwrap_or_default(),
    })
}
