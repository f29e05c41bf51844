//! What a client knows of a journey: told by one answer, needed for a later request.

use fastrand::Rng;
use relais_platform::ids::parse_uuid;
use relais_proto::{
    referral::v1::{Patient, Referral},
    results::v1::{Order, Report},
    scheduling::v1::{Appointment, Slot, appointment::State},
};

use crate::faults::record::Told;

/// An answer, as far as the journey goes on by it.
#[derive(Debug)]
pub(super) enum Answered {
    /// The patient's record.
    Patient(Patient),
    /// The referral.
    Referral(Box<Referral>),
    /// The appointment.
    Appointment(Appointment),
    /// All appointments of the referral.
    Appointments(Vec<Appointment>),
    /// Free slots, the earliest first.
    Slots(Vec<Slot>),
    /// The order.
    Order(Order),
    /// All orders of the referral.
    Orders(Vec<Order>),
    /// The report.
    Report(Report),
    /// This version was acknowledged.
    Acknowledged(i64),
}

impl Answered {
    /// The referral, the largest of them.
    pub(super) fn referral(found: Referral) -> Self {
        Self::Referral(Box::new(found))
    }
}

/// What is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub patient: String,
    pub referral: String,
    pub number: String,
    pub appointment: String,
    /// The slot that the appointment has.
    pub seat: String,
    /// Whether that is held, and not booked yet.
    pub held: bool,
    /// The slot that is wanted.
    pub slot: String,
    pub order: String,
    pub report: String,
    pub version: i64,
}

impl Known {
    /// Takes an answer over; says what it told. None: what was asked for is not there yet.
    pub(super) fn learn(&mut self, answered: &Answered, random: &mut Rng) -> Option<Told> {
        match answered {
            Answered::Patient(found) => {
                self.patient.clone_from(&found.name);
                told(&found.name, &found.etag, "")
            }
            Answered::Referral(found) => {
                self.referral.clone_from(&found.name);
                self.number.clone_from(&found.number);
                told(&found.name, &found.etag, "")
            }
            Answered::Appointment(found) => self.learn_appointment(found),
            Answered::Appointments(all) => self.learn_appointment(all.iter().find(|found| is_open(found))?),
            Answered::Slots(found) => {
                // One of the first that others want, too.
                let mut free = found.iter().filter(|slot| slot.name != self.seat);
                let slot = free.nth(usize::from(random.u8(..8) == 0))?;
                self.slot.clone_from(&slot.name);
                Some(Told::default())
            }
            Answered::Order(found) => self.learn_order(found),
            Answered::Orders(found) => self.learn_order(found.first()?),
            Answered::Report(found) => {
                self.report.clone_from(&found.name);
                self.version = found.version;
                Some(Told { version: found.version, ..told(&found.name, "", "")? })
            }
            Answered::Acknowledged(version) => Some(Told { version: *version, ..Told::default() }),
        }
    }

    fn learn_appointment(&mut self, found: &Appointment) -> Option<Told> {
        self.appointment.clone_from(&found.name);
        self.seat.clone_from(&found.slot);
        self.held = found.state() == State::Pending;
        told(&found.name, &found.etag, &found.slot)
    }

    fn learn_order(&mut self, found: &Order) -> Option<Told> {
        self.order.clone_from(&found.name);
        told(&found.name, &found.etag, "")
    }
}

fn is_open(found: &Appointment) -> bool {
    ![State::Cancelled, State::Noshow, State::EnteredInError].contains(&found.state())
}

fn told(name: &str, etag: &str, slot: &str) -> Option<Told> {
    let id = |name: &str| name.rsplit('/').next().and_then(parse_uuid);
    // Of a resource without an etag in its answers, the version counts no changes.
    Some(Told { id: id(name)?, version: etag.parse().unwrap_or_default(), slot: id(slot) })
}
