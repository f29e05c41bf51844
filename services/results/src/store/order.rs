//! Orders.

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::PageRequest,
    database::{Rows, Unit},
    ids::{OrderId, PatientId, ReferralId},
    parties::{Capacity, Party},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{Line, Order, State};

struct Row {
    id: Uuid,
    state: String,
    version: i64,
    referral_id: Uuid,
    referral_number: String,
    patient_id: Option<Uuid>,
    provider_id: Uuid,
    lines: Json<Vec<Line>>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Order {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            state: State::stored(&row.state)?,
            version: row.version,
            referral: row.referral_id.into(),
            referral_number: row.referral_number,
            patient: row.patient_id.map(Into::into),
            provider: row.provider_id.into(),
            lines: row.lines.0,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// New orders, each with a row in the pages of each clinical party; written by one statement for a whole batch. A second
/// open one of a referral breaks a constraint: the message is held back.
#[derive(Debug, Default)]
pub struct NewOrders {
    orders: Vec<Order>,
    /// Pages: which order, and whose.
    shown: Vec<Uuid>,
    organisations: Vec<Uuid>,
}

impl NewOrders {
    /// Adds one of a referral with these parties.
    pub fn insert(&mut self, order: Order, parties: &[Party]) {
        for party in parties.iter().filter(|party| party.capacity != Capacity::Coordinator) {
            self.shown.push(order.id.0);
            self.organisations.push(party.organisation.0);
        }
        self.orders.push(order);
    }
}

impl Rows for NewOrders {
    async fn write(self, unit: &mut Unit<'_>) -> Result<()> {
        let column = |value: fn(&Order) -> Uuid| self.orders.iter().map(value).collect::<Vec<_>>();
        let text = |value: fn(&Order) -> &str| self.orders.iter().map(|o| value(o).to_string()).collect::<Vec<_>>();
        let versions: Vec<_> = self.orders.iter().map(|o| o.version).collect();
        let patients: Vec<_> = self.orders.iter().map(|o| o.patient.map(|patient| patient.0)).collect();
        let times: Vec<_> = self.orders.iter().map(|o| o.create_time).collect();
        let query = sqlx::query!(
            "WITH new AS (
                 INSERT INTO service_order (id, state, version, referral_id, referral_number, patient_id, provider_id,
                                            create_time, update_time)
                 SELECT *, create_time FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[],
                                                   $7::uuid[], $8::timestamptz[])
                     AS n(id, state, version, referral_id, referral_number, patient_id, provider_id, create_time)
                 RETURNING id, create_time
             )
             INSERT INTO service_order_party (order_id, organisation_id, create_time)
             SELECT DISTINCT n.id, p.organisation_id, n.create_time
             FROM new n JOIN unnest($9::uuid[], $10::uuid[]) AS p(id, organisation_id) USING (id)",
            &column(|o| o.id.0),
            &text(|o| o.state.as_str()),
            &versions,
            &column(|o| o.referral.0),
            &text(|o| &o.referral_number),
            &patients as _,
            &column(|o| o.provider.0),
            &times,
            &self.shown,
            &self.organisations,
        );
        query.with_operation("INSERT", "service_order").execute(unit.sql()).await?;
        Ok(())
    }
}

/// Keeps an order's next version.
///
/// # Errors
/// CONTENTION when somebody else changed it since it was read: the unit decides again.
pub async fn save(unit: &mut Unit<'_>, order: &Order) -> Result<()> {
    let query = sqlx::query!(
        "UPDATE service_order SET state = $2, version = $3, update_time = $4, lines = $5
         WHERE id = $1 AND version = $3::bigint - 1",
        order.id.0,
        order.state.as_str(),
        order.version,
        order.update_time,
        Json(&order.lines) as _,
    );
    let done = query.with_operation("UPDATE", "service_order").execute(unit.sql()).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::contention("somebody else changed it")) }
}

/// Finds an order by which the caller's organisation is asked, whatever became of it, and locks it: what is handed in belongs to
/// a patient who is not erased meanwhile.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_asked(unit: &mut Unit<'_>, id: OrderId) -> Result<Option<Order>> {
    let provider = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, lines AS "lines: Json<Vec<Line>>",
                create_time, update_time
         FROM service_order WHERE id = $1 AND provider_id = $2 FOR NO KEY UPDATE"#,
        id.0,
        provider.0,
    );
    let row = query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?;
    row.map(Order::try_from).transpose()
}

/// The patient of a referral's last order; none when the record was erased, or never told.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_patient(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<PatientId>> {
    let query = sqlx::query_scalar!(
        "SELECT patient_id FROM service_order WHERE referral_id = $1 ORDER BY create_time DESC, id DESC LIMIT 1",
        referral.0,
    );
    let found = query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?;
    Ok(found.flatten().map(Into::into))
}

