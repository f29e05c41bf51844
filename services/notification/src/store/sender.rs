//! Who sent a referral.

use std::collections::BTreeMap;

use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::ReferralId,
    parties::{Capacity, Party},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// Senders that events told, in the order of their referrals; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct Senders(BTreeMap<Uuid, Party>);

impl Senders {
    /// Takes the sender out of an event's list.
    pub fn take_over(&mut self, referral: ReferralId, parties: &[Party]) {
        let sender = parties.iter().find(|party| party.capacity == Capacity::Referrer);
        self.0.extend(sender.map(|sender| (referral.0, *sender)));
    }
}

impl Rows for Senders {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let (referrals, senders): (Vec<Uuid>, Vec<Party>) = self.0.into_iter().unzip();
        let columns = Party::columns(&senders);
        let query = sqlx::query!(
            "INSERT INTO referral_sender (referral_id, organisation_id, unit_id)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])
             ON CONFLICT (referral_id) DO UPDATE SET organisation_id = EXCLUDED.organisation_id, unit_id = EXCLUDED.unit_id",
            &referrals,
            &columns.organisations,
            &columns.units as _,
        );
        query.with_operation("INSERT", "referral_sender").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Whether the caller's organisation sent this referral, and so holds the patient's record.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn is_sender(unit: &mut Unit<'_>, id: ReferralId) -> Result<bool> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM referral_sender WHERE referral_id = $1 AND organisation_id = $2
               AND ($3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3)) AS "sent!""#,
        id.0,
        scope.organisation,
        scope.unit,
    );
    Ok(query.with_operation("SELECT", "referral_sender").fetch_one(unit.sql()).await?)
}
