//! The waiting list: who comes first, and what becomes of an offer.
//!
//! A place that is given back on a used-up line belongs to whoever waits for it, in this order: who let fewer offers pass, then by
//! priority, within a priority continuing care first, then who came before. The place is kept for that referral from the offer on, until
//! somebody accepts it, declines it, or the offer's time is over; then the next one's turn has come. Whoever let an offer pass goes
//! behind everybody who did not, and rests for as long as an offer stands: a place is not offered at once again to who just
//! had it.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::ReferralId;
use uuid::Uuid;

use super::{Cause, Deadlines, NextStep, Priority, Referral, State, Step};
use crate::domain::convention::Line;

/// Why a referral stands on the list with an offer, as a code.
pub const PLACE_OFFERED: &str = "place-offered";
/// Why it stands there without one any more: nobody answered.
pub const OFFER_LAPSED: &str = "offer-lapsed";
/// The same: somebody said no.
pub const OFFER_DECLINED: &str = "offer-declined";

/// The turn of a referral on the waiting list: whoever is less comes first. The database orders by the same, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// How many offers it let pass.
    pub passed: i32,
    /// Its priority, and within it continuing care: see [`rank`].
    pub rank: i16,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// Its id, where all else is alike.
    pub id: Uuid,
}

impl Turn {
    /// Of one that comes onto the list.
    pub fn new(referral: &Referral, continuing: bool, since: DateTime<Utc>) -> Self {
        Self { passed: 0, rank: rank(referral.priority, continuing), since, id: referral.id.0 }
    }

    /// Behind everybody who let fewer offers pass, and behind those who let as many pass before.
    #[must_use]
    pub fn behind(self, now: DateTime<Utc>) -> Self {
        Self { passed: self.passed + 1, since: now, ..self }
    }

    /// Whether the patient is one whom the provider cared for before.
    pub fn is_continuing(self) -> bool {
        self.rank % 2 == 0
    }
}

/// The rank of a referral, the lowest first.
pub fn rank(priority: Priority, continuing: bool) -> i16 {
    let of_priority = match priority {
        Priority::Stat => 0,
        Priority::Asap => 2,
        Priority::Urgent => 4,
        Priority::Routine => 6,
    };
    of_priority + i16::from(!continuing)
}

/// A referral on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub referral: ReferralId,
    /// Its turn.
    pub turn: Turn,
    /// The meter of the line, period and place that it waits for; none: it waits for its provider alone.
    pub meter: Option<Uuid>,
    /// Until when nothing is offered to it.
    pub rest_until: Option<DateTime<Utc>>,
    /// Until when it has an offer.
    pub offer_expire_time: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Whether a place of this meter may be offered to it.
    pub fn is_open_to(&self, meter: Uuid, now: DateTime<Utc>) -> bool {
        self.meter == Some(meter)
            && self.offer_expire_time.is_none()
            && self.rest_until.is_none_or(|rested| rested <= now)
    }

    /// After it let an offer pass.
    #[must_use]
    pub fn passed(self, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        let rest_until = Some(now + deadlines.offer());
        Self { turn: self.turn.behind(now), rest_until, offer_expire_time: None, ..self }
    }
}

/// What a step means for the waiting list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnList {
    /// Nothing.
    Same,
    /// The referral comes onto it.
    Joins,
    /// It let its offer pass.
    Passes,
    /// It leaves it.
    Leaves,
}

/// What a step that led to this referral means for the waiting list.
pub fn on_list(moved: &Referral, cause: Cause) -> OnList {
    let waits = moved.state == State::Waitlisted;
    match (moved.previous == Some(State::Waitlisted), waits) {
        _ if matches!(cause, Cause::Overdue | Cause::Judgement) => OnList::Same,
        (false, true) => OnList::Joins,
        (true, true) if moved.offer_expire_time.is_none() => OnList::Passes,
        (true, false) => OnList::Leaves,
        (true, true) | (false, false) => OnList::Same,
    }
}

/// The day whose place a referral waits for: the one that was wished for; once the period of that is over, the present one.
pub fn waits_for(line: &Line, dates: (NaiveDate, NaiveDate), wished: NaiveDate, today: NaiveDate) -> NaiveDate {
    if line.period(dates, wished).1 < today { today } else { wished }
}

