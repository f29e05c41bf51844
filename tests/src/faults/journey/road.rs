//! Which steps a journey takes: drawn before it begins, and changed where somebody else was faster.

use std::collections::VecDeque;

use fastrand::Rng;
use relais_proto::results::v1::report::Status;

use crate::faults::{laboratory::Who, record::Deed};

/// What is looked up on the way; asked again until it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// The open appointment of the referral.
    Appointment,
    /// A slot with a free seat.
    Slot,
    /// The order of the referral.
    Order,
    /// The last version of the report, as the prescriber reads it.
    Report,
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Changes something.
    Do(Deed),
    /// Looks something up.
    Ask(Question),
}

use Deed::{
    Accept, Acknowledge, Arrive, Book, Cancel, Enter, Fulfil, Hold, Place, Report, Reschedule, Revise, Sample, Submit,
    WalkIn,
};
use Step::{Ask, Do};

impl Step {
    /// Who makes the call, at which service.
    pub(super) fn place(self) -> (Who, &'static str) {
        match self {
            Do(Enter) => (Who::Desk, "referral"),
            Do(Submit) => (Who::Prescriber, "referral"),
            Do(Accept) => (Who::Reception, "referral"),
            Ask(Question::Slot) | Do(Hold | Book | Reschedule | Cancel) => (Who::Desk, "scheduling"),
            Ask(Question::Appointment) | Do(WalkIn | Arrive | Fulfil) => (Who::Reception, "scheduling"),
            Ask(Question::Order | Question::Report) | Do(Place | Acknowledge) => (Who::Prescriber, "results"),
            Do(Sample | Report(_) | Revise(_)) => (Who::Biologist, "results"),
        }
    }

    /// All places at which somebody makes calls.
    pub(super) fn places() -> [(Who, &'static str); 7] {
        let steps = [Do(Enter), Do(Submit), Do(Accept), Do(Book), Do(Arrive), Do(Place), Do(Sample)];
        steps.map(Self::place)
    }

    /// What is done instead of what was refused by these rules, because others were faster; none when it should not have
    /// been refused.
    pub(super) fn instead(self, rules: &[String], random: &mut Rng) -> Option<Vec<Step>> {
        let refused = |rule: &str| rules.iter().any(|found| found == rule);
        match self {
            // Scheduling will hear of it.
            Do(Hold | Book | WalkIn) if refused("referral-not-accepted") => Some(vec![self]),
            Do(Hold | Book | Reschedule) if refused("slot-full") || refused("hold-expired") => {
                Some(vec![Ask(Question::Slot), self])
            }
            Do(WalkIn) if refused("no-walk-in-seat") => Some([book(random), vec![Do(Arrive)]].concat()),
            _ => None,
        }
    }
}

/// Draws a whole journey.
pub(super) fn draw(random: &mut Rng) -> VecDeque<Step> {
    let mut road = vec![Do(Enter), Do(Submit), Do(Accept), Ask(Question::Appointment)];
    if random.u8(..5) == 0 {
        road.push(Do(WalkIn));
    } else {
        road.extend(book(random));
        if random.u8(..4) == 0 {
            road.extend([Ask(Question::Slot), Do(Reschedule)]);
        }
        if random.u8(..4) == 0 {
            road.extend([Do(Cancel), Ask(Question::Appointment)]);
            road.extend(book(random));
        }
        road.push(Do(Arrive));
    }
    road.extend([Do(Fulfil), Ask(Question::Order), Do(Place), Do(Sample)]);
    road.extend(report(random));
    road.into()
}

/// Held first, or booked at once.
fn book(random: &mut Rng) -> Vec<Step> {
    let held = random.bool().then_some(Do(Hold));
    [Ask(Question::Slot)].into_iter().chain(held).chain([Do(Book)]).collect()
}

/// One to three versions; the last is read and acknowledged, and so are some of the others.
fn report(random: &mut Rng) -> Vec<Step> {
    let partial = random.bool().then_some(Status::Partial);
    let corrected = (random.u8(..3) == 0).then_some(Status::Corrected);
    let statuses: Vec<Status> = partial.into_iter().chain([Status::Final]).chain(corrected).collect();
    let mut steps = Vec::new();
    for (n, status) in statuses.iter().enumerate() {
        steps.push(Do(if n == 0 { Report(*status) } else { Revise(*status) }));
        if n + 1 == statuses.len() || random.bool() {
            steps.extend([Ask(Question::Report), Do(Acknowledge)]);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken_by_some_and_the_same_seed_leads_the_same_way() {
        let draw_all = |seed| {
            let mut random = Rng::with_seed(seed);
            (0..200).map(|_| draw(&mut random)).collect::<Vec<_>>()
        };
        let all = draw_all(1);
        assert_eq!(all, draw_all(1));
        let steps = [Do(WalkIn), Do(Hold), Do(Reschedule), Do(Cancel), Do(Revise(Status::Corrected)), Do(Acknowledge)];
        assert!(steps.iter().all(|step| all.iter().any(|road| road.contains(step))));
        assert!(all.iter().all(|road| road.back() == Some(&Do(Acknowledge))));
        let twice = all.iter().filter(|road| road.iter().filter(|step| **step == Do(Book)).count() == 2);
        assert!(twice.count() > 0, "nobody books again");
    }

    #[test]
    fn who_comes_too_late_looks_for_another_seat_and_nothing_else_is_excused() {
        let mut random = Rng::with_seed(1);
        let mut instead = |step: Step, rule: &str| step.instead(&[rule.to_string()], &mut random);
        assert_eq!(instead(Do(Hold), "slot-full"), Some(vec![Ask(Question::Slot), Do(Hold)]));
        assert_eq!(instead(Do(Book), "referral-not-accepted"), Some(vec![Do(Book)]));
        assert_eq!(instead(Do(WalkIn), "no-walk-in-seat").and_then(|steps| steps.last().copied()), Some(Do(Arrive)));
        assert_eq!(instead(Do(Arrive), "slot-full"), None);
        assert_eq!(instead(Do(Book), "patient-busy"), None);
    }
}
