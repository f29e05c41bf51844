//! Deadlines: what becomes of a referral when its next step is not taken in time.

use chrono::{DateTime, Utc};

use super::{Cause, Deadlines, Referral, State, Step};

/// What a deadline comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// It was moved meanwhile, or the referral is closed: when to look again, if at all.
    NotYet(Option<DateTime<Utc>>),
    /// The step is overdue from now on: told once, and when silence ends it, if it does.
    Overdue(Box<Referral>, Option<DateTime<Utc>>),
    /// Nobody answered for as long again.
    Expired(Box<Referral>),
    /// Nobody took the place that was offered.
    Lapsed(Box<Referral>),
}

/// Judges the deadline of a referral at `now`.
pub fn judge(referral: Referral, deadlines: &Deadlines, now: DateTime<Utc>) -> Passed {
    let Some(due) = referral.due_time else { return Passed::NotYet(None) };
    let end = referral.state.expires().then(|| due + patience(&referral, deadlines));
    match (referral.overdue, end) {
        (false, _) if due > now => Passed::NotYet(Some(due)),
        (false, _) if referral.offer_expire_time.is_some() => Passed::Lapsed(Box::new(referral.lapsed(deadlines, now))),
        (false, end) => {
            let version = referral.version + 1;
            Passed::Overdue(Box::new(Referral { overdue: true, version, update_time: now, ..referral }), end)
        }
        (true, Some(end)) if end <= now => {
            let step = Step::new(Cause::Silence, "no-answer");
            Passed::Expired(Box::new(referral.after(State::Expired, &step, deadlines, now)))
        }
        (true, end) => Passed::NotYet(end),
    }
}

/// How long is waited after a deadline: as long again as the owner had.
fn patience(referral: &Referral, deadlines: &Deadlines) -> chrono::TimeDelta {
    match referral.state {
        State::AwaitingInformation => deadlines.information(),
        _ => deadlines.first_contact(referral.priority),
    }
}
