//! A step, as the timeline keeps it, and the referral after it.

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    ids::{Child, OrganisationId, ResourceId, SiteId},
    parties::Capacity,
    text_enum,
};

use super::{Deadlines, NextStep, Priority, Referral, Results, State};

/// What a provider has after an appointment to say whether the patient came.
const AFTER_APPOINTMENT: TimeDelta = TimeDelta::days(1);

text_enum! {
    /// What made a step.
    pub enum Cause {
        /// Somebody called.
        Call = "call",
        /// The convention accepts what it admits.
        Automatic = "automatic",
        /// Something happened at another service.
        Fact = "fact",
        /// The time for the next step passed; the state is the same.
        Overdue = "overdue",
        /// Nobody answered for too long.
        Silence = "silence",
        /// The step before was taken back.
        Undo = "undo",
        /// The convention judged the day of an appointment; the state is the same.
        Judgement = "judgement",
    }
}

/// Where else a patient may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An organisation.
    Organisation(OrganisationId),
    /// A site.
    Site(Child<SiteId>),
}

impl Place {
    /// Parses a resource name.
    pub fn parse(name: &str) -> Option<Self> {
        let site = || Child::parse(name).map(Self::Site);
        OrganisationId::parse(name).map(Self::Organisation).or_else(site)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Organisation(organisation) => organisation.fmt(f),
            Self::Site(site) => site.fmt(f),
        }
    }
}

/// What is kept of a step besides where it led.
#[derive(Debug, Clone)]
pub struct Step {
    /// What made it.
    pub cause: Cause,
    /// For which organisation somebody called, and as what.
    pub by: Option<(OrganisationId, Capacity)>,
    /// Why, as a code.
    pub reason: String,
    /// Where else the patient may be sent.
    pub alternative: Option<Place>,
    /// What was asked for.
    pub items: Vec<String>,
    /// What was said beside it.
    pub note: String,
}

impl Step {
    /// A step for a reason, by nobody.
    pub fn new(cause: Cause, reason: &str) -> Self {
        Self { cause, by: None, reason: reason.into(), alternative: None, items: Vec::new(), note: String::new() }
    }

    /// The same step, by somebody.
    #[must_use]
    pub fn by(self, organisation: OrganisationId, capacity: Capacity) -> Self {
        Self { by: Some((organisation, capacity)), ..self }
    }
}

impl Referral {
    /// Whose turn it is.
    pub fn owner(&self) -> Option<OrganisationId> {
        self.next_step.map(|step| match step.owner() {
            Capacity::Referrer => self.referrer,
            Capacity::Provider | Capacity::Coordinator => self.provider,
        })
    }

    /// The referral in a state: what is to be done next there, by whom, and until when from `now` on.
    #[must_use]
    pub fn standing(self, state: State, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        let next_step = state.next_step(&self.facts);
        let due_time = next_step.map(|step| self.due(step, deadlines, now));
        let done_time = state.is_done().then(|| self.done_time.unwrap_or(now));
        Self { state, next_step, due_time, overdue: false, done_time, offer_expire_time: None, ..self }
    }

    fn due(&self, step: NextStep, deadlines: &Deadlines, now: DateTime<Utc>) -> DateTime<Utc> {
        let within = match step {
            NextStep::Acknowledge if self.facts.results == Results::Critical => {
                return self.at_once(now + deadlines.first_contact(Priority::Stat));
            }
            NextStep::Decide | NextStep::BookAgain | NextStep::Acknowledge => deadlines.first_contact(self.priority),
            NextStep::ProvideInformation => deadlines.information(),
            NextStep::OfferPlace | NextStep::Book => deadlines.appointment(),
            NextStep::SeePatient => {
                let end = self.facts.appointment_end.unwrap_or(now);
                return end.max(now) + AFTER_APPOINTMENT;
            }
            NextStep::Report => deadlines.result(),
            NextStep::AnswerCancellation => deadlines.cancellation_answer(),
        };
        now + within
    }

    /// What must be read at once is due by `then`, and not put off by what comes to be read beside it.
    fn at_once(&self, then: DateTime<Utc>) -> DateTime<Utc> {
        let runs = self.next_step == Some(NextStep::Acknowledge) && !self.overdue;
        self.due_time.filter(|_| runs).map_or(then, |due| due.min(then))
    }

    /// The referral after a step, in its next version.
    #[must_use]
    pub fn after(self, state: State, step: &Step, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        let (previous, version) = (Some(self.state), self.version + 1);
        Self {
            previous,
            version,
            reason: step.reason.clone(),
            alternative: step.alternative.map(|place| place.to_string()).unwrap_or_default(),
            update_time: now,
            ..self.standing(state, deadlines, now)
        }
    }
}
