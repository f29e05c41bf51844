//! Meters: what a referral asks of a line as it goes through its states, and what stands on a line.
//!
//! A step never says "take" or "give back": it says what the referral asks for where it stands now, and the store brings the
//! meter to that. The same step twice, or a step that nobody thought of, then comes to the same.

use chrono::NaiveDate;
use relais_platform::ids::{Child, SiteId};

use super::{Convention, CountedFrom, Line, ReserveAt};
use crate::domain::referral::{Cause, State};

/// What a referral asks of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Places that are kept for it; none: as many as before.
    pub reserved: Option<i64>,
    /// What it used; none: what its reports tell.
    pub used: Option<i64>,
}

impl Want {
    const NOTHING: Self = Self { reserved: Some(0), used: Some(0) };
    /// What reports tell, and no more.
    pub const TOLD: Self = Self { reserved: None, used: None };
}

/// What a referral asks of a line in a state that it came to; none: what it has, it keeps.
pub fn wants(line: &Line, state: State, cause: Cause) -> Option<Want> {
    use State as S;
    let by_report = line.counted_from == CountedFrom::Report;
    let place = i64::from(line.committed.is_some());
    let kept = Want { reserved: Some(place), used: if by_report { None } else { Some(0) } };
    match state {
        // On a line that makes wait, places are taken as the list has it.
        S::Waitlisted if line.makes_wait() => None,
        // Given back with the step that refused it, a place is asked for again when that step is taken back.
        S::Submitted | S::AwaitingInformation | S::Waitlisted if cause == Cause::Undo => {
            // One that was taken by the acceptance is given back with it: who waits for the provider alone came to the list without one.
            let early = line.reserve_at == ReserveAt::Submission;
            Some(if early { kept } else { Want { reserved: Some(0), ..kept } })
        }
        S::Submitted | S::AwaitingInformation | S::Waitlisted => None,
        S::Accepted | S::Scheduled | S::NoShow | S::AppointmentCancelled | S::CancelRequested => Some(kept),
        S::Attended | S::ResultsAvailable if by_report => Some(kept),
        S::Completed if by_report => Some(Want { reserved: Some(0), ..kept }),
        S::Attended | S::ResultsAvailable | S::Completed => Some(Want { reserved: Some(0), used: Some(1) }),
        // What a report told of is a fact, whatever became of the referral.
        S::Rejected | S::Redirected | S::Cancelled | S::Expired | S::Failed | S::EnteredInError if by_report => {
            Some(Want { reserved: Some(0), used: None })
        }
        S::Rejected | S::Redirected | S::Cancelled | S::Expired | S::Failed | S::EnteredInError => Some(Want::NOTHING),
    }
}

/// What a referral asks of a line when it is submitted.
pub fn wants_at_submission(line: &Line) -> Option<Want> {
    let reserves = line.committed.is_some() && line.reserve_at == ReserveAt::Submission;
    let used = if line.counted_from == CountedFrom::Report { None } else { Some(0) };
    reserves.then_some(Want { reserved: Some(1), used })
}

/// What stands on a line in the period of a day, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The line.
    pub line_id: String,
    /// The period, by its first and last day.
    pub period: (NaiveDate, NaiveDate),
    /// The site; none: all together.
    pub site: Option<SiteId>,
    /// What was promised.
    pub committed: i64,
    /// What is promised to referrals that are under way.
    pub reserved: i64,
    /// What was given.
    pub used: i64,
    /// Whether the patient has a place already, which is shared.
    pub held: bool,
    /// Whether somebody waits for a place.
    pub awaited: bool,
}

impl Standing {
    /// Whether a day lies in its period.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.period.0 <= day && day <= self.period.1
    }

    /// What may still be reserved.
    pub fn left(&self) -> i64 {
        (self.committed - self.reserved - self.used).max(0)
    }
}

/// What stands on the lines that commit something, as far as it bears on referrals that wish for this day: on each line where nothing
/// was taken yet, all is left. `read` is what was found on their meters.
pub fn standings(convention: &Convention, date: NaiveDate, read: &[Found]) -> Vec<Standing> {
    let terms = &convention.terms;
    let dates = (terms.start_date, terms.end_date);
    let mut standings = Vec::new();
    for line in &terms.lines {
        let Some(committed) = line.committed else { continue };
        let period = line.period(dates, date);
        let places: Vec<Option<SiteId>> = match line.scope {
            super::LineScope::All => vec![None],
            super::LineScope::Site => terms.sites.iter().map(|site| Some(site.id)).collect(),
        };
        let mut unknown = places;
        for found in read.iter().filter(|found| found.line_id == line.line_id) {
            unknown.retain(|site| *site != found.site);
            // The promise is the meter's: later terms may have raised it.
            let committed = found.committed.unwrap_or(committed);
            let (line_id, site) = (line.line_id.clone(), found.site);
            let (reserved, used, held, awaited) = (found.reserved, found.used, found.held, found.awaited);
            standings.push(Standing { line_id, period, site, committed, reserved, used, held, awaited });
        }
        standings.extend(unknown.into_iter().map(|site| {
            let line_id = line.line_id.clone();
            Standing { line_id, period, site, committed, reserved: 0, used: 0, held: false, awaited: false }
        }));
    }
    standings
}

