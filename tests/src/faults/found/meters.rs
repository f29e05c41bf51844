//! Meters: what they show, what their ledgers amount to, and who holds a place.

use anyhow::Result;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rows;

/// What is committed, promised, given and left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Sums {
    /// What is committed.
    pub committed: i64,
    /// What is promised to referrals that are under way.
    pub reserved: i64,
    /// What was given.
    pub used: i64,
}

/// A meter of a line that commits something.
#[derive(Debug, Clone, FromRow)]
pub struct Meter {
    /// Its id.
    pub id: Uuid,
    /// The line.
    pub line: String,
    /// As it is shown.
    #[sqlx(flatten)]
    pub shown: Sums,
    /// What is left of it.
    pub available: i64,
    /// What is beyond what was committed.
    pub beyond: i64,
    /// What its ledger amounts to.
    #[sqlx(skip)]
    pub entered: Sums,
    /// Facts of the ledger that had no place: they alone may be beyond.
    pub facts: i64,
    /// The most that was found reserved and used when a threshold was crossed.
    pub most: i64,
    /// The version of its last event.
    pub version: i64,
}

/// What a referral holds of a line of its convention.
#[derive(Debug, Clone, FromRow)]
pub struct Holding {
    /// The referral.
    pub referral: Uuid,
    /// Where it stands.
    pub state: String,
    /// The line.
    pub line: String,
    /// Whether a place is taken at acceptance, and not before.
    pub at_acceptance: bool,
    /// The meter; the nil UUID when it holds nothing.
    pub meter: Uuid,
    /// Who has the place: the referral, or the patient.
    pub holder: Uuid,
    /// What is promised to it.
    pub reserved: i64,
    /// What it was given.
    pub used: i64,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Meters {
    /// All meters.
    pub meters: Vec<Meter>,
    /// What every referral holds of every line of its convention that commits something.
    pub holdings: Vec<Holding>,
    /// Differences that the service itself finds between its meters and their ledgers; none when it was not asked.
    pub differences: Option<usize>,
}

const METERS: &str = "
    SELECT m.id, m.line_id AS line, m.committed, s.reserved, s.used, s.available, m.beyond, m.version, e.facts,
           (SELECT COALESCE(max(t.reserved + t.used), 0) FROM meter_threshold t WHERE t.meter_id = m.id) AS most
    FROM meter m
    CROSS JOIN LATERAL (SELECT sum(available)::bigint AS available, sum(reserved)::bigint AS reserved,
                               sum(used)::bigint AS used FROM meter_stripe WHERE meter_id = m.id) AS s
    CROSS JOIN LATERAL (SELECT COALESCE(sum(used), 0)::bigint AS facts FROM meter_entry
                        WHERE meter_id = m.id AND used > 0 AND reserved = 0) AS e
    WHERE m.committed IS NOT NULL ORDER BY m.id";
const ENTERED: &str = "
    SELECT COALESCE(sum(e.committed), 0)::bigint AS committed, COALESCE(sum(e.reserved), 0)::bigint AS reserved,
           COALESCE(sum(e.used), 0)::bigint AS used
    FROM meter m LEFT JOIN meter_entry e ON e.meter_id = m.id
    WHERE m.committed IS NOT NULL GROUP BY m.id ORDER BY m.id";
const HOLDINGS: &str = "
    SELECT r.id AS referral, r.state, l.line_id AS line, l.reserve_at = 'acceptance' AS at_acceptance,
           COALESCE(c.meter_id, '00000000-0000-0000-0000-000000000000') AS meter,
           COALESCE(c.holder_id, '00000000-0000-0000-0000-000000000000') AS holder,
           COALESCE(c.reserved, 0) AS reserved, COALESCE(c.used, 0) AS used
    FROM referral r
    JOIN convention_line l ON (l.convention_id, l.version) = (r.convention_id, r.convention_version)
    LEFT JOIN meter_claim c ON c.subject_id = r.id AND c.line_id = l.line_id
    WHERE l.committed IS NOT NULL";

impl Meters {
    /// What the referral service keeps.
    pub(super) async fn read(schema: &mut PgConnection) -> Result<Self> {
        let mut meters: Vec<Meter> = rows(schema, METERS).await?;
        let entered: Vec<Sums> = rows(schema, ENTERED).await?;
        meters.iter_mut().zip(entered).for_each(|(meter, entered)| meter.entered = entered);
        Ok(Self { meters, holdings: rows(schema, HOLDINGS).await?, differences: None })
    }
}
