//! Messages: that something happened, never what is the matter with a patient.

use chrono::{DateTime, Utc};
use relais_platform::ids::{MessageId, OrganisationId, ReferralId, UnitId};
use relais_platform::text_enum;

use super::Mark;

text_enum! {
    /// What happened.
    pub enum Kind {
        /// A referral was addressed to the recipient.
        ReferralSubmitted = "referral-submitted",
        /// A referral went a step on.
        ReferralMoved = "referral-moved",
        /// The next step of a referral was not taken in time.
        ReferralOverdue = "referral-overdue",
        /// A place was offered to a referral that waits, or was not taken.
        ReferralOffered = "referral-offered",
        /// A referral was cancelled.
        ReferralCancelled = "referral-cancelled",
        /// Somebody who is no party opened the file of a referral of the recipient.
        GlassBroken = "glass-broken",
        /// An appointment was booked, booked anew, kept or missed.
        AppointmentMoved = "appointment-moved",
        /// An appointment was given up.
        AppointmentCancelled = "appointment-cancelled",
        /// A version of a report is laid before the recipient.
        ReportReleased = "report-released",
        /// The same, of one that must be read at once.
        CriticalReleased = "critical-released",
        /// A report of the recipient's was put aside.
        ReportQuarantined = "report-quarantined",
        /// A version of a report of the recipient's was taken note of.
        ReportAcknowledged = "report-acknowledged",
        /// So much of what a line of a convention commits is reserved or used.
        MeterThreshold = "meter-threshold",
        /// What was to go out cannot.
        DeliveryFailed = "delivery-failed",
        /// What was to go out was tried in vain.
        DeliveryParked = "delivery-parked",
    }
}

/// Whose inbox: a unit's, or an organisation's as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mailbox {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The unit; none for the organisation's own.
    pub unit: Option<UnitId>,
}

/// What a message tells besides its kind: codes and times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where what it is about stands: a code of the vocabulary.
    pub state: String,
    /// The code of the reason.
    pub reason: String,
    /// When the appointment begins.
    pub start_time: Option<DateTime<Utc>>,
    /// The zone in which that is read.
    pub time_zone: String,
    /// Until when the next step is, or was, due.
    pub due_time: Option<DateTime<Utc>>,
    /// The appointment, report, delivery or convention, by its resource name.
    pub about: String,
    /// What people call that, where it is no person's: a convention.
    pub about_name: String,
    /// Whether it takes back what was told before.
    pub undone: bool,
}

/// A message in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose inbox.
    pub mailbox: Mailbox,
    /// What happened.
    pub kind: Kind,
    /// What else it tells.
    pub facts: Facts,
    /// The referral it is about, when it is about one.
    pub referral: Option<ReferralId>,
    /// That referral's number.
    pub referral_number: String,
    /// When it came in.
    pub create_time: DateTime<Utc>,
    /// Who read it first.
    pub read: Option<Mark>,
    /// Who took charge of it.
    pub acknowledged: Option<Mark>,
}