/// What was read of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The line.
    pub line_id: String,
    /// The site; none: all together.
    pub site: Option<SiteId>,
    /// What was promised; none: it is counted alone.
    pub committed: Option<i64>,
    /// What is promised to referrals that are under way.
    pub reserved: i64,
    /// What was given.
    pub used: i64,
    /// Whether the patient has a place already.
    pub held: bool,
    /// Whether somebody waits for a place.
    pub awaited: bool,
}

/// A threshold that was crossed upwards.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Crossing {
    /// The meter.
    pub meter: uuid::Uuid,
    /// The line.
    pub line_id: String,
    /// The first day of the period.
    pub period_start: NaiveDate,
    /// Its last day.
    pub period_end: NaiveDate,
    /// The site; nil: all together.
    pub site: SiteId,
    /// The threshold.
    pub percent: i32,
    /// What is committed.
    pub committed: i64,
    /// What is reserved.
    pub reserved: i64,
    /// What is used.
    pub used: i64,
    /// The version of the meter.
    pub version: i64,
}

/// The place at which a referral to a site counts on a line; none: all together, or none was named.
pub fn place_of(line: &Line, site: Option<Child<SiteId>>) -> Option<SiteId> {
    match line.scope {
        super::LineScope::All => None,
        super::LineScope::Site => site.map(|site| site.id),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{LineKind, OnExhausted},
        *,
    };

    fn firm(counted_from: CountedFrom) -> Line {
        Line { kind: LineKind::Firm, committed: Some(5), counted_from, ..Line::counted_acts("places") }
    }

    /// Every state says what it asks for: a place while something is still to be done, nothing once it came to nothing.
    #[test]
    fn a_place_is_kept_while_it_is_open_and_given_back_at_the_end() {
        let line = firm(CountedFrom::Attendance);
        for state in State::ALL {
            let asked = wants(&line, state, Cause::Call);
            match state {
                State::Submitted | State::AwaitingInformation | State::Waitlisted => assert_eq!(asked, None),
                State::Attended | State::ResultsAvailable | State::Completed => {
                    assert_eq!(asked, Some(Want { reserved: Some(0), used: Some(1) }), "{state:?}");
                }
                open if open.is_open() => {
                    assert_eq!(asked, Some(Want { reserved: Some(1), used: Some(0) }), "{state:?}");
                }
                closed => assert_eq!(asked, Some(Want::NOTHING), "{closed:?}"),
            }
        }
        let again = wants(&line, State::Submitted, Cause::Undo);
        assert_eq!(again, Some(Want { reserved: Some(1), used: Some(0) }));
        assert_eq!(wants(&line, State::Waitlisted, Cause::Undo), again);
        let late = Line { reserve_at: ReserveAt::Acceptance, ..line };
        for before in [State::Submitted, State::AwaitingInformation, State::Waitlisted] {
            assert_eq!(wants(&late, before, Cause::Undo), Some(Want::NOTHING), "{before:?}");
        }
        assert_eq!(wants_at_submission(&late), None);
        let waits = Line { on_exhausted: OnExhausted::Waitlist, ..late };
        assert_eq!(wants(&waits, State::Waitlisted, Cause::Undo), None);
    }

    #[test]
    fn what_reports_tell_is_never_taken_back_by_a_step() {
        let line = firm(CountedFrom::Report);
        for state in State::ALL {
            if let Some(asked) = wants(&line, state, Cause::Fact) {
                assert_eq!(asked.used, None, "{state:?}");
                assert_eq!(asked.reserved, Some(i64::from(state.is_open())), "{state:?}");
            }
        }
    }

    #[test]
    fn a_counted_line_reserves_nothing() {
        let line = Line { counted_from: CountedFrom::Attendance, ..Line::counted_acts("seen") };
        assert_eq!(wants_at_submission(&line), None);
        assert_eq!(wants(&line, State::Accepted, Cause::Call), Some(Want::NOTHING));
        assert_eq!(wants(&line, State::Attended, Cause::Fact), Some(Want { reserved: Some(0), used: Some(1) }));
    }
}
