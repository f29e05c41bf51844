//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

pub mod analyses;
pub mod attachment;
mod cancel_line;
mod draft;
mod line;
mod place;
pub mod report;
mod result;
mod revoke;
mod sample;

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::{OrderId, OrganisationId, PatientId, ReferralId},
    text_enum,
};

pub use cancel_line::cancel_line;
pub use draft::{Ask, draft};
pub use line::{Line, LineCancelReason, LineState};
pub use place::{Standing, may_ask, place};
pub use result::{Told, result};
pub use revoke::{restore, revoke};
pub use sample::{Sample, sample};

text_enum! {
    /// Where an order stands (FHIR ServiceRequest).
    pub enum State {
        /// Without lines that ask for anything.
        Draft = "draft",
        /// It has lines that wait for their verified result.
        Active = "active",
        /// All that it asks for is there.
        Completed = "completed",
        /// Withdrawn.
        Revoked = "revoked",
    }
}

/// What is asked for a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Where it stands.
    pub state: State,
    /// One more with each change.
    pub version: i64,
    /// The referral it serves.
    pub referral: ReferralId,
    /// That referral's number.
    pub referral_number: String,
    /// The patient's record, at the organisation that sent the referral; none when it was erased, or never told.
    pub patient: Option<PatientId>,
    /// Who is asked.
    pub provider: OrganisationId,
    /// What is asked.
    pub lines: Vec<Line>,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

impl Order {
    /// The order in its next version, standing where its lines say. One that was withdrawn stays so.
    fn moved(self, now: DateTime<Utc>) -> Self {
        let mut standing = self.lines.iter().filter(|line| line.stands()).peekable();
        let state = match self.state {
            State::Revoked => State::Revoked,
            _ if standing.peek().is_none() => State::Draft,
            _ if standing.all(|line| line.state == LineState::Resulted && line.verified) => State::Completed,
            _ => State::Active,
        };
        Self { state, version: self.version + 1, update_time: now, ..self }
    }
}

/// Whether a referral in this status of the vocabulary has ended.
pub fn is_closed(status: &str) -> bool {
    const CLOSED: [&str; 7] =
        ["completed", "rejected", "redirected", "cancelled", "expired", "failed", "entered-in-error"];
    CLOSED.contains(&status)
}

/// Whether a referral in this status asks for nothing any more. A completed one keeps its order: what comes late still belongs
/// to it.
pub fn is_withdrawn(status: &str) -> bool {
    is_closed(status) && status != "completed"
}

fn line_of(lines: &mut [Line], number: i32) -> Result<&mut Line> {
    let missing = || {
        let violation = Violation::new("no-such-line", format!("the order has no line {number}"));
        Error::refused("LINE_REFUSED", vec![violation])
    };
    lines.iter_mut().find(|line| line.number == number).ok_or_else(missing)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// All that is needed to ask.
    pub(crate) const OPEN: Standing = Standing { referral_is_open: true, may_ask: true };

    /// A draft.
    pub(crate) fn order() -> Order {
        let (referral, provider) = (ReferralId::draw(), OrganisationId::draw());
        let ask = Ask { referral, referral_number: "n".into(), patient: None, provider };
        draft(OrderId::draw(), ask, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn only_ends_are_closed() {
        assert!(is_closed("rejected") && is_closed("completed"));
        assert!(!is_closed("submitted") && !is_closed("results-available") && !is_closed("cancel-requested"));
    }
}