/// Finds the open order of a referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_open(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<Order>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, lines AS "lines: Json<Vec<Line>>",
                create_time, update_time
         FROM service_order WHERE referral_id = $1 AND state <> 'revoked'"#,
        referral.0,
    );
    let row = query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?;
    row.map(Order::try_from).transpose()
}

/// Finds the order of a referral that was withdrawn last.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_revoked(unit: &mut Unit<'_>, referral: ReferralId) -> Result<Option<Order>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, lines AS "lines: Json<Vec<Line>>",
                create_time, update_time
         FROM service_order WHERE referral_id = $1 AND state = 'revoked' ORDER BY update_time DESC, id DESC LIMIT 1"#,
        referral.0,
    );
    let row = query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?;
    row.map(Order::try_from).transpose()
}

/// Gets an order of a referral that the caller is a clinical party of, or whose file the caller opened; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get(unit: &mut Unit<'_>, id: OrderId) -> Result<Order> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.digest(), unit.now());
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, lines AS "lines: Json<Vec<Line>>",
                create_time, update_time
         FROM service_order a
         WHERE id = $1 AND (EXISTS (
             SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $2
                 AND p.capacity = ANY($4::text[])
                 AND ($3::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $3))
           OR EXISTS (
             SELECT FROM opened_file f WHERE f.referral_id = a.referral_id AND f.organisation_id = $2
                 AND f.caller = $5 AND f.expire_time > $6))"#,
        id.0,
        scope.organisation,
        scope.unit,
        &scope.capacities,
        caller,
        now,
    );
    let row = query.with_operation("SELECT", "service_order").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id)).and_then(Order::try_from)
}

/// Lists the orders that the caller may see, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list(unit: &mut Unit<'_>, page: &PageRequest) -> Result<Vec<Order>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.lines AS "lines: Json<Vec<Line>>",
                a.create_time, a.update_time
         FROM service_order_party v JOIN service_order a ON a.id = v.order_id
         WHERE v.organisation_id = $1 AND (v.create_time, v.order_id) < ($3, $4)
           AND EXISTS (SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $1
                             AND p.capacity = ANY($6::text[])
                             AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
         ORDER BY v.create_time DESC, v.order_id DESC LIMIT $5"#,
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        &scope.capacities,
    );
    let rows = query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Order::try_from).collect()
}

/// Lists the orders of a referral, if the caller may see them, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of(unit: &mut Unit<'_>, referral: ReferralId, page: &PageRequest) -> Result<Vec<Order>> {
    let (scope, caller, now) = (unit.scope()?, unit.caller()?.digest(), unit.now());
    let query = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.lines AS "lines: Json<Vec<Line>>",
                a.create_time, a.update_time
         FROM service_order a
         WHERE a.referral_id = $6 AND (a.create_time, a.id) < ($3, $4)
           AND (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = a.referral_id AND p.organisation_id = $1
                             AND p.capacity = ANY($7::text[])
                             AND ($2::uuid IS NULL OR p.unit_id IS NULL OR p.unit_id = $2))
             OR EXISTS (SELECT FROM opened_file f WHERE f.referral_id = a.referral_id AND f.organisation_id = $1
                              AND f.caller = $8 AND f.expire_time > $9))
         ORDER BY a.create_time DESC, a.id DESC LIMIT $5"#,
        scope.organisation,
        scope.unit,
        page.after.time,
        page.after.id,
        page.limit(),
        referral.0,
        &scope.capacities,
        caller,
        now,
    );
    let rows = query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Order::try_from).collect()
}

/// Lists the orders of referrals that the caller's organisation sent for a patient, of all its units.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_of_patient(unit: &mut Unit<'_>, patient: PatientId) -> Result<Vec<Order>> {
    let scope = unit.scope()?;
    let query = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.state, a.version, a.referral_id, a.referral_number, a.patient_id, a.provider_id, a.lines AS "lines: Json<Vec<Line>>",
                a.create_time, a.update_time
         FROM service_order a JOIN referral_party p ON p.referral_id = a.referral_id AND p.capacity = 'referrer'
         WHERE a.patient_id = $1 AND p.organisation_id = $2 ORDER BY a.create_time DESC, a.id DESC"#,
        patient.0,
        scope.organisation,
    );
    let rows = query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Order::try_from).collect()
}

/// Lists orders of all parties by id, those after `after`: for a snapshot, which no caller's parties limit.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_all(unit: &mut Unit<'_>, after: Uuid, limit: i64) -> Result<Vec<Order>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT id, state, version, referral_id, referral_number, patient_id, provider_id, lines AS "lines: Json<Vec<Line>>",
                create_time, update_time
         FROM service_order WHERE id > $1 ORDER BY id LIMIT $2"#,
        after,
        limit,
    );
    let rows = query.with_operation("SELECT", "service_order").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Order::try_from).collect()
}
