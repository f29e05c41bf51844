//! An appointment as scheduling tells of it: asked for on another day and at another site, booked, missed, kept, and said to have been otherwise.

use anyhow::Result;
use chrono::{Days, NaiveDate, TimeDelta};
use relais_platform::{calls::check::time_to_proto, ids::AppointmentId};
use relais_proto::{events::v1::AppointmentMoved, referral::v1::Referral};
use relais_tests::date;

use super::{agreed::Agreed, dice::Dice};

const STATES: [&str; 7] = ["pending", "pending", "booked", "noshow", "arrived", "fulfilled", "entered-in-error"];

/// Each time in its next version.
pub struct Visit {
    id: AppointmentId,
    referral: String,
    version: i64,
    state: &'static str,
    today: NaiveDate,
    day: NaiveDate,
    /// Under which convention, and where; empty: nobody says.
    convention: String,
    site: String,
}

impl Visit {
    pub fn of(referral: &Referral, today: NaiveDate) -> Self {
        let day = today + Days::new(3);
        let (referral, convention) = (referral.name.clone(), referral.convention.clone());
        let (id, site) = (AppointmentId::draw(), String::new());
        Self { id, referral, version: 0, state: "proposed", today, day, convention, site }
    }

    /// The same at a site.
    pub fn at(self, site: String) -> Self {
        Self { site, ..self }
    }

    /// How often it was told of.
    pub fn told(&self) -> i64 {
        self.version
    }

    /// Tells what has become of it: whoever asks for a day asks for one of three months, at any site.
    pub async fn tell(&mut self, agreed: &Agreed, dice: &mut Dice) -> Result<()> {
        let state = *dice.pick(&STATES);
        if state == "pending" {
            self.day = self.today + Days::new([2, 35, 70][dice.roll(3)]);
            self.site = agreed.site(dice, &self.convention);
        }
        let previous = std::mem::replace(&mut self.state, state);
        self.version += 1;
        let start = self.day.and_hms_opt(9, 0, 0).unwrap_or_default().and_utc();
        let moved = AppointmentMoved {
            appointment: self.id.to_string(),
            referral: self.referral.clone(),
            state: state.into(),
            previous: previous.into(),
            start_time: Some(time_to_proto(start)),
            end_time: Some(time_to_proto(start + TimeDelta::minutes(10))),
            time_zone: "Europe/Luxembourg".into(),
            site: self.site.clone(),
            local_date: (state == "pending").then(|| date(self.day)),
            ..Default::default()
        };
        agreed.metered.partners.world.tap.publish(self.id.0, self.version, moved).await?;
        Ok(())
    }
}
