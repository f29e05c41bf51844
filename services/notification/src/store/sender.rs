//! Who sent a referral, and for which patient.

use std::collections::BTreeMap;

use relais_platform::{
    Result,
    database::{Rows, Unit},
    ids::{PatientId, ReferralId},
    parties::{Capacity, Party},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

/// Senders that events told, in the order of their referrals; written by one statement for a whole batch.
#[derive(Debug, Default)]
pub struct Senders(BTreeMap<Uuid, Sender>);

/// Who sent a referral, and the patient's record there, where an event told it.
#[derive(Debug)]
struct Sender {
    party: Party,
    patient: Option<PatientId>,
}

impl Senders {
    /// Takes the sender out of an event's list. An event that does not tell the patient takes none away.
    pub fn take_over(&mut self, referral: ReferralId, parties: &[Party], patient: Option<PatientId>) {
        let Some(party) = parties.iter().find(|party| party.capacity == Capacity::Referrer) else { return };
        let told = self.0.get(&referral.0).and_then(|sender| sender.patient);
        self.0.insert(referral.0, Sender { party: *party, patient: patient.or(told) });
    }
}

impl Rows for Senders {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let (referrals, senders): (Vec<Uuid>, Vec<Sender>) = self.0.into_iter().unzip();
        let patients: Vec<_> = senders.iter().map(|sender| sender.patient.map(|patient| patient.0)).collect();
        let parties: Vec<_> = senders.iter().map(|sender| sender.party).collect();
        let columns = Party::columns(&parties);
        let query = sqlx::query!(
            "INSERT INTO referral_sender (referral_id, organisation_id, unit_id, patient_id)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
             ON CONFLICT (referral_id) DO UPDATE SET organisation_id = EXCLUDED.organisation_id, unit_id = EXCLUDED.unit_id,
                 patient_id = COALESCE(EXCLUDED.patient_id, referral_sender.patient_id)",
            &referrals,
            &columns.organisations,
            &columns.units as _,
            &patients as _,
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

/// The referrals that the caller's organisation sent for a patient, each with whether the caller's unit sees it.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_sent_for(unit: &mut Unit<'_>, patient: PatientId) -> Result<Vec<(ReferralId, bool)>> {
    let scope = unit.scope()?;
    let query = sqlx::query!(
        r#"SELECT referral_id, $3::uuid IS NULL OR unit_id IS NULL OR unit_id = $3 AS "seen!"
           FROM referral_sender WHERE patient_id = $1 AND organisation_id = $2"#,
        patient.0,
        scope.organisation,
        scope.unit,
    );
    let rows = query.with_operation("SELECT", "referral_sender").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.referral_id.into(), row.seen)).collect())
}

/// Forgets for which patient a referral was sent: the record was erased.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget_patient_of(unit: &mut Unit<'_>, referral: ReferralId) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE referral_sender SET patient_id = NULL WHERE referral_id = $1 AND patient_id IS NOT NULL",
        referral.0
    );
    query.with_operation("UPDATE", "referral_sender").execute(unit.sql()).await?;
    give_up_reminders(unit, &[referral.0]).await
}

/// Forgets which referrals were sent for a patient.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn forget_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
    let query = sqlx::query_scalar!(
        "UPDATE referral_sender SET patient_id = NULL WHERE patient_id = $1 RETURNING referral_id",
        patient.0,
    );
    let referrals = query.with_operation("UPDATE", "referral_sender").fetch_all(unit.sql()).await?;
    give_up_reminders(unit, &referrals).await
}

/// Nothing more goes out to the patient. Addresses are to be forgotten nowhere here: none is kept.
async fn give_up_reminders(unit: &mut Unit<'_>, referrals: &[Uuid]) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE delivery SET state = 'discarded', reason = 'patient-erased'
         WHERE referral_id = ANY($1) AND purpose = 'reminder' AND state IN ('queued', 'failed', 'parked')",
        referrals,
    );
    query.with_operation("UPDATE", "delivery").execute(unit.sql()).await?;
    Ok(())
}
