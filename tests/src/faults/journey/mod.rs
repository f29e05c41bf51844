//! One client that takes referrals on: it leads several journeys at once, one call after the other, sends again what was not
//! answered, and writes down what it was told.

mod calls;
mod known;
mod road;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use fastrand::Rng;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::{
    call::{Refusal, Reply},
    client::Phase,
    fleet::Fleet,
    laboratory::{Laboratory, Who},
    record::{Act, Answer, Deed, Journey, Reading, Told},
    tally::{Counted, Tally},
};
use crate::Session;
use calls::Caller;
use known::{Answered, Known};
use road::{Question, Step};

/// Between two calls of one client.
const PACE: Duration = Duration::from_millis(100);
/// Journeys of one client at once.
const AT_ONCE: usize = 5;

/// A journey that is under way.
#[derive(Default)]
struct Traveller {
    journey: Journey,
    road: VecDeque<Step>,
    known: Known,
    /// What will be known at the next step: until then, a request that is sent again is the same.
    learnt: Option<Known>,
    due: Option<Instant>,
    /// The request of the step at hand, once it was sent.
    act: Option<usize>,
    /// How often the step at hand was sent before.
    attempt: usize,
}

impl Traveller {
    /// Whether something was asked that must be answered.
    fn waits(&self) -> bool {
        self.act.is_some_and(|act| self.journey.acts[act].answer == Answer::None)
    }
}

pub(super) struct Guide {
    lab: Arc<Laboratory>,
    /// Everybody at each instance of the services that they call.
    sessions: BTreeMap<(Who, &'static str), Vec<Session>>,
    random: Rng,
    tally: Arc<Tally>,
    phase: watch::Receiver<Phase>,
    travellers: Vec<Traveller>,
    arrived: Vec<Journey>,
}

impl Guide {
    pub(super) fn new(
        fleet: &Fleet,
        lab: Arc<Laboratory>,
        random: Rng,
        tally: Arc<Tally>,
        phase: watch::Receiver<Phase>,
    ) -> Result<Self> {
        let at = |(who, service)| Ok(((who, service), lab.sessions(fleet, who, service)?));
        let sessions = Step::places().into_iter().map(at).collect::<Result<_>>()?;
        Ok(Self { lab, sessions, random, tally, phase, travellers: Vec::new(), arrived: Vec::new() })
    }

    /// Until all is answered that was asked; gives back what was told.
    pub(super) async fn run(mut self) -> Vec<Journey> {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let phase = *self.phase.borrow();
            if phase != Phase::Load {
                let waits = |traveller: &Traveller| phase == Phase::Finish && traveller.waits();
                let (waiting, others): (Vec<_>, Vec<_>) = self.travellers.drain(..).partition(waits);
                self.travellers = waiting;
                self.arrived.extend(others.into_iter().map(|traveller| traveller.journey));
                if self.travellers.is_empty() {
                    return self.arrived;
                }
            }
            if let Some(traveller) = self.next(phase) {
                self.lead(traveller).await;
            }
        }
    }

    /// Whose turn it is: somebody new, when nobody else's.
    fn next(&mut self, phase: Phase) -> Option<Traveller> {
        let now = Instant::now();
        let due = |traveller: &Traveller| phase != Phase::Load || traveller.due.is_none_or(|due| due <= now);
        let waiting = self.travellers.iter().enumerate().filter(|(_, traveller)| due(traveller));
        if let Some((first, _)) = waiting.min_by_key(|(_, traveller)| traveller.due) {
            return Some(self.travellers.swap_remove(first));
        }
        let room = phase == Phase::Load && self.travellers.len() < AT_ONCE;
        room.then(|| Traveller { road: road::draw(&mut self.random), ..Traveller::default() })
    }

    /// Makes the call of the step at hand.
    async fn lead(&mut self, mut traveller: Traveller) {
        let Some(step) = traveller.road.front().copied() else {
            return self.arrived.push(traveller.journey);
        };
        if let (Step::Do(deed), None) = (step, traveller.act) {
            traveller.act = Some(traveller.journey.acts.len());
            traveller.journey.acts.push(Act::new(deed));
        }
        self.tally.sent(traveller.attempt);
        let (began, trace) = (Instant::now(), Uuid::now_v7().simple().to_string());
        let reply = self.call(&mut traveller, step, &trace).await;
        match reply {
            Reply::Done(answered) => {
                self.tally.answered(began);
                self.answered(&mut traveller, step, &answered, trace);
            }
            Reply::Refused(refusal) => self.refused(&mut traveller, step, refusal),
            Reply::Again => {
                self.tally.unanswered(traveller.attempt);
                traveller.attempt += 1;
                traveller.due = self.within(200..1_500);
            }
        }
        self.travellers.push(traveller);
    }

