//! Numbers that people are known by, and the check of those whose rule is known.

use serde::{Deserialize, Serialize};

/// The French social security number (NIR), as the national identity (INS) uses it.
pub const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";
/// The number that stands for a NIR until there is one (NIA), as the INS uses it.
pub const NIA: &str = "urn:oid:1.2.250.1.213.1.4.9";
/// State medical aid (AME): of the form of a NIR, with an end of its own; digits and letters, no check known.
const AME: &str = "urn:relais:fr:ame";

/// A number with the system that gave it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientIdentifier {
    /// The system, a URI.
    pub system: String,
    /// The number within it.
    pub value: String,
}

impl std::fmt::Debug for PatientIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PatientIdentifier({}, ..)", self.system)
    }
}

impl PatientIdentifier {
    /// Without the spaces that people write between the groups of a number.
    pub fn new(system: &str, value: &str) -> Self {
        let value = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        Self { system: system.into(), value }
    }

    /// Whether it may be a matricule of the national health identity.
    pub fn is_national(&self) -> bool {
        matches!(self.system.as_str(), NIR | NIA)
    }

    /// What is wrong with it; nothing is known to be wrong with one of another system.
    pub fn fault(&self) -> Option<&'static str> {
        match self.system.as_str() {
            NIR | NIA if !has_form(&self.value) => Some("must have 13 characters and a key of two digits"),
            NIR | NIA if !key_is_right(&self.value) => Some("the key of this number is wrong"),
            AME if !(8..=20).contains(&self.value.len()) || !self.value.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Some("must have 8 to 20 letters and digits")
            }
            _ => None,
        }
    }
}

/// Sex, year, month, department (2A and 2B for Corsica), commune, order, key.
fn has_form(value: &str) -> bool {
    value.len() == 15
        && value.bytes().enumerate().all(|(at, b)| b.is_ascii_digit() || (at == 6 && matches!(b, b'A' | b'B')))
        && value.starts_with(['1', '2', '3', '4', '7', '8'])
        && (value.as_bytes()[6].is_ascii_digit() || value.as_bytes()[5] == b'2')
}

/// 97 less the rest of the number by 97; in Corsica the letters count as 19 and 18.
fn key_is_right(value: &str) -> bool {
    let digits = value.replace("2A", "19").replace("2B", "18");
    let parts = digits
        .split_at_checked(13)
        .and_then(|(number, key)| Some((number.parse::<u64>().ok()?, key.parse::<u64>().ok()?)));
    parts.is_some_and(|(number, key)| 97 - number % 97 == key)
}
