//! Sites, and what is said of how one gets there.

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{Child, SiteId},
    text_enum,
};
use serde::{Deserialize, Serialize};

text_enum! {
    /// What stops at a stop.
    pub enum StopKind {
        /// Trains.
        Train = "train",
        /// Trams.
        Tram = "tram",
        /// An underground railway.
        Metro = "metro",
        /// Buses.
        Bus = "bus",
    }
}

text_enum! {
    /// Whether one enters with a wheelchair.
    pub enum Wheelchair {
        /// Without help.
        Yes = "yes",
        /// With help, or not everywhere.
        Limited = "limited",
        /// Not.
        No = "no",
    }
}

/// A stop of public transport near a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What stops there.
    pub kind: StopKind,
    /// Its name.
    pub display_name: String,
    /// Its official code; may be empty.
    #[serde(default)]
    pub code: String,
    /// Minutes on foot from there to the site.
    pub walking_minutes: i32,
}

/// A point on the earth, WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// North of the equator.
    pub latitude: f64,
    /// East of Greenwich.
    pub longitude: f64,
}

/// How one gets to a site and what one finds there. What is absent or empty, nobody said; sites of earlier programs have none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// Stops nearby.
    pub stops: Vec<Stop>,
    /// Whether one enters with a wheelchair.
    pub wheelchair: Option<Wheelchair>,
    /// Whether patients can park.
    pub parking: Option<bool>,
    /// Languages that are spoken (ISO 639).
    pub languages: Vec<String>,
    /// Where it is.
    pub position: Option<Place>,
}

/// A place where patients are received.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its organisation and id.
    pub name: Child<SiteId>,
    /// One more with each change.
    pub version: i64,
    /// The name people read.
    pub display_name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// How one gets there.
    pub access: Access,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

text_enum! {
    /// What of a site can be changed. Not its zone: slots were made by it.
    pub enum SiteField {
        /// The name people read.
        DisplayName = "display_name",
        /// Stops nearby.
        Access = "access",
        /// Whether one enters with a wheelchair.
        Wheelchair = "wheelchair",
        /// Whether patients can park.
        Parking = "parking",
        /// Languages that are spoken.
        Languages = "languages",
        /// Where it is.
        Position = "position",
    }
}

impl SiteField {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DisplayName, Self::Access, Self::Wheelchair, Self::Parking, Self::Languages, Self::Position];
}

impl Site {
    /// The site in its next version, with these fields as they are given.
    #[must_use]
    pub fn with(mut self, display_name: &str, given: &Access, fields: &[SiteField]) -> Self {
        self.version += 1;
        for field in fields {
            match field {
                SiteField::DisplayName => display_name.clone_into(&mut self.display_name),
                SiteField::Access => self.access.stops.clone_from(&given.stops),
                SiteField::Wheelchair => self.access.wheelchair = given.wheelchair,
                SiteField::Parking => self.access.parking = given.parking,
                SiteField::Languages => self.access.languages.clone_from(&given.languages),
                SiteField::Position => self.access.position = given.position,
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::*;

    #[test]
    fn fields_that_are_not_named_stay() {
        let name = Child::new(OrganisationId::draw(), SiteId::draw());
        let stop = |minutes| Stop {
            kind: StopKind::Train,
            display_name: "Colmar".into(),
            code: String::new(),
            walking_minutes: minutes,
        };
        let access = Access { stops: vec![stop(8)], wheelchair: Some(Wheelchair::No), ..Access::default() };
        let (display_name, time_zone) = ("Colmar".to_string(), "Europe/Paris".to_string());
        let create_time = DateTime::UNIX_EPOCH;
        let site = Site { name, version: 1, display_name, time_zone, access, create_time };
        let given = Access { stops: vec![stop(3)], wheelchair: Some(Wheelchair::Yes), ..Access::default() };
        let after = site.clone().with("Other", &given, &[SiteField::Wheelchair]);
        let expected = Access { stops: vec![stop(8)], ..given.clone() };
        assert_eq!((after.version, after.display_name.as_str(), &after.access), (2, "Colmar", &expected));
        let all = site.with("Other", &given, &SiteField::ALL);
        assert_eq!((all.display_name.as_str(), all.access), ("Other", given));
    }

    #[test]
    fn what_an_earlier_program_kept_says_nothing() -> anyhow::Result<()> {
        assert_eq!(serde_json::from_str::<Access>("{}")?, Access::default());
        let later: Access = serde_json::from_str(r#"{"wheelchair": "limited", "ramp": true}"#)?;
        assert_eq!(later.wheelchair, Some(Wheelchair::Limited));
        Ok(())
    }
}
