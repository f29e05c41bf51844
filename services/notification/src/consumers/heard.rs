//! Events as happenings. A name that is none parks the message: INVALID_ARGUMENT.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use relais_platform::{
    Result,
    calls::Check,
    ids::{Child, OrganisationId, PractitionerId, ReferralId, UnitId},
    parties::{self, Capacity, Party},
};
use relais_proto::events::v1;

use crate::{
    app::{Remind, WithdrawReminders},
    domain::{Facts, Happening, Kind, Mailbox},
};

/// What every event of a referral tells.
struct Read {
    check: Check,
    referral: ReferralId,
    number: String,
    parties: Vec<Party>,
}

impl Read {
    fn new(referral: &str, number: &str, parties: &[v1::Party]) -> Self {
        let mut check = Check::default();
        let referral = check.name("referral", referral);
        let parties = parties::of_event(&mut check, parties);
        Self { check, referral, number: number.into(), parties }
    }

    fn organisation(&mut self, field: &str, name: &str) -> Option<OrganisationId> {
        (!name.is_empty()).then(|| self.check.name(field, name))
    }

    fn time(&mut self, field: &str, told: Option<&Timestamp>) -> Option<DateTime<Utc>> {
        time(&mut self.check, field, told)
    }

    fn of(self, kind: Kind, facts: Facts) -> Result<Happening> {
        let Self { check, referral, number, parties } = self;
        let (actor, owner, addressee, patient) = (None, None, None, None);
        check.finish().map(|()| Happening {
            kind,
            facts,
            referral: Some(referral),
            number,
            parties,
            patient,
            actor,
            by_itself: false,
            owner,
            addressee,
        })
    }
}

fn time(check: &mut Check, field: &str, told: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    let told = told?;
    let at = u32::try_from(told.nanos).ok().and_then(|nanos| DateTime::from_timestamp(told.seconds, nanos));
    check.ensure(field, at.is_some(), "must be a time");
    at
}

pub(super) fn referral_submitted(told: &v1::ReferralSubmitted) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let patient = (!told.patient.is_empty()).then(|| read.check.name("patient", &told.patient));
    Ok(Happening { patient, ..read.of(Kind::ReferralSubmitted, Facts::default())? })
}

pub(super) fn referral_moved(told: &v1::ReferralMoved) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let actor = read.organisation("organisation", &told.organisation);
    let due_time = read.time("due_time", told.due_time.as_ref());
    let (state, reason, undone) = (told.state.clone(), told.reason.clone(), told.undone);
    let facts = Facts { state, reason, due_time, undone, ..Facts::default() };
    // An offer that was not taken changes no state.
    let offer = match (told.state.as_str(), told.reason.as_str()) {
        ("waitlisted", "offer-lapsed") => "lapsed",
        ("waitlisted", "offer-declined") => "declined",
        _ => return Ok(Happening { actor, ..read.of(Kind::ReferralMoved, facts)? }),
    };
    let facts = Facts { state: offer.into(), ..facts };
    Ok(Happening { actor, by_itself: actor.is_none(), ..read.of(Kind::ReferralOffered, facts)? })
}

/// The place is kept until the due time.
pub(super) fn referral_offered(told: &v1::ReferralOffered) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let due_time = read.time("expire_time", told.expire_time.as_ref());
    let facts = Facts { state: "made".into(), due_time, ..Facts::default() };
    Ok(Happening { by_itself: true, ..read.of(Kind::ReferralOffered, facts)? })
}

pub(super) fn referral_overdue(told: &v1::ReferralOverdue) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let owner = read.organisation("owner", &told.owner);
    let due_time = read.time("due_time", told.due_time.as_ref());
    let facts = Facts { state: told.state.clone(), due_time, ..Facts::default() };
    Ok(Happening { owner, ..read.of(Kind::ReferralOverdue, facts)? })
}

pub(super) fn referral_cancelled(told: &v1::ReferralCancelled) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let actor = read.organisation("organisation", &told.organisation);
    let facts = Facts { reason: told.reason.clone(), ..Facts::default() };
    Ok(Happening { actor, ..read.of(Kind::ReferralCancelled, facts)? })
}

/// Who broke the glass stands in the audit.
pub(super) fn glass_broken(told: &v1::GlassBroken) -> Result<Happening> {
    let facts = Facts { reason: told.reason.clone(), ..Facts::default() };
    Read::new(&told.referral, &told.number, &told.parties).of(Kind::GlassBroken, facts)
}

/// A booking of somebody who stands at the counter is no news, nor is it that a booking stands, or that the convention is asked whether
/// it may: what it says is, and that it takes long. Events from before bookings tell of no parties.
pub(super) fn appointment_moved(told: &v1::AppointmentMoved) -> Result<Option<Happening>> {
    let confirmed = told.confirmed && told.state == told.previous;
    let asks = told.state == "pending" && told.reason != "judgement-overdue";
    if told.parties.is_empty() || asks || told.state == "booked" && (told.walk_in || confirmed) {
        return Ok(None);
    }
    let by_itself = told.previous == "pending" && told.organisation.is_empty();
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let actor = read.organisation("organisation", &told.organisation);
    let start_time = read.time("start_time", told.start_time.as_ref());
    let (state, reason) = (told.state.clone(), told.reason.clone());
    let (time_zone, about) = (told.time_zone.clone(), told.appointment.clone());
    let facts = Facts { state, reason, start_time, time_zone, about, ..Facts::default() };
    Ok(Some(Happening { actor, by_itself, ..read.of(Kind::AppointmentMoved, facts)? }))
}

