//! The analyses that can be ordered, from a table shipped with the program: what each is called, and what its value may be.

use std::sync::LazyLock;

use relais_platform::text_enum;

/// Where the codes come from, as their licence asks.
pub const NOTICE: &str = "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief \
    Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under \
    the license at http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief Institute, Inc.";

/// The code system of the table.
pub const LOINC: &str = "http://loinc.org";
/// What a coded value may be: positive, negative, indeterminate (LOINC's answers).
pub const ANSWERS: [&str; 3] = ["LA6576-8", "LA6577-6", "LA11884-6"];

text_enum! {
    /// What the value of an analysis is.
    pub enum Kind {
        /// A number with a unit.
        Quantity = "quantity",
        /// A text.
        Text = "text",
        /// One of [`ANSWERS`].
        Coded = "coded",
        /// None of its own: its members have one.
        Panel = "panel",
    }
}

/// An analysis that can be ordered.
#[derive(Debug, PartialEq, Eq)]
pub struct Analysis {
    /// The LOINC code.
    pub code: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// The units (UCUM) of a quantity, the usual one first; the codes of a panel's members.
    list: Vec<&'static str>,
    /// Its name in English.
    pub english: &'static str,
    /// Its name in French.
    pub french: &'static str,
}

impl Analysis {
    /// The units that a quantity may have.
    pub fn units(&self) -> &[&'static str] {
        if self.kind == Kind::Quantity { &self.list } else { &[] }
    }

    /// The codes of a panel's members.
    pub fn members(&self) -> &[&'static str] {
        if self.kind == Kind::Panel { &self.list } else { &[] }
    }

    /// Whether a value of this code answers it: it is its own, or a member's.
    pub fn is_answered_by(&self, code: &str) -> bool {
        self.code == code || self.members().contains(&code)
    }
}

static TABLE: LazyLock<Vec<Analysis>> = LazyLock::new(|| {
    let rows = include_str!("analyses.tsv").lines().filter(|line| !line.starts_with('#'));
    // A test reads every row: none is passed over.
    let mut table: Vec<_> = rows.filter_map(row).collect();
    table.sort_by_key(|analysis| analysis.code);
    table
});

fn row(line: &'static str) -> Option<Analysis> {
    let mut fields = line.split('\t');
    let (code, kind) = (fields.next()?, Kind::parse(fields.next()?)?);
    let list = fields.next()?.split_whitespace().collect();
    Some(Analysis { code, kind, list, english: fields.next()?, french: fields.next()? })
}

/// All of them, by code.
pub fn all() -> &'static [Analysis] {
    &TABLE
}

/// Finds one by its LOINC code.
pub fn find(code: &str) -> Option<&'static Analysis> {
    let at = TABLE.binary_search_by_key(&code, |analysis| analysis.code).ok()?;
    TABLE.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check digit of a LOINC code (Mod 10).
    fn is_checked(code: &str) -> bool {
        let Some((digits, check)) = code.split_once('-') else { return false };
        let sum: u32 = digits.chars().rev().enumerate().fold(0, |sum, (at, digit)| {
            let digit = digit.to_digit(10).unwrap();
            sum + if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        });
        check.parse() == Ok((10 - sum % 10) % 10)
    }

    #[test]
    fn every_row_is_read_with_a_sound_code_once() {
        let rows = include_str!("analyses.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().len(), rows);
        for pair in all().windows(2) {
            assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
        }
        for analysis in all() {
            assert!(is_checked(analysis.code), "{}", analysis.code);
            assert!(!analysis.english.is_empty() && !analysis.french.is_empty(), "{}", analysis.code);
            assert_eq!(analysis.kind == Kind::Quantity, !analysis.units().is_empty(), "{}", analysis.code);
            assert!(analysis.members().iter().all(|code| find(code).is_some()), "{}", analysis.code);
        }
    }

    #[test]
    fn a_panel_is_answered_by_its_members() {
        let panel = find("58410-2").unwrap();
        assert!(panel.is_answered_by("718-7") && !panel.is_answered_by("2345-7"));
        assert!(find("718-7").unwrap().is_answered_by("718-7"));
        assert_eq!(find("0000-0"), None);
    }
}
