//! Partner links: one referral, one purpose, a secret and a code, once.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    calls::caller::Purpose,
    error::{Error, Result, Violation},
    ids::{OrganisationId, PartnerLinkId, ReferralId, UnitId},
};
use uuid::Uuid;

/// The longest that a link can be opened.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// So many wrong codes lock a link. The database counts them.
pub const WRONG_CODES: i32 = 5;
/// How many codes there are.
const CODES: u64 = 100_000_000;

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Can be opened.
    Open,
    /// Was opened.
    Used,
    /// Was not opened in time.
    Expired,
    /// Was revoked.
    Revoked,
    /// Was locked by wrong codes.
    Locked,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerLink {
    /// Its id.
    pub id: PartnerLinkId,
    /// The referral it opens.
    pub referral: ReferralId,
    /// Who made it.
    pub organisation: OrganisationId,
    /// The unit that made it.
    pub unit: Option<UnitId>,
    /// What it is for.
    pub purpose: Purpose,
    /// Until when it can be opened.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// Codes that were wrong.
    pub wrong_codes: i32,
    /// When it was opened.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl PartnerLink {
    /// Where it stands at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> LinkState {
        match self {
            _ if self.revoked_at.is_some() => LinkState::Revoked,
            _ if self.used_at.is_some() => LinkState::Used,
            _ if self.wrong_codes >= WRONG_CODES => LinkState::Locked,
            _ if now >= self.expires_at => LinkState::Expired,
            _ => LinkState::Open,
        }
    }
}

/// Whether a link may be made at `now` that can be opened until `expires_at`.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn ensure_life(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    if now < expires_at && expires_at <= now + LONGEST {
        return Ok(());
    }
    let rule = "must lie in the future, 30 days ahead at most";
    Err(Error::invalid(vec![Violation::new("partner_link.expire_time", rule)]))
}

/// What opens a link: a secret that is sent, and a code that is told by another way. Neither is printed.
#[derive(Clone)]
pub struct Keys {
    /// The link.
    pub id: PartnerLinkId,
    secret: [u8; 16],
    code: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys of {}", self.id)
    }
}

impl Keys {
    /// Of random bits.
    pub fn new(id: PartnerLinkId, bits: [u64; 3]) -> Self {
        let secret = (u128::from(bits[0]) << 64 | u128::from(bits[1])).to_be_bytes();
        // The last codes are likelier than the first by one in 10^11.
        Self { id, secret, code: format!("{:08}", bits[2] % CODES) }
    }

    /// What somebody gives to open a link. What cannot be read is the key of no link: it is refused as a wrong one is.
    pub fn given(secret: &str, code: &str) -> Self {
        let code: String = code.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).take(64).collect();
        let (id, secret) = parse(secret).unwrap_or((Uuid::nil(), [0; 16]));
        Self { id: id.into(), secret, code }
    }

    /// As it is sent.
    pub fn secret(&self) -> String {
        format!("{}{:032x}", self.id.0.simple(), u128::from_be_bytes(self.secret))
    }

    /// As it is told.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is hashed to keep the secret: good for this link alone.
    pub fn secret_material(&self) -> Vec<u8> {
        [b"secret".as_slice(), self.id.0.as_bytes(), &self.secret].concat()
    }

    /// What is hashed to keep the code.
    pub fn code_material(&self) -> Vec<u8> {
        [b"code".as_slice(), self.id.0.as_bytes(), self.code.as_bytes()].concat()
    }
}

fn parse(text: &str) -> Option<(Uuid, [u8; 16])> {
    let hex = text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit());
    let (id, secret) = text.split_at_checked(32).filter(|_| hex)?;
    Some((Uuid::try_parse(id).ok()?, u128::from_str_radix(secret, 16).ok()?.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back_and_nothing_else_is() {
        let drawn = Keys::new(PartnerLinkId::draw(), [u64::MAX, 1, 7]);
        assert_eq!((drawn.code(), drawn.secret().len()), ("00000007", 64));
        let given = Keys::given(&drawn.secret(), " 0000-0007");
        assert_eq!((given.secret_material(), given.code_material()), (drawn.secret_material(), drawn.code_material()));
        for wrong in ["", "é", &drawn.secret()[1..], &format!("{}0", drawn.secret()), &"+".repeat(64), &"x".repeat(64)]
        {
            assert!(Keys::given(wrong, "").id.0.is_nil(), "{wrong}");
        }
        assert!(!format!("{drawn:?}").contains("00000007"));
    }

    #[test]
    fn a_link_lives_thirty_days_at_most() {
        let now = DateTime::UNIX_EPOCH;
        for (seconds, good) in [(-1, false), (0, false), (1, true), (30 * 86_400, true), (30 * 86_400 + 1, false)] {
            assert_eq!(ensure_life(now + TimeDelta::seconds(seconds), now).is_ok(), good, "{seconds}");
        }
    }
}
