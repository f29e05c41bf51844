//! Numbers and days as people of a language write them.

use chrono::{Datelike, NaiveDate};

use crate::domain::language::Language;

/// Narrow no-break space: between thousands, and before a sign of percent, in French.
const THIN: char = '\u{202f}';

const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

/// A whole number, its thousands apart.
pub fn integer(language: Language, value: i64) -> String {
    let (digits, thousands) = (value.unsigned_abs().to_string(), if language == Language::French { THIN } else { ',' });
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    // The minus sign, not the hyphen.
    if value < 0 { format!("\u{2212}{text}") } else { text }
}

/// As [`integer`], with the sign of what is added.
pub fn difference(language: Language, value: i64) -> String {
    let text = integer(language, value);
    if value > 0 { format!("+{text}") } else { text }
}

/// Tenths of an hour, as hours.
pub fn tenths(language: Language, value: i64) -> String {
    let point = if language == Language::French { ',' } else { '.' };
    format!("{}{point}{}", integer(language, value / 10), value % 10)
}

/// A day.
pub fn day(language: Language, day: NaiveDate) -> String {
    let (french, english) = names(day);
    match (language, day.day()) {
        (Language::French, 1) => format!("1er {french} {}", day.year()),
        (Language::French, of_month) => format!("{of_month} {french} {}", day.year()),
        (Language::English, of_month) => format!("{of_month} {english} {}", day.year()),
    }
}

/// A month.
pub fn month(language: Language, month: NaiveDate) -> String {
    let (french, english) = names(month);
    let name = if language == Language::French { french } else { english };
    format!("{name} {}", month.year())
}

/// A month under a bar.
pub fn short_month(month: NaiveDate) -> String {
    month.format("%m/%y").to_string()
}

fn names(day: NaiveDate) -> (&'static str, &'static str) {
    MONTHS.get(day.month0() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        use crate::domain::language::Language::{English, French};
        assert_eq!(integer(French, 1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(integer(English, 1_234_567), "1,234,567");
        assert_eq!(integer(English, -12), "\u{2212}12");
        assert_eq!((integer(French, 0), integer(French, 999)), ("0".into(), "999".into()));
        assert_eq!((difference(English, 6), difference(French, -1000)), ("+6".into(), "\u{2212}1\u{202f}000".into()));
        assert_eq!((tenths(French, 10_005), tenths(English, 4)), ("1\u{202f}000,5".into(), "0.4".into()));
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let first = "2026-08-01".parse().unwrap();
        assert_eq!(day(Language::French, first), "1er août 2026");
        assert_eq!(day(Language::English, first), "1 August 2026");
        assert_eq!(month(Language::French, first), "août 2026");
        assert_eq!(short_month(first), "08/26");
    }
}
