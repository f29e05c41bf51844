//! What opens an invitation.

use std::fmt;

use relais_platform::{
    error::{Error, Kind},
    ids::MemberId,
};
use uuid::Uuid;

/// Absent, wrong, expired, locked and used are answered alike.
pub fn not_opened() -> Error {
    let message = "the invitation does not open: ask for a new one";
    Error::new(Kind::PermissionDenied, "INVITATION_INVALID", message)
}

/// What opens an invitation. It is never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Whose invitation.
    pub id: MemberId,
    bits: u128,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secret of {}", self.id)
    }
}

impl Secret {
    /// Of random bits.
    pub fn new(id: MemberId, bits: [u64; 2]) -> Self {
        Self { id, bits: u128::from(bits[0]) << 64 | u128::from(bits[1]) }
    }

    /// What somebody gives. What cannot be read is the secret of no invitation: it is refused as a wrong one is.
    pub fn given(text: &str) -> Self {
        let text = text.trim();
        let hex = text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit());
        let (id, bits) = text.split_at_checked(32).filter(|_| hex).unwrap_or_default();
        let id = Uuid::try_parse(id).unwrap_or_default().into();
        Self { id, bits: u128::from_str_radix(bits, 16).unwrap_or_default() }
    }

    /// As it is handed over.
    pub fn told(&self) -> String {
        format!("{}{:032x}", self.id.0.simple(), self.bits)
    }

    /// What is hashed to keep it: good for this invitation alone.
    pub fn material(&self) -> Vec<u8> {
        [b"invitation".as_slice(), self.id.0.as_bytes(), &self.bits.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is() {
        let drawn = Secret::new(MemberId::draw(), [u64::MAX, 7]);
        assert_eq!(Secret::given(&format!(" {}\n", drawn.told())), drawn);
        for wrong in ["", "é", &drawn.told()[1..], &format!("{}0", drawn.told()), &"+".repeat(64), &"é".repeat(32)] {
            assert!(Secret::given(wrong).id.0.is_nil(), "{wrong}");
        }
        assert!(!format!("{drawn:?}").contains(&drawn.told()[32..]));
    }
}