    async fn call(&mut self, traveller: &mut Traveller, step: Step, trace: &str) -> Reply<Answered> {
        let patience = self.patience();
        let instances = self.sessions.get(&step.place()).map_or(&[][..], Vec::as_slice);
        // Each attempt goes to another instance than the one before.
        let session = instances.get((traveller.journey.acts.len() + traveller.attempt) % instances.len().max(1));
        let traced =
            session.and_then(|session| session.clone().traced(&format!("00-{trace}-00f067aa0ba902b7-01")).ok());
        let Some(session) = traced else { return Reply::Refused("nobody to call".into()) };
        let mut request = String::new();
        if let Some(act) = traveller.act.and_then(|act| traveller.journey.acts.get_mut(act)) {
            act.sent += 1;
            request = act.request.to_string();
        }
        Caller { session, lab: &self.lab, known: &traveller.known, request, patience }.make(step).await
    }

    fn answered(&mut self, traveller: &mut Traveller, step: Step, answered: &Answered, trace: String) {
        let mut known = traveller.known.clone();
        let told = known.learn(answered, &mut self.random);
        match (step, told) {
            (Step::Do(deed), Some(told)) => self.done(traveller, deed, told, known),
            (Step::Ask(question), Some(_)) if is_there(question, answered, &traveller.known) => {
                if question == Question::Report {
                    self.tally.count(Counted::Released);
                    traveller.journey.reads.push(Reading { rpc: "GetReport", trace });
                }
                traveller.learnt = Some(known);
                self.go_on(traveller);
            }
            // The day is full: nobody else is seen.
            (Step::Ask(Question::Slot), _) => traveller.road.clear(),
            _ => {
                traveller.attempt = 0;
                traveller.due = self.within(300..900);
            }
        }
    }

    fn done(&mut self, traveller: &mut Traveller, deed: Deed, told: Told, known: Known) {
        let Some(act) = traveller.act.and_then(|act| traveller.journey.acts.get_mut(act)) else { return };
        match &act.answer {
            Answer::None => {
                act.answer = Answer::Done(told);
                count(&self.tally, deed);
                traveller.learnt = Some(known);
                // A few requests are sent again although they were answered.
                if self.random.u8(..24) == 0 {
                    traveller.attempt += 1;
                    traveller.due = self.within(0..2_000);
                    return;
                }
            }
            Answer::Done(before) if *before == told => {}
            other => act.others.push(format!("{told:?}, not {other:?}")),
        }
        self.go_on(traveller);
    }

    /// The next step is at hand.
    fn go_on(&mut self, traveller: &mut Traveller) {
        traveller.road.pop_front();
        traveller.known = traveller.learnt.take().unwrap_or_else(|| traveller.known.clone());
        (traveller.act, traveller.attempt) = (None, 0);
        traveller.due = self.within(0..400);
    }

    fn refused(&mut self, traveller: &mut Traveller, step: Step, refusal: Refusal) {
        let instead = step.instead(&refusal.rules, &mut self.random);
        let Some(act) = traveller.act.and_then(|act| traveller.journey.acts.get_mut(act)) else {
            // A question that is refused is one about what is not there yet, or a fault that the check will find.
            traveller.attempt = 0;
            traveller.due = self.within(300..900);
            return;
        };
        if act.answer != Answer::None {
            act.others.push(refusal.said);
            return self.go_on(traveller);
        }
        (act.answer, act.expected) = (Answer::Refused(refusal.said), instead.is_some());
        self.go_on(traveller);
        let Some(instead) = instead else {
            self.tally.count(Counted::Refused);
            return traveller.road.clear();
        };
        // One that is only asked again came too early, and not too late.
        if instead.len() > 1 {
            self.tally.count(Counted::TooLate);
        } else {
            traveller.due = self.within(300..900);
        }
        if step == Step::Do(Deed::Book) {
            traveller.known.held = false;
        }
        instead.into_iter().rev().for_each(|step| traveller.road.push_front(step));
    }

    /// Most wait for two or three seconds, a few for next to nothing: what they asked goes on without them.
    fn patience(&mut self) -> Duration {
        let impatient = self.random.u8(..24) == 0;
        Duration::from_millis(if impatient { self.random.u64(1..40) } else { self.random.u64(2_000..3_000) })
    }

    fn within(&mut self, milliseconds: std::ops::Range<u64>) -> Option<Instant> {
        Some(Instant::now() + Duration::from_millis(self.random.u64(milliseconds)))
    }
}

/// Whether what was looked up is what was looked for: a report is read once its last version was released.
fn is_there(question: Question, answered: &Answered, known: &Known) -> bool {
    match (question, answered) {
        (Question::Report, Answered::Report(found)) => found.content.is_some() && found.version == known.version,
        _ => true,
    }
}

fn count(tally: &Tally, deed: Deed) {
    let counted = match deed {
        Deed::Submit => Counted::Submitted,
        Deed::Book | Deed::Reschedule | Deed::WalkIn => Counted::Booked,
        Deed::Cancel => Counted::GivenUp,
        Deed::Fulfil => Counted::Seen,
        Deed::Report(_) | Deed::Revise(_) => Counted::Reported,
        Deed::Acknowledge => Counted::Noted,
        _ => return,
    };
    tally.count(counted);
}