/// One that ended with its referral is no news besides that, nor is one whose place another takes. One whose day the convention refused
/// is, though nobody gave it up.
pub(super) fn appointment_cancelled(told: &v1::AppointmentCancelled) -> Result<Option<Happening>> {
    let by_itself = told.organisation.is_empty();
    let silent = by_itself && ["", "referral-ended", "superseded"].contains(&told.reason.as_str());
    if told.parties.is_empty() || silent {
        return Ok(None);
    }
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let actor = read.organisation("organisation", &told.organisation);
    let start_time = read.time("start_time", told.start_time.as_ref());
    let (reason, about) = (told.reason.clone(), told.appointment.clone());
    let facts = Facts { reason, start_time, about, ..Facts::default() };
    Ok(Some(Happening { actor, by_itself, ..read.of(Kind::AppointmentCancelled, facts)? }))
}

/// To the unit's inbox; where no unit is named, to that of the organisation whose practitioner is to read it, or who sent the patient.
pub(super) fn report_released(told: &v1::ReportReleased) -> Result<Happening> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let unit: Option<Child<UnitId>> = read.check.optional_child("unit", &told.unit);
    let reader: Option<Child<PractitionerId>> = read.check.optional_child("practitioner", &told.practitioner);
    let addressee = match (unit, reader) {
        (Some(unit), _) => Some(Mailbox { organisation: unit.organisation, unit: Some(unit.id) }),
        (None, Some(reader)) => Some(Mailbox { organisation: reader.organisation, unit: None }),
        (None, None) => sender(&read.parties).map(|sender| Mailbox { unit: None, ..sender }),
    };
    let (state, reason, about) = (told.status.clone(), told.substitute_for.clone(), told.report.clone());
    let facts = Facts { state, reason, about, ..Facts::default() };
    let kind = if told.critical { Kind::CriticalReleased } else { Kind::ReportReleased };
    Ok(Happening { addressee, ..read.of(kind, facts)? })
}

pub(super) fn report_acknowledged(told: &v1::ReportAcknowledged) -> Result<Happening> {
    let facts = Facts { state: told.status.clone(), about: told.report.clone(), ..Facts::default() };
    Read::new(&told.referral, &told.number, &told.parties).of(Kind::ReportAcknowledged, facts)
}

/// It belongs to no referral: whoever sent it alone is told.
pub(super) fn report_quarantined(told: &v1::ReportQuarantined) -> Result<Happening> {
    let mut check = Check::default();
    let organisation = check.name("organisation", &told.organisation);
    check.finish()?;
    Ok(Happening {
        kind: Kind::ReportQuarantined,
        facts: Facts { reason: told.reason.clone(), about: told.report.clone(), ..Facts::default() },
        referral: None,
        number: String::new(),
        parties: Vec::new(),
        patient: None,
        actor: None,
        by_itself: false,
        owner: None,
        addressee: Some(Mailbox { organisation, unit: None }),
    })
}

/// It is about a line of a convention and no referral: the reason names the line, the state its threshold in percent.
pub(super) fn meter_threshold_crossed(told: &v1::MeterThresholdCrossed) -> Result<Happening> {
    let mut check = Check::default();
    let parties = parties::of_event(&mut check, &told.parties);
    check.finish()?;
    let (reason, about) = (told.line_id.clone(), told.convention.clone());
    let about_name = told.convention_display_name.clone();
    let facts = Facts { state: told.percent.to_string(), reason, about, about_name, ..Facts::default() };
    Ok(Happening {
        kind: Kind::MeterThreshold,
        facts,
        referral: None,
        number: String::new(),
        parties,
        patient: None,
        actor: None,
        by_itself: false,
        owner: None,
        addressee: None,
    })
}

/// The reminder that an event asks for; none when nobody sent the patient.
pub(super) fn reminder(told: &v1::AppointmentReminderDue) -> Result<Option<Remind>> {
    let mut read = Read::new(&told.referral, &told.number, &told.parties);
    let appointment = read.check.name("appointment", &told.appointment);
    let start_time = read.time("start_time", told.start_time.as_ref());
    read.check.ensure("start_time", start_time.is_some(), "is required");
    let Read { check, referral, number, parties } = read;
    check.finish()?;
    let time_zone = told.time_zone.clone();
    Ok(sender(&parties).zip(start_time).map(|(sender, start_time)| Remind {
        appointment,
        referral,
        number,
        sender,
        start_time,
        time_zone,
    }))
}

/// When the patient is expected: at the time of a booked appointment, and of one that is kept or missed not any more.
pub(super) fn expected(told: &v1::AppointmentMoved) -> Result<WithdrawReminders> {
    let mut check = Check::default();
    let appointment = check.name("appointment", &told.appointment);
    let start_time = time(&mut check, "start_time", told.start_time.as_ref());
    let expected = start_time.filter(|_| told.state == "booked");
    check.finish().map(|()| WithdrawReminders { appointment, expected })
}

/// Of an appointment that was given up.
pub(super) fn not_expected(told: &v1::AppointmentCancelled) -> Result<WithdrawReminders> {
    let mut check = Check::default();
    let appointment = check.name("appointment", &told.appointment);
    check.finish().map(|()| WithdrawReminders { appointment, expected: None })
}

fn sender(parties: &[Party]) -> Option<Mailbox> {
    let sender = parties.iter().find(|party| party.capacity == Capacity::Referrer)?;
    Some(Mailbox { organisation: sender.organisation, unit: sender.unit })
}
