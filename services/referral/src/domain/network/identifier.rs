//! Check digits of the identifiers whose rule is known.

use super::Identifier;

/// French practitioners: 11 digits, Luhn.
const RPPS: &str = "https://rpps.esante.gouv.fr";
/// French organisations (SIRET): 14 digits, Luhn, but for La Poste.
const SIRET: &str = "urn:oid:1.2.250.1.24.3.2";
/// La Poste's SIREN: its establishments follow a rule of their own (the digits' sum is a multiple of 5).
const LA_POSTE: &str = "356000000";

/// Registers of this product's own partners begin so.
const OURS: &str = "urn:relais:";

/// Whether a system is a register of practitioners: one that is known, or one of ours.
pub fn is_register(system: &str) -> bool {
    system == RPPS || system.strip_prefix(OURS).is_some_and(|rest| !rest.is_empty())
}

/// What is wrong with an identifier; nothing is known to be wrong with one of another system.
pub fn fault(identifier: &Identifier) -> Option<&'static str> {
    let value = identifier.value.as_str();
    match identifier.system.as_str() {
        RPPS if !has_digits(value, 11) => Some("an RPPS number has 11 digits"),
        RPPS if !luhn(value) => Some("the check digit of this RPPS number is wrong"),
        SIRET if !has_digits(value, 14) => Some("a SIRET has 14 digits"),
        SIRET if value.starts_with(LA_POSTE) && digits(value).sum::<u32>().is_multiple_of(5) => None,
        SIRET if !luhn(value) => Some("the check digit of this SIRET is wrong"),
        _ => None,
    }
}

fn has_digits(value: &str, count: usize) -> bool {
    value.len() == count && value.bytes().all(|b| b.is_ascii_digit())
}

fn digits(value: &str) -> impl DoubleEndedIterator<Item = u32> {
    value.bytes().map(|b| u32::from(b - b'0'))
}

/// The Luhn rule (ISO/IEC 7812-1, annex B).
fn luhn(value: &str) -> bool {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits(value).rev().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(d) } else { d }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(system: &str, value: &str) -> Option<&'static str> {
        fault(&Identifier { system: system.into(), value: value.into() })
    }

    #[test]
    fn check_digits_are_verified() {
        assert_eq!(of(RPPS, "10000000009"), None);
        assert!(of(RPPS, "10000000008").is_some());
        assert!(of(RPPS, "1000000000").is_some());
        assert!(of(RPPS, "1000000000a").is_some());
        assert_eq!(of(SIRET, "73282932000074"), None);
        assert!(of(SIRET, "73282932000075").is_some());
    }

    #[test]
    fn la_poste_has_its_own_rule() {
        assert_eq!(of(SIRET, "35600000000048"), None, "its head office also satisfies Luhn");
        assert_eq!(of(SIRET, "35600000049837"), None, "a sum of 45 is a multiple of 5");
        assert!(of(SIRET, "35600000049838").is_some());
    }

    #[test]
    fn other_systems_pass() {
        assert_eq!(of("urn:relais:local", "whatever"), None);
    }
}
