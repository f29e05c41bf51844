//! Pages by keyset (AIP-158): a token is opaque, sealed, and bound to the caller and to what was asked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeZone, Utc};
use uuid::Uuid;

use super::{Call, fingerprint::Fingerprints};
use crate::error::{Error, Result, Violation};

const DEFAULT_SIZE: i32 = 50;
const MAX_SIZE: i32 = 200;
const SEAL: usize = 32;

/// Where a page ends: lists run from the most recent to the oldest by time, then id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The time of the last row.
    pub time: DateTime<Utc>,
    /// The id of the last row.
    pub id: Uuid,
}

impl Position {
    /// Before the first row of a list: a time that no row has, which PostgreSQL can hold.
    fn start() -> Self {
        Self { time: Utc.timestamp_opt(253_370_764_800, 0).single().unwrap_or_default(), id: Uuid::max() }
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.time.timestamp_micros().to_be_bytes().as_slice(), self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = bytes.split_first_chunk::<8>()?;
        let time = Utc.timestamp_micros(i64::from_be_bytes(*micros)).single()?;
        Some(Self { time, id: Uuid::from_slice(id).ok()? })
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// At most so many rows, 1 to 200.
    pub size: i64,
    /// Rows after this one.
    pub after: Position,
}

impl PageRequest {
    /// How many rows to read: one more than the page, to know whether another page follows.
    pub fn limit(&self) -> i64 {
        self.size + 1
    }

    /// The page of rows read with [`PageRequest::limit`].
    pub fn page<T>(&self, mut rows: Vec<T>, position: impl Fn(&T) -> Position) -> Page<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| more).map(position);
        Page { rows, next }
    }
}

/// A page of rows.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page starts, when there is one.
    pub next: Option<Position>,
}

/// Opens and seals page tokens.
#[derive(Debug, Clone)]
pub struct Pages(Fingerprints);

impl Pages {
    /// With the keys of the settings.
    pub fn new(keys: Fingerprints) -> Self {
        Self(keys)
    }

    /// The page that a call asks for. `filter` is all else that was asked: a token goes with it alone.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a negative size, or a token that was not given for this caller, RPC and filter.
    pub fn request(&self, call: &Call, filter: &str, size: i32, token: &str) -> Result<PageRequest> {
        let invalid = |field: &str, rule: &str| Error::invalid(vec![Violation::new(field, rule)]);
        let size = match size {
            ..0 => return Err(invalid("page_size", "must not be negative")),
            0 => DEFAULT_SIZE,
            _ => size.min(MAX_SIZE),
        };
        let after = if token.is_empty() { Some(Position::start()) } else { self.position(call, filter, token) };
        let after = after.ok_or_else(|| invalid("page_token", "was not given for this call"))?;
        Ok(PageRequest { size: size.into(), after })
    }

    fn position(&self, call: &Call, filter: &str, token: &str) -> Option<Position> {
        Position::from_bytes(&self.open(call, filter, token)?)
    }

    /// The token of the page that starts at `next`; empty when there is none.
    pub fn token(&self, call: &Call, filter: &str, next: Option<Position>) -> String {
        next.map(|position| self.seal(call, filter, &position.to_bytes())).unwrap_or_default()
    }

    /// Makes an opaque token of any position, good for this caller, RPC and filter alone.
    pub fn seal(&self, call: &Call, filter: &str, position: &[u8]) -> String {
        let seal = self.0.seal_page(&bound(call, filter, position));
        URL_SAFE_NO_PAD.encode([position, &seal].concat())
    }

    /// The position of a token of [`Pages::seal`]; none when it was not given for this caller, RPC and filter.
    pub fn open(&self, call: &Call, filter: &str, token: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (position, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL)?)?;
        self.0.is_sealed(&bound(call, filter, position), seal).then(|| position.to_vec())
    }
}

fn bound(call: &Call, filter: &str, position: &[u8]) -> Vec<u8> {
    let scope = [call.rpc, &call.caller.scope(), filter];
    let mut bytes: Vec<u8> = scope.iter().flat_map(|part| [part.as_bytes(), &[0]].concat()).collect();
    bytes.extend(position);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{Caller, Rule, Sight};

    fn call(subject: &str) -> Call {
        let caller = Caller { issuer: "i".into(), subject: subject.into(), ..Caller::default() };
        let rule = Rule::everybody(Sight::Everybody);
        Call { caller, rule, ..Call::typed("/r") }
    }

    #[test]
    fn a_token_is_good_for_its_caller_and_filter_alone() -> Result<()> {
        let pages = Pages::new(Fingerprints::new("0123456789abcdef0123456789abcdef"));
        let position = Position { time: Utc.timestamp_micros(1_700_000_000_123_456).unwrap(), id: Uuid::now_v7() };
        let token = pages.token(&call("a"), "f", Some(position));
        assert_eq!(pages.request(&call("a"), "f", 10, &token)?.after, position);
        let edited = format!("B{}", &token[1..]);
        for (subject, filter, token) in [("b", "f", &token), ("a", "g", &token), ("a", "f", &edited)] {
            assert!(pages.request(&call(subject), filter, 10, token).is_err());
        }
        // The same person, acting for another organisation.
        let mut elsewhere = call("a");
        elsewhere.caller.organisation = Some(crate::ids::OrganisationId::draw());
        assert!(pages.request(&elsewhere, "f", 10, &token).is_err());
        Ok(())
    }

    #[test]
    fn sizes_are_coerced_or_refused() -> Result<()> {
        let pages = Pages::new(Fingerprints::new("0123456789abcdef0123456789abcdef"));
        assert_eq!(pages.request(&call("a"), "", 0, "")?.size, 50);
        assert_eq!(pages.request(&call("a"), "", 10_000, "")?.size, 200);
        assert!(pages.request(&call("a"), "", -1, "").is_err());
        Ok(())
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        let request = PageRequest { size: 2, after: Position::start() };
        let at = |n: &i64| Position { time: Utc.timestamp_opt(*n, 0).unwrap(), id: Uuid::max() };
        assert!(request.page(vec![3, 2], at).next.is_none());
        let page = request.page(vec![3, 2, 1], at);
        assert_eq!((page.rows.as_slice(), page.next), (&[3, 2][..], Some(at(&2))));
    }
}
