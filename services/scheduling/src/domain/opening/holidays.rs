//! Public holidays: a small table by country, and Easter.
//!
//! A country that is not in the table keeps none; add its rows. Regional holidays would be rows of a region.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// On which day a holiday falls.
enum Day {
    /// The same day each year.
    Fixed(u32, u32),
    /// So many days after Easter Sunday.
    Easter(i64),
}

use self::Day::{Easter, Fixed};

/// Country, day, and the first year in which it was kept.
const HOLIDAYS: &[(&str, Day, i32)] = &[
    ("LU", Fixed(1, 1), 1900),
    ("LU", Easter(1), 1900),
    ("LU", Fixed(5, 1), 1900),
    // Europe Day, by the law of 25 April 2019.
    ("LU", Fixed(5, 9), 2019),
    ("LU", Easter(39), 1900),
    ("LU", Easter(50), 1900),
    // The Grand Duke's official birthday, on this day since 1962.
    ("LU", Fixed(6, 23), 1962),
    ("LU", Fixed(8, 15), 1900),
    ("LU", Fixed(11, 1), 1900),
    ("LU", Fixed(12, 25), 1900),
    ("LU", Fixed(12, 26), 1900),
    ("FR", Fixed(1, 1), 1900),
    ("FR", Easter(1), 1900),
    ("FR", Fixed(5, 1), 1948),
    ("FR", Fixed(5, 8), 1982),
    ("FR", Easter(39), 1900),
    ("FR", Easter(50), 1900),
    ("FR", Fixed(7, 14), 1900),
    ("FR", Fixed(8, 15), 1900),
    ("FR", Fixed(11, 1), 1900),
    ("FR", Fixed(11, 11), 1922),
    ("FR", Fixed(12, 25), 1900),
];

/// Whether a day is a public holiday of a country (ISO 3166-1).
pub fn is_holiday(country: &str, day: NaiveDate) -> bool {
    HOLIDAYS.iter().filter(|(of, _, since)| *of == country && day.year() >= *since).any(|(_, on, _)| match on {
        Fixed(month, of_month) => (day.month(), day.day()) == (*month, *of_month),
        Easter(after) => easter(day.year()).is_some_and(|sunday| day == sunday + TimeDelta::days(*after)),
    })
}

/// Easter Sunday in the Gregorian calendar (Meeus, Jones, Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(sum / 31).ok()?, u32::try_from(sum % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_falls_where_the_almanacs_say() {
        for (year, sunday) in [(1961, "1961-04-02"), (2017, "2017-04-16"), (2018, "2018-04-01"), (2024, "2024-03-31")] {
            assert_eq!(easter(year), Some(day(sunday)));
        }
        assert_eq!((easter(2008), easter(2038)), (Some(day("2008-03-23")), Some(day("2038-04-25"))));
    }

    /// As the Grand Duchy published them.
    #[test]
    fn luxembourg_keeps_its_holidays() {
        let of_2019 = [
            "2019-01-01",
            "2019-04-22",
            "2019-05-01",
            "2019-05-09",
            "2019-05-30",
            "2019-06-10",
            "2019-06-23",
            "2019-08-15",
            "2019-11-01",
            "2019-12-25",
            "2019-12-26",
        ];
        let found: Vec<_> =
            (0..365).map(|i| day("2019-01-01") + TimeDelta::days(i)).filter(|d| is_holiday("LU", *d)).collect();
        assert_eq!(found, of_2019.map(day));
        assert!(!is_holiday("LU", day("2018-05-09")), "Europe Day was not kept yet");
        assert!(is_holiday("LU", day("2018-04-02")) && is_holiday("LU", day("2018-05-10")));
        assert!(is_holiday("FR", day("2018-07-14")) && !is_holiday("LU", day("2018-07-14")));
        assert!(!is_holiday("MA", day("2018-01-01")), "a country without rows keeps none");
    }
}
