//! The number people say and write: ten random characters and one that checks them, as `7K3M-9QXA-4TC`.
//!
//! The alphabet leaves out I, L, O and U, so that nothing is misread or spelt by accident; the check character is ISO/IEC 7064
//! MOD 37,36, which finds every single wrong character and every swap of neighbours.

use std::fmt;

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM: usize = 10;

/// A referral's number, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// The number of 50 random bits; the others are not used.
    pub fn from_random(bits: u64) -> Self {
        let letter = |i: usize| char::from(LETTERS[(bits >> (5 * i)) as usize % LETTERS.len()]);
        let body: String = (0..RANDOM).map(letter).collect();
        let check = check_character(&body);
        Self(format!("{}-{}-{}{check}", &body[..4], &body[4..8], &body[8..]))
    }

    /// Reads a number as people write it: hyphens, spaces and case do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
        (plain.len() == RANDOM + 1 && plain.is_ascii()).then_some(())?;
        let (body, check) = plain.split_at(RANDOM);
        let known = body.bytes().all(|b| LETTERS.contains(&b));
        (known && check.starts_with(check_character(body)))
            .then(|| Self(format!("{}-{}-{}{check}", &body[..4], &body[4..8], &body[8..])))
    }

    /// The number as people write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// ISO/IEC 7064 MOD 37,36: values 0-9 for digits, 10-35 for A-Z.
fn check_character(body: &str) -> char {
    let product = body.bytes().fold(36, |product, byte| {
        let sum = (product + value(byte)) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    // 0 to 35 is a digit of base 36.
    char::from_digit((37 - product) % 36, 36).unwrap_or('0').to_ascii_uppercase()
}

fn value(byte: u8) -> u32 {
    char::from(byte).to_digit(36).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_character_is_that_of_the_standard() {
        // The example of ISO/IEC 7064 for MOD 37,36.
        assert_eq!(check_character("A12425GABC1234002"), 'M');
    }

    proptest! {
        #[test]
        fn a_number_is_read_back_however_it_is_written(bits: u64) {
            let number = Number::from_random(bits);
            let spoken = number.as_str().replace('-', " ").to_lowercase();
            prop_assert_eq!(Number::parse(&spoken), Some(number));
        }

        #[test]
        fn a_wrong_character_is_found(bits: u64, at in 0_usize..10, other in 0_usize..32) {
            let plain = Number::from_random(bits).as_str().replace('-', "");
            let mut wrong = plain.clone().into_bytes();
            wrong[at] = LETTERS[other];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(Number::parse(&wrong).is_some(), wrong == plain);
        }

        #[test]
        fn a_swap_of_neighbours_is_found(bits: u64, at in 0_usize..9) {
            let plain = Number::from_random(bits).as_str().replace('-', "");
            let mut swapped = plain.clone().into_bytes();
            swapped.swap(at, at + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            prop_assert_eq!(Number::parse(&swapped).is_some(), swapped == plain);
        }
    }
}
