//! How an appointment is read: its row, a version of it, the seat that is held for it, and what its referral's patient needs.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{Child, OrganisationId, SiteId},
    parties::{Party, Scope},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Appointment, Hold, Needs, State, Time};

struct Row {
    id: Uuid,
    state: String,
    version: i64,
    referral_id: Uuid,
    referral_number: String,
    patient_id: Option<Uuid>,
    provider_id: Uuid,
    site_id: Option<Uuid>,
    requested_date: NaiveDate,
    slot_id: Option<Uuid>,
    slot_site_id: Option<Uuid>,
    start_time: Option<DateTime<Utc>>,
    end_time: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    awaiting: bool,
    confirmed: bool,
    walk_in: bool,
    reason: String,
    cancelled_by: Option<Uuid>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
    interpreter_language: String,
    wheelchair: bool,
    parties: Json<Vec<Party>>,
    held_slot: Option<Uuid>,
    held_site: Option<Uuid>,
    held_start: Option<DateTime<Utc>>,
    held_end: Option<DateTime<Utc>>,
    held_zone: Option<String>,
    held_until: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Appointment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let provider = OrganisationId(row.provider_id);
        let site = |id: Option<Uuid>| id.map(|id| Child::new(provider, SiteId(id)));
        let (at, held_at) = (site(row.slot_site_id), site(row.held_site));
        let held = time(row.held_slot, held_at, (row.held_start, row.held_end), row.held_zone);
        Ok(Self {
            id: row.id.into(),
            state: state(&row.state, row.awaiting)?,
            version: row.version,
            referral: row.referral_id.into(),
            referral_number: row.referral_number,
            parties: row.parties.0,
            patient: row.patient_id.map(Into::into),
            provider,
            site: site(row.site_id),
            requested_date: row.requested_date,
            needs: Needs { interpreter_language: row.interpreter_language, wheelchair: row.wheelchair },
            time: time(row.slot_id, at, (row.start_time, row.end_time), row.time_zone),
            hold: held.zip(row.held_until).map(|(time, until)| Hold { time, until }),
            confirmed: row.confirmed,
            walk_in: row.walk_in,
            reason: row.reason,
            cancelled_by: row.cancelled_by.map(Into::into),
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Where it stands: one that awaits its judgement is stored as a booked one.
pub(super) fn state(stored: &str, awaiting: bool) -> Result<State> {
    if awaiting { Ok(State::Pending) } else { State::stored(stored) }
}

/// A time whose columns are there.
fn time(
    slot: Option<Uuid>,
    site: Option<Child<SiteId>>,
    (start, end): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    time_zone: Option<String>,
) -> Option<Time> {
    Some(Time { slot: slot?.into(), site: site?, start: start?, end: end?, time_zone: time_zone? })
}

/// Those of `ids` that the caller is a party of, the most recent first; as they are, or as they were in `version`.
pub(super) async fn select(unit: &mut Unit<'_>, ids: &[Uuid], version: Option<i64>) -> Result<Vec<Appointment>> {
    let scope = unit.scope()?;
    read(unit, ids, version, Some(scope), None).await
}

/// As [`select`], also those whose referral's file the caller opened.
pub(super) async fn select_or_opened(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Appointment>> {
    let (scope, caller) = (unit.scope()?, unit.caller()?.digest());
    read(unit, ids, None, Some(scope), Some(caller)).await
}

/// All of `ids`, for who sees them whoever calls: an event, a timer, a snapshot; and for the party of their referral.
pub(super) async fn select_all(unit: &mut Unit<'_>, ids: &[Uuid]) -> Result<Vec<Appointment>> {
    read(unit, ids, None, None, None).await
}

async fn read(
    unit: &mut Unit<'_>,
    ids: &[Uuid],
    version: Option<i64>,
    scope: Option<Scope>,
    opened: Option<Vec<u8>>,
) -> Result<Vec<Appointment>> {
    let now = unit.now();
    macro_rules! read {
        ($which:tt, $ids:expr) => {
            sqlx::query_as!(
                Row,
                r#"SELECT a.id, c.state, c.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.site_id,
                  a.requested_date, c.slot_id, c.slot_site_id, c.start_time, c.end_time, c.time_zone, c.awaiting, c.confirmed, c.walk_in,
                  c.reason, c.cancelled_by, a.create_time, c.at AS update_time,
                  COALESCE(r.interpreter_language, '') AS "interpreter_language!", COALESCE(r.wheelchair, false) AS "wheelchair!",
                  parties_of(a.referral_id) AS "parties!: Json<Vec<Party>>",
                  h.slot_id AS "held_slot?", s.site_id AS "held_site?", h.start_time AS "held_start?", h.end_time AS "held_end?",
                  t.time_zone AS "held_zone?", h.held_until AS "held_until?"
           FROM appointment a
           JOIN appointment_change c ON c.appointment_id = a.id AND c.version = COALESCE($2, a.version)
           LEFT JOIN referral r ON r.id = a.referral_id
           LEFT JOIN seat_claim h ON h.appointment_id = a.id AND h.held_until IS NOT NULL
           LEFT JOIN slot s ON s.id = h.slot_id
           LEFT JOIN site t ON t.id = s.site_id
           WHERE "# + $which + r#" AND ($3::uuid IS NULL OR EXISTS (
               SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $3
                   AND p.capacity = ANY($5::text[]) AND ($4::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $4))
             OR EXISTS (
               SELECT FROM opened_file f WHERE f.referral_id = a.referral_id AND f.organisation_id = $3 AND f.caller = $6
                   AND f.expire_time > $7))
           ORDER BY a.create_time DESC, a.id DESC"#,
                $ids,
                version,
                scope.as_ref().map(|scope| scope.organisation),
                scope.as_ref().and_then(|scope| scope.unit),
                scope.as_ref().map(|scope| scope.capacities.as_slice()) as _,
                opened,
                now,
            )
            .with_operation("SELECT", "appointment")
            .fetch_all(unit.sql())
        };
    }
    let rows = match ids {
        // Of one, a session's plan serves all that follow; of many, each number of them is planned for.
        [id] => read!("a.id = $1", id).await?,
        _ => read!("a.id = ANY($1)", ids).await?,
    };
    rows.into_iter().map(Appointment::try_from).collect()
}
