//! Referrals: their number, their parties, their moves.

mod actions;
mod deadline;
mod facts;
mod judgement;
mod moves;
mod number;
mod open_file;
pub mod partner_link;
mod recipients;
mod redirect;
mod refusal;
mod reject;
mod review_file;
mod situation;
mod state;
mod step;
mod submit;
#[cfg(test)]
mod tests;
mod timeline;
mod undo;
mod waiting;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{
    AppointmentId, Child, ConventionId, OrganisationId, PatientId, PractitionerId, ReferralId, SiteId, UnitId,
};
use relais_platform::text_enum;

use super::convention::{Bearer, Deadlines};

pub use relais_platform::parties::{Capacity, Content, Party};

pub use actions::{Action, open_actions};
pub use deadline::{Passed, judge};
pub use facts::{
    AppointmentState, Facts, ReportStatus, Reported, Results, WORK_DONE, hear_appointment, hear_reading, hear_report,
};
pub use judgement::Judgement;
pub use moves::{Move, go};
pub use number::Number;
pub use open_file::{
    COUNTED, FileAccess, LONGEST, OpenReason, OpenedFile, USUAL, ensure_licensed, ensure_no_party, ensure_not_too_often,
};
pub use partner_link::PartnerLink;
pub use recipients::{Recipient, Sent, SubstituteFor};
pub use redirect::replacement;
pub use refusal::Refusal;
pub use reject::{CancelReason, Others, Reason, may_reject};
pub use review_file::{FileReview, HeldAccess, Verdict};
pub use situation::{HealthCover, Needs, Procedure, Situation};
pub use state::{NextStep, State};
pub use step::{Cause, Place, Step};
pub use submit::{Submission, submit};
pub use timeline::{Entry, Happened, Transition};
pub use undo::undo;
pub use waiting::{OFFER_DECLINED, OnList, PLACE_OFFERED, Turn, Waiting, lapse, offer, on_list, rank, waits_for};

text_enum! {
    /// How soon the patient is to be seen (FHIR request-priority).
    pub enum Priority {
        /// In the ordinary course.
        Routine = "routine",
        /// Before routine ones.
        Urgent = "urgent",
        /// As soon as possible.
        Asap = "asap",
        /// At once.
        Stat = "stat",
    }
}

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// The number people say and write.
    pub number: Number,
    /// Where it stands.
    pub state: State,
    /// One more with each change.
    pub version: i64,
    /// The convention that admits it.
    pub convention: ConventionId,
    /// The version of its terms.
    pub convention_version: i64,
    /// The service's system.
    pub service_system: String,
    /// The service's code.
    pub service_code: String,
    /// Who sends.
    pub referrer: OrganisationId,
    /// The unit that sends.
    pub referrer_unit: Option<UnitId>,
    /// The patient.
    pub patient: PatientId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The doctor who asks.
    pub prescriber: Option<Child<PractitionerId>>,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// How soon.
    pub priority: Priority,
    /// The patient's situation.
    pub situation: Situation,
    /// Who is a party.
    pub parties: Vec<Party>,
    /// The appointment opened for it.
    pub appointment: Option<AppointmentId>,
    /// What other services told of it.
    pub facts: Facts,
    /// Where it stood before its last step.
    pub previous: Option<State>,
    /// Why it stands where it does, as a code.
    pub reason: String,
    /// Where else the patient may be sent, by its name.
    pub alternative: String,
    /// What is to be done next; nothing when it is closed.
    pub next_step: Option<NextStep>,
    /// Until when the next step is due; none when it is closed.
    pub due_time: Option<DateTime<Utc>>,
    /// Whether that time has passed.
    pub overdue: bool,
    /// Who bears the cost of the service, by the terms that admitted it.
    pub bearer: Bearer,
    /// The organisation that pays, where one does.
    pub funder: Option<OrganisationId>,
    /// Since when the patient has been seen; none until then.
    pub done_time: Option<DateTime<Utc>>,
    /// The referral that this one replaces.
    pub replaces: Option<ReferralId>,
    /// The first and the last day on which its appointment may be booked without asking the convention again, by the clocks of the
    /// site; none: every day.
    pub booking_days: Option<(NaiveDate, NaiveDate)>,
    /// The sites at which, too, nobody need ask; none: every site.
    pub booking_sites: Option<Vec<SiteId>>,
    /// Until when a place is kept for it that is offered to it.
    pub offer_expire_time: Option<DateTime<Utc>>,
    /// When it was submitted.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

impl Referral {
    /// Where it counts: at the site of its appointment, as far as that is known; before, at the one that is wished for.
    pub fn place(&self) -> Option<Child<SiteId>> {
        let booked = self.facts.appointment_site.map(|site| Child::new(self.provider, site));
        booked.or(self.site)
    }

    /// What it shows to whoever sees these contents.
    #[must_use]
    pub fn showing(mut self, contents: &[Content]) -> Self {
        if !contents.contains(&Content::Social) {
            self.situation = self.situation.administrative();
        }
        if contents.contains(&Content::Service) {
            return self;
        }
        Self { service_system: String::new(), service_code: String::new(), ..self }
    }
}
