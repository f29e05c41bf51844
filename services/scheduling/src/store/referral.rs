//! Referrals, as events told of them: what is bookable.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    database::{Rows, Unit},
    ids::{Child, OrganisationId, ReferralId},
    parties::Party,
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Covered, Needs, Referral};

/// What events told of referrals, in their order; written by a few statements for a whole batch.
#[derive(Debug, Default)]
pub struct Referrals {
    /// In one order in every unit, so that none waits for another that waits for it.
    submitted: BTreeMap<Uuid, Referral>,
    moved: BTreeMap<Uuid, String>,
    judged: BTreeMap<Uuid, Covered>,
}

impl Referrals {
    /// Takes a referral over that was submitted.
    pub fn submit(&mut self, referral: Referral) {
        self.submitted.insert(referral.id.0, referral);
    }

    /// Takes over where it stands.
    pub fn stand(&mut self, id: ReferralId, state: &str) {
        match self.submitted.get_mut(&id.0) {
            Some(referral) => referral.state = state.into(),
            None => _ = self.moved.insert(id.0, state.into()),
        }
    }

    /// Takes over when and where its appointment is booked without asking.
    pub fn book_on(&mut self, id: ReferralId, covered: Covered) {
        match self.submitted.get_mut(&id.0) {
            Some(referral) => referral.covered = covered,
            None => _ = self.judged.insert(id.0, covered),
        }
    }
}

impl Rows for Referrals {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        if !self.submitted.is_empty() {
            insert(unit, &self.submitted.into_values().collect::<Vec<_>>()).await?;
        }
        if !self.moved.is_empty() {
            update_states(unit, self.moved).await?;
        }
        if !self.judged.is_empty() {
            update_covered(unit, self.judged).await?;
        }
        Ok(())
    }
}

async fn update_states(unit: &mut Unit<'_>, moved: BTreeMap<Uuid, String>) -> Result<()> {
    let (ids, states): (Vec<_>, Vec<_>) = moved.into_iter().unzip();
    let query = sqlx::query!(
        "UPDATE referral r SET state = n.state FROM unnest($1::uuid[], $2::text[]) AS n(id, state) WHERE r.id = n.id",
        &ids,
        &states,
    );
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    Ok(())
}

async fn update_covered(unit: &mut Unit<'_>, judged: BTreeMap<Uuid, Covered>) -> Result<()> {
    let (ids, covered): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    let sites: Vec<_> = covered.iter().map(array_of_sites).collect();
    let (from, until): (Vec<_>, Vec<_>) = covered.into_iter().map(|it| (it.from, it.until)).unzip();
    let query = sqlx::query!(
        "UPDATE referral r SET booking_from = n.booking_from, booking_until = n.booking_until, booking_sites = n.sites::uuid[]
         FROM unnest($1::uuid[], $2::date[], $3::date[], $4::text[]) AS n(id, booking_from, booking_until, sites)
         WHERE r.id = n.id",
        &ids,
        &from as _,
        &until as _,
        &sites as _,
    );
    query.with_operation("UPDATE", "referral").execute(unit.sql()).await?;
    Ok(())
}

/// Sites as the text of an array: an array of arrays is none of several lengths.
fn array_of_sites(covered: &Covered) -> Option<String> {
    let sites = covered.sites.as_ref()?.iter().map(|site| site.0.to_string()).collect::<Vec<_>>();
    Some(format!("{{{}}}", sites.join(",")))
}

