//! The number people say and write: ten random characters and one that checks them, as `7K3M-9QXA-4T7`.
//!
//! The alphabet leaves out I, L, O and U, so that nothing is misread or spelt by accident; the check character is ISO/IEC 7064
//! MOD 37-2, which finds every single wrong character and every swap of neighbours. (MOD 37,36 misses some swaps.) Numbers
//! whose check character lies outside the alphabet are not given.

use std::fmt;

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM: usize = 10;

/// A referral's number, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// The number of 50 random bits, or the next that has a check character; the other bits are not used.
    pub fn from_random(bits: u64) -> Self {
        let letter = |bits: u64, i: usize| char::from(LETTERS[(bits >> (5 * i)) as usize % LETTERS.len()]);
        let mut candidate = bits;
        // Neighbours differ in a character, so their check characters differ, and five of 37 lie outside the alphabet.
        loop {
            let body: String = (0..RANDOM).map(|i| letter(candidate, i)).collect();
            match check_character(&body) {
                Some(check) => return Self::spelt(&body, check),
                None => candidate = candidate.wrapping_add(1),
            }
        }
    }

    /// Reads a number as people write it: hyphens, spaces and case do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
        (plain.len() == RANDOM + 1 && plain.is_ascii()).then_some(())?;
        let (body, last) = plain.split_at(RANDOM);
        let check = check_character(body)?;
        let known = body.bytes().all(|b| LETTERS.contains(&b));
        (known && last.starts_with(check)).then(|| Self::spelt(body, check))
    }

    fn spelt(body: &str, check: char) -> Self {
        Self(format!("{}-{}-{}{check}", &body[..4], &body[4..8], &body[8..]))
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

/// ISO/IEC 7064 MOD 37-2, values 0-9 for digits and 10-35 for A-Z; none outside the alphabet.
fn check_character(body: &str) -> Option<char> {
    let product = body.bytes().fold(0, |product, byte| (product + value(byte)) * 2 % 37);
    let check = char::from_digit((38 - product) % 37, 36)?.to_ascii_uppercase();
    LETTERS.iter().any(|letter| char::from(*letter) == check).then_some(check)
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
        // ISBT 128's example of a donation number, which uses MOD 37-2.
        assert_eq!(check_character("G123498654321"), Some('H'));
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