impl Referral {
    /// The referral with an offer, in its next version: whoever provides has to decide before it lapses.
    #[must_use]
    pub fn offered(self, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        let until = Some(now + deadlines.offer());
        let step = Step::new(Cause::Automatic, PLACE_OFFERED);
        let waiting = self.after(State::Waitlisted, &step, deadlines, now);
        Self { next_step: Some(NextStep::Decide), due_time: until, offer_expire_time: until, ..waiting }
    }

    /// The referral whose offer lapsed, in its next version, with the step that led there.
    pub(super) fn lapsed(self, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        self.after(State::Waitlisted, &lapse(), deadlines, now)
    }
}

/// The step by which an offer lapses.
pub fn lapse() -> Step {
    Step::new(Cause::Silence, OFFER_LAPSED)
}

/// The step by which a place is offered.
pub fn offer() -> Step {
    Step::new(Cause::Automatic, PLACE_OFFERED)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::convention::Per;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn turn(passed: i32, priority: Priority, continuing: bool, hour: i64) -> Turn {
        Turn { passed, rank: rank(priority, continuing), since: at(hour), id: Uuid::nil() }
    }

    #[test]
    fn priority_counts_then_continuing_care_then_who_came_before() {
        use self::Priority::{Asap, Routine, Stat, Urgent};
        let ordered = [
            turn(0, Stat, true, 9),
            turn(0, Stat, false, 1),
            turn(0, Asap, true, 9),
            turn(0, Asap, false, 8),
            turn(0, Urgent, true, 7),
            turn(0, Urgent, false, 1),
            turn(0, Urgent, false, 2),
            turn(0, Routine, true, 8),
            turn(0, Routine, true, 9),
            turn(0, Routine, false, 0),
            // Whoever let an offer pass comes after all who did not.
            turn(1, Stat, true, 0),
            turn(1, Routine, false, 0),
            turn(2, Stat, true, 0),
        ];
        let mut turns = ordered;
        turns.reverse();
        turns.sort_unstable();
        assert_eq!(turns, ordered);
        assert!(ordered[0].is_continuing() && !ordered[1].is_continuing());
        let last = Turn { id: Uuid::max(), ..ordered[0] };
        assert!(ordered[0] < last && last < ordered[1], "the id decides where all else is alike");
    }

    #[test]
    fn whoever_let_an_offer_pass_goes_behind_and_rests() {
        let deadlines = Deadlines::default();
        let (meter, stat) = (Uuid::now_v7(), turn(0, Priority::Stat, true, 0));
        let first = Waiting {
            referral: ReferralId::draw(),
            turn: stat,
            meter: Some(meter),
            rest_until: None,
            offer_expire_time: None,
        };
        assert!(first.is_open_to(meter, at(1)) && !first.is_open_to(Uuid::now_v7(), at(1)));
        let offered = Waiting { offer_expire_time: Some(at(73)), ..first };
        assert!(!offered.is_open_to(meter, at(1)), "one offer at a time");
        let passed = offered.passed(&deadlines, at(73));
        assert!(passed.turn > turn(0, Priority::Routine, false, 1_000));
        assert_eq!((passed.turn.since, passed.rest_until), (at(73), Some(at(73 + 72))));
        assert!(!passed.is_open_to(meter, at(144)) && passed.is_open_to(meter, at(145)));
        assert!(!Waiting { meter: None, ..passed }.is_open_to(meter, at(145)));
    }

    #[test]
    fn a_place_is_waited_for_in_the_period_of_the_wish_and_then_in_the_present_one() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dates = (day("2026-01-01"), day("2026-12-31"));
        let monthly = Line { per: Per::Month, ..Line::counted_acts("places") };
        let waits = |wished, today| waits_for(&monthly, dates, day(wished), day(today));
        assert_eq!(waits("2026-05-20", "2026-03-01"), day("2026-05-20"));
        assert_eq!(waits("2026-05-20", "2026-05-31"), day("2026-05-20"));
        assert_eq!(waits("2026-05-20", "2026-06-01"), day("2026-06-01"));
        let term = Line { per: Per::Term, ..monthly };
        assert_eq!(waits_for(&term, dates, day("2026-05-20"), day("2026-06-01")), day("2026-05-20"));
    }
}