async fn insert(unit: &mut Unit<'_>, referrals: &[Referral]) -> Result<()> {
    let ids = |value: fn(&Referral) -> Uuid| referrals.iter().map(value).collect::<Vec<_>>();
    let text = |value: fn(&Referral) -> &str| referrals.iter().map(|r| value(r).to_string()).collect::<Vec<_>>();
    let sites: Vec<_> = referrals.iter().map(|r| r.site.map(|site| site.id.0)).collect();
    let patients: Vec<_> = referrals.iter().map(|r| r.patient.map(|patient| patient.0)).collect();
    let dates: Vec<_> = referrals.iter().map(|r| r.requested_date).collect();
    let wheelchairs: Vec<_> = referrals.iter().map(|r| r.needs.wheelchair).collect();
    let from: Vec<_> = referrals.iter().map(|r| r.covered.from).collect();
    let until: Vec<_> = referrals.iter().map(|r| r.covered.until).collect();
    let booking_sites: Vec<_> = referrals.iter().map(|r| array_of_sites(&r.covered)).collect();
    let query = sqlx::query!(
        "INSERT INTO referral (id, number, state, patient_id, provider_id, site_id, service_system, service_code,
                               requested_date, priority, interpreter_language, wheelchair, booking_from, booking_until,
                               booking_sites)
         SELECT n.id, number, state, patient, provider, site, system, code, requested, priority, language, wheelchair, starts, ends,
                sites::uuid[]
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::date[],
                     $10::text[], $11::text[], $12::boolean[], $13::date[], $14::date[], $15::text[])
             AS n(id, number, state, patient, provider, site, system, code, requested, priority, language, wheelchair, starts, ends, sites)
         ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, patient_id = EXCLUDED.patient_id,
             booking_from = EXCLUDED.booking_from, booking_until = EXCLUDED.booking_until,
             booking_sites = EXCLUDED.booking_sites",
        &ids(|r| r.id.0),
        &text(|r| &r.number),
        &text(|r| &r.state),
        &patients as _,
        &ids(|r| r.provider.0),
        &sites as _,
        &text(|r| &r.service_system),
        &text(|r| &r.service_code),
        &dates,
        &text(|r| &r.priority),
        &text(|r| &r.needs.interpreter_language),
        &wheelchairs,
        &from as _,
        &until as _,
        &booking_sites as _,
    );
    query.with_operation("INSERT", "referral").execute(unit.sql()).await?;
    Ok(())
}

struct Row {
    id: Uuid,
    number: String,
    state: String,
    patient_id: Option<Uuid>,
    provider_id: Uuid,
    site_id: Option<Uuid>,
    service_system: String,
    service_code: String,
    requested_date: NaiveDate,
    priority: String,
    interpreter_language: String,
    wheelchair: bool,
    booking_from: Option<NaiveDate>,
    booking_until: Option<NaiveDate>,
    booking_sites: Option<Vec<Uuid>>,
}

impl From<Row> for Referral {
    fn from(row: Row) -> Self {
        let provider = OrganisationId(row.provider_id);
        Self {
            id: row.id.into(),
            number: row.number,
            state: row.state,
            patient: row.patient_id.map(Into::into),
            provider,
            site: row.site_id.map(|id| Child::new(provider, id.into())),
            service_system: row.service_system,
            service_code: row.service_code,
            requested_date: row.requested_date,
            priority: row.priority,
            needs: Needs { interpreter_language: row.interpreter_language, wheelchair: row.wheelchair },
            covered: Covered {
                from: row.booking_from,
                until: row.booking_until,
                sites: row.booking_sites.map(|sites| sites.into_iter().map(Into::into).collect()),
            },
        }
    }
}

/// Gets a referral that the caller is a party of, with its parties; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: ReferralId) -> Result<(Referral, Vec<Party>)> {
    let scope = unit.scope()?;
    let query = sqlx::query_scalar!(
        r#"SELECT parties_of(r.id) AS "parties!: Json<Vec<Party>>" FROM referral r WHERE r.id = $1 AND EXISTS (
               SELECT FROM referral_party p WHERE p.referral_id = r.id AND p.organisation_id = $2
                   AND p.capacity = ANY($4::text[]) AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))"#,
        id.0,
        scope.organisation,
        scope.unit,
        &scope.capacities,
    );
    let parties = query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    let parties = parties.ok_or_else(|| Error::not_found(id))?.0;
    let referral = find(unit, id).await?.ok_or_else(|| Error::not_found(id))?;
    Ok((referral, parties))
}

/// Finds a referral that events told of, and none of it is applied until the unit ends.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn hold(unit: &mut Unit<'_>, id: ReferralId) -> Result<Option<Referral>> {
    let query = sqlx::query_scalar!("SELECT id FROM referral WHERE id = $1 FOR SHARE", id.0);
    query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    find(unit, id).await
}

/// Finds a referral that events told of.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find(unit: &mut Unit<'_>, id: ReferralId) -> Result<Option<Referral>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, number, state, patient_id, provider_id, site_id, service_system, service_code, requested_date, priority,
                interpreter_language, wheelchair, booking_from, booking_until, booking_sites
         FROM referral WHERE id = $1",
        id.0,
    );
    let row = query.with_operation("SELECT", "referral").fetch_optional(unit.sql()).await?;
    Ok(row.map(Referral::from))
}
