//! Seats, who has them, and who should.

use anyhow::Result;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rows;

/// An appointment, and the seat that it says it has.
#[derive(Debug, Clone, FromRow)]
pub struct Booking {
    /// The appointment.
    pub id: Uuid,
    /// Its referral.
    pub referral: Uuid,
    /// Where it stands.
    pub state: String,
    /// The slot that it has, or had.
    pub slot: Option<Uuid>,
    /// Whether its patient came without a booking.
    pub walk_in: bool,
}

impl Booking {
    /// Whether somebody sits there, or is to.
    pub fn is_seated(&self) -> bool {
        ["booked", "arrived", "fulfilled"].contains(&self.state.as_str())
    }
}

/// A seat that is taken.
#[derive(Debug, Clone, FromRow)]
pub struct Claim {
    /// By which appointment.
    pub appointment: Uuid,
    /// In which slot.
    pub slot: Uuid,
    /// The rule whose chairs are numbered.
    pub rule: Uuid,
    /// Which chair.
    pub number: i16,
    /// From when.
    pub start: DateTime<Utc>,
    /// Until when.
    pub end: DateTime<Utc>,
    /// Whether it is only held.
    pub held: bool,
}

/// A slot.
#[derive(Debug, Clone, FromRow)]
pub struct Slot {
    /// Its id.
    pub id: Uuid,
    /// Seats that can be booked.
    pub seats: i64,
    /// Seats for whoever comes without a booking.
    pub walk_in_seats: i64,
}

/// Seats and who has them.
#[derive(Debug, Clone, Default)]
pub struct Bookings {
    /// All appointments.
    pub appointments: Vec<Booking>,
    /// All seats that are taken.
    pub claims: Vec<Claim>,
    /// All slots.
    pub slots: Vec<Slot>,
}

const APPOINTMENTS: &str = "SELECT id, referral_id AS referral, state, slot_id AS slot, walk_in FROM appointment";
const CLAIMS: &str = r#"SELECT appointment_id AS appointment, slot_id AS slot, rule_id AS rule, number, start_time AS start,
                               end_time AS "end", held_until IS NOT NULL AS held FROM seat_claim"#;
const SLOTS: &str = "SELECT slot_id AS id, count(*) FILTER (WHERE NOT walk_in) AS seats,
                            count(*) FILTER (WHERE walk_in) AS walk_in_seats FROM seat GROUP BY slot_id";

impl Bookings {
    pub(super) async fn read(schema: &mut PgConnection) -> Result<Self> {
        Ok(Self {
            appointments: rows(schema, APPOINTMENTS).await?,
            claims: rows(schema, CLAIMS).await?,
            slots: rows(schema, SLOTS).await?,
        })
    }
}
