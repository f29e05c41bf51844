//! How one gets to a site and what one finds there, as its organisation said.

use relais_platform::text_enum;
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
    /// Minutes on foot from there to the site.
    pub walking_minutes: i32,
}

/// A point on the earth, WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// North of the equator.
    pub latitude: f64,
    /// East of Greenwich.
    pub longitude: f64,
}

/// The earth's mean radius.
const RADIUS_KM: f64 = 6_371.0;

impl Point {
    /// How far another point is as the crow flies, in kilometres begun.
    pub fn kilometres_to(self, other: Self) -> i32 {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let along = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let chord = half(self.latitude, other.latitude) + along * half(self.longitude, other.longitude);
        (2.0 * RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()).ceil() as i32
    }
}

/// What is said of a site. What is absent or empty, nobody said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// Stops nearby.
    pub stops: Vec<Stop>,
    /// Whether one enters with a wheelchair.
    pub wheelchair: Option<Wheelchair>,
    /// Languages that are spoken (ISO 639).
    pub languages: Vec<String>,
    /// Where it is.
    pub position: Option<Point>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_that_of_the_map() {
        let strasbourg = Point { latitude: 48.585, longitude: 7.735 };
        let colmar = Point { latitude: 48.073, longitude: 7.347 };
        // 64 km as the crow flies.
        assert_eq!((strasbourg.kilometres_to(colmar), colmar.kilometres_to(strasbourg)), (64, 64));
        assert_eq!(strasbourg.kilometres_to(strasbourg), 0);
        let (east, west) = (Point { latitude: 0.0, longitude: 179.9 }, Point { latitude: 0.0, longitude: -179.9 });
        assert_eq!(east.kilometres_to(west), 23);
        let far = Point { latitude: 0.0, longitude: -0.1 };
        assert!((20_000..=20_016).contains(&east.kilometres_to(far)));
    }
}
