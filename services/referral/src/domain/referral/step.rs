//! A step, as the timeline keeps it, and the referral after it.

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    ids::{Child, OrganisationId, ResourceId, SiteId},
    parties::Capacity,
    text_enum,
};

use super::{Deadlines, Priority, Referral, State};

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
        self.state.turn().map(|(capacity, _)| match capacity {
            Capacity::Referrer => self.referrer,
            // A coordinator watches, and never has a turn.
            Capacity::Provider | Capacity::Coordinator => self.provider,
        })
    }

    /// Until when the step after `state` is due, from `now` on; none when it is closed.
    pub fn due(&self, state: State, deadlines: &Deadlines, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let within = match state {
            State::ResultsAvailable if self.facts.critical => deadlines.first_contact(Priority::Stat),
            State::Submitted | State::NoShow | State::AppointmentCancelled | State::ResultsAvailable => {
                deadlines.first_contact(self.priority)
            }
            State::AwaitingInformation => deadlines.information(),
            State::Waitlisted | State::Accepted => deadlines.appointment(),
            State::Scheduled => {
                let end = self.facts.appointment_end.unwrap_or(now);
                return Some(end.max(now) + AFTER_APPOINTMENT);
            }
            State::Attended => deadlines.result(),
            State::CancelRequested => deadlines.cancellation_answer(),
            _ => return None,
        };
        Some(now + within)
    }

    /// The referral after a step, in its next version.
    #[must_use]
    pub fn after(self, state: State, step: &Step, deadlines: &Deadlines, now: DateTime<Utc>) -> Self {
        let due_time = self.due(state, deadlines, now);
        Self {
            previous: Some(self.state),
            state,
            version: self.version + 1,
            due_time,
            overdue: false,
            reason: step.reason.clone(),
            alternative: step.alternative.map(|place| place.to_string()).unwrap_or_default(),
            update_time: now,
            ..self
        }
    }
}
