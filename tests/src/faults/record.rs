//! What the clients were told: the one side of the check.

use relais_proto::results::v1::report::Status;
use uuid::Uuid;

/// How a request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answer<T> {
    /// Not yet: there was no answer, or the one that the same request may be sent again.
    #[default]
    None,
    /// Acknowledged: this is promised.
    Done(T),
    /// Refused, with the code and what was said.
    Refused(String),
}

impl<T> Answer<T> {
    /// What was acknowledged.
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }
}

/// A request to submit a referral, and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// Its `request_id`, the same each time it was sent.
    pub request: Uuid,
    /// The referral that was acknowledged.
    pub answer: Answer<Uuid>,
    /// What this request, or the one that cancels, was answered later, where that was something else.
    pub others: Vec<String>,
    /// A request to cancel that referral, if one was made.
    pub cancel: Option<Cancel>,
    /// What was read and answered: each is in the audit, whatever was killed.
    pub reads: Vec<Reading>,
    /// Of which patient, under the convention that commits little; none: under the one that commits plenty.
    pub scarce: Option<usize>,
    /// How often it was sent.
    pub sent: usize,
    /// Whether it was refused because nothing was left.
    pub used_up: bool,
}

/// A patient's data that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// By which RPC.
    pub rpc: &'static str,
    /// In a trace of its own, by which the audit names it.
    pub trace: String,
}

/// A request to cancel a referral that was acknowledged.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    /// Its `request_id`.
    pub request: Uuid,
    /// How it was answered.
    pub answer: Answer<()>,
}

/// What a request on a journey is to do: the call of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Opens a patient's record.
    Enter,
    /// Submits the referral.
    Submit,
    /// Accepts it.
    Accept,
    /// Holds a seat.
    Hold,
    /// Books a seat: the one that is held, or one of a slot.
    Book,
    /// Moves the booking to another slot.
    Reschedule,
    /// Gives the booking up.
    Cancel,
    /// Takes a seat for whoever comes without a booking.
    WalkIn,
    /// Notes that the patient is there.
    Arrive,
    /// Notes that the patient was seen.
    Fulfil,
    /// Asks for analyses.
    Place,
    /// Notes that samples were taken.
    Sample,
    /// Hands in the first version of a report.
    Report(Status),
    /// Hands in its next version.
    Revise(Status),
    /// Takes note of a version.
    Acknowledge,
}

impl Deed {
    /// Whether it gives the appointment a seat, or takes it away.
    pub fn moves_seat(self) -> bool {
        matches!(self, Self::Book | Self::Reschedule | Self::Cancel | Self::WalkIn)
    }

    /// The status of the version that it hands in.
    pub fn reports(self) -> Option<Status> {
        match self {
            Self::Report(status) | Self::Revise(status) => Some(status),
            _ => None,
        }
    }
}

/// What an answer told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Of which resource; of none in the answer to an acknowledgement.
    pub id: Uuid,
    /// In which version.
    pub version: i64,
    /// The slot in which an appointment stands.
    pub slot: Option<Uuid>,
}

/// A request on a journey, and what became of it.
#[derive(Debug, Clone)]
pub struct Act {
    /// What it is to do.
    pub deed: Deed,
    /// Its `request_id`, the same each time it was sent. A report concludes with it.
    pub request: Uuid,
    /// How often it was sent.
    pub sent: usize,
    /// How it was answered first.
    pub answer: Answer<Told>,
    /// Whether a refusal is part of the game: somebody else was faster.
    pub expected: bool,
    /// What it was answered later, where that was something else.
    pub others: Vec<String>,
}

impl Act {
    /// A request that was not sent yet.
    pub fn new(deed: Deed) -> Self {
        let (request, answer) = (Uuid::now_v7(), Answer::None);
        Self { deed, request, sent: 0, answer, expected: false, others: Vec::new() }
    }
}

/// A referral that is taken on: accepted, booked, seen, reported.
#[derive(Debug, Clone, Default)]
pub struct Journey {
    /// Its requests, in the order in which they were first sent.
    pub acts: Vec<Act>,
    /// Reports that were read.
    pub reads: Vec<Reading>,
}

impl Journey {
    /// What was acknowledged, in order.
    pub fn done(&self) -> impl Iterator<Item = (&Act, &Told)> {
        self.acts.iter().filter_map(|act| act.answer.done().map(|told| (act, told)))
    }
}

/// All requests of a run.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// In no order.
    pub submissions: Vec<Submission>,
    /// In no order.
    pub journeys: Vec<Journey>,
}
