//! When sites receive patients: rules by the sites' own clocks, and the slots that are made of them.

mod end;
mod facts;
mod holidays;
mod slots;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{Child, ClosureId, OpeningRuleId, SiteId, SlotId};

pub use facts::{Wish, facts};
pub use holidays::is_holiday;
pub use slots::{Opening, slots};

use super::Time;

/// A site, as far as booking must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: Child<SiteId>,
    /// Its zone in the IANA database.
    pub time_zone: String,
    /// The country whose holidays it keeps.
    pub country_code: String,
}

/// A service by its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The system of the code.
    pub system: String,
    /// The code.
    pub code: String,
}

/// When a site receives whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningRule {
    /// Its id.
    pub id: OpeningRuleId,
    /// One more with each change.
    pub version: i64,
    /// The site.
    pub site: Child<SiteId>,
    /// What is done there.
    pub services: Vec<Service>,
    /// On which days: Monday is the lowest bit.
    pub weekdays: i16,
    /// From when, in minutes after midnight by the site's clocks.
    pub from_minute: i16,
    /// Until when, likewise; 1440 is midnight.
    pub until_minute: i16,
    /// How long a slot is.
    pub slot_minutes: i16,
    /// How many can be booked into a slot.
    pub seats: i16,
    /// How many more are received in it without a booking.
    pub walk_in_seats: i16,
    /// Whether one can enter with a wheelchair.
    pub wheelchair_access: bool,
    /// Languages from which somebody interprets.
    pub interpreter_languages: Vec<String>,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day; none: until it is ended.
    pub valid_until: Option<NaiveDate>,
    /// How many days ahead slots are offered.
    pub advance_days: i16,
    /// The last day of which slots were made.
    pub made_until: Option<NaiveDate>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

/// Days on which a site is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Its id.
    pub id: ClosureId,
    /// The site.
    pub site: Child<SiteId>,
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
    /// Why, for people.
    pub note: String,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
    /// When it was lifted.
    pub lift_time: Option<DateTime<Utc>>,
}

impl Closure {
    /// Whether the site is closed on that day.
    pub fn closes(&self, day: NaiveDate) -> bool {
        self.lift_time.is_none() && (self.start_date..=self.end_date).contains(&day)
    }
}

/// A slot, as it is offered to one referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// When and where.
    pub time: Time,
    /// Whether what the referral asks for is done in it.
    pub covers: bool,
    /// The rule it was made of: chairs are counted by rule.
    pub rule: OpeningRuleId,
}

/// A slot with free seats, and how it meets a referral's wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When and where.
    pub time: Time,
    /// The rule it was made of.
    pub rule: OpeningRuleId,
    /// Seats that can be booked.
    pub free: i64,
    /// The day by the site's clocks.
    pub day: NaiveDate,
    /// Whether one can enter with a wheelchair.
    pub wheelchair_access: bool,
    /// Languages from which somebody interprets.
    pub interpreter_languages: Vec<String>,
}

impl Found {
    /// Its slot.
    pub fn id(&self) -> SlotId {
        self.time.slot
    }
}
