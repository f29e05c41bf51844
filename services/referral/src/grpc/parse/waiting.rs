//! Requests of the waiting list: a page begins after somebody's turn.

use chrono::{TimeZone, Utc};
use relais_platform::{Error, Result, calls::Check, error::Violation, ids::ConventionId};
use uuid::Uuid;

use crate::domain::referral::Turn;

/// Whose list.
pub(in crate::grpc) fn of_convention(parent: &str) -> Result<ConventionId> {
    let mut check = Check::default();
    let id = check.name("parent", parent);
    check.finish().map(|()| id)
}

/// After whose turn a page begins; `open` opens tokens that were given for this call.
pub(in crate::grpc) fn after_turn(token: &str, open: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Option<Turn>> {
    if token.is_empty() {
        return Ok(None);
    }
    let turn = open(token).and_then(|bytes| turn_from_bytes(&bytes));
    let rule = Violation::new("page_token", "was not given for this call");
    turn.map(Some).ok_or_else(|| Error::invalid(vec![rule]))
}

/// A turn, for a token.
pub(in crate::grpc) fn turn_to_bytes(turn: &Turn) -> Vec<u8> {
    let since = turn.since.timestamp_micros().to_be_bytes();
    [&turn.passed.to_be_bytes()[..], &turn.rank.to_be_bytes(), &since, turn.id.as_bytes()].concat()
}

fn turn_from_bytes(bytes: &[u8]) -> Option<Turn> {
    let (passed, bytes) = bytes.split_first_chunk::<4>()?;
    let (rank, bytes) = bytes.split_first_chunk::<2>()?;
    let (since, id) = bytes.split_first_chunk::<8>()?;
    let since = Utc.timestamp_micros(i64::from_be_bytes(*since)).single()?;
    let (passed, rank) = (i32::from_be_bytes(*passed), i16::from_be_bytes(*rank));
    Some(Turn { passed, rank, since, id: Uuid::from_slice(id).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_read_back_and_what_is_none_is_refused() {
        let since = Utc.timestamp_micros(1_800_000_000_123_456).unwrap();
        let turn = Turn { passed: 3, rank: 7, since, id: Uuid::now_v7() };
        let bytes = turn_to_bytes(&turn);
        assert_eq!(after_turn("token", |_| Some(bytes.clone())).unwrap(), Some(turn));
        assert_eq!(after_turn("", |_| None).unwrap(), None);
        assert!(after_turn("token", |_| None).is_err());
        assert!(after_turn("token", |_| Some(bytes[1..].to_vec())).is_err());
    }
}
