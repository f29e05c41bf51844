//! Makes answers of the domain's values.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use relais_platform::{calls::check::time_to_proto, ids::Child};
use relais_proto::notification::v1::{self, delivery, mail_preferences, message};

use crate::{
    domain::{Attempt, Class, Delivery, Kind, Language, Mailbox, Mark, Message, Preferences, Purpose, State},
    words,
};

pub(super) fn message(language: Language, value: Message) -> v1::Message {
    let text = words::sentence(language, &value);
    let (read_time, reader) = mark(value.read);
    let (acknowledge_time, acknowledger) = mark(value.acknowledged);
    v1::Message {
        name: value.id.to_string(),
        kind: kind(value.kind).into(),
        referral: value.referral.map(|referral| referral.to_string()).unwrap_or_default(),
        referral_number: value.referral_number,
        create_time: Some(time_to_proto(value.create_time)),
        state: value.facts.state,
        reason: value.facts.reason,
        start_time: time(value.facts.start_time),
        time_zone: value.facts.time_zone,
        due_time: time(value.facts.due_time),
        about: value.facts.about,
        undone: value.facts.undone,
        text,
        read_time,
        reader,
        acknowledge_time,
        acknowledger,
    }
}

fn kind(kind: Kind) -> message::Kind {
    match kind {
        Kind::ReferralSubmitted => message::Kind::ReferralSubmitted,
        Kind::ReferralMoved => message::Kind::ReferralMoved,
        Kind::ReferralOverdue => message::Kind::ReferralOverdue,
        Kind::ReferralOffered => message::Kind::ReferralOffered,
        Kind::ReferralCancelled => message::Kind::ReferralCancelled,
        Kind::GlassBroken => message::Kind::GlassBroken,
        Kind::AppointmentMoved => message::Kind::AppointmentMoved,
        Kind::AppointmentCancelled => message::Kind::AppointmentCancelled,
        Kind::ReportReleased => message::Kind::ReportReleased,
        Kind::CriticalReleased => message::Kind::CriticalReleased,
        Kind::ReportQuarantined => message::Kind::ReportQuarantined,
        Kind::ReportAcknowledged => message::Kind::ReportAcknowledged,
        Kind::MeterThreshold => message::Kind::MeterThreshold,
        Kind::DeliveryFailed => message::Kind::DeliveryFailed,
        Kind::DeliveryParked => message::Kind::DeliveryParked,
    }
}

fn time(at: Option<DateTime<Utc>>) -> Option<Timestamp> {
    at.map(time_to_proto)
}

fn mark(mark: Option<Mark>) -> (Option<Timestamp>, String) {
    mark.map_or((None, String::new()), |mark| (Some(time_to_proto(mark.at)), mark.by))
}

pub(super) fn preferences(value: Preferences) -> v1::MailPreferences {
    let class = |class: &Class| match class {
        Class::Work => mail_preferences::Class::Work.into(),
        Class::News => mail_preferences::Class::News.into(),
        Class::Critical => mail_preferences::Class::Critical.into(),
    };
    let etag = if value.version == 0 { String::new() } else { value.version.to_string() };
    v1::MailPreferences {
        email_classes: value.email.iter().map(class).collect(),
        language: value.language.map(|language| language.as_str().into()).unwrap_or_default(),
        time_zone: value.zone.name().into(),
        quiet_hours: value.quiet.map(|quiet| mail_preferences::QuietHours {
            start_minute: quiet.start.into(),
            end_minute: quiet.end.into(),
        }),
        digest_minute: value.digest.map(Into::into),
        etag,
    }
}

pub(super) fn delivery(value: Delivery, attempts: Vec<Attempt>) -> v1::Delivery {
    let purpose = match value.purpose {
        Purpose::Message => delivery::Purpose::Message,
        Purpose::Digest => delivery::Purpose::Digest,
        Purpose::Reminder => delivery::Purpose::Reminder,
    };
    let state = match value.state {
        State::Queued => delivery::State::Queued,
        State::Sent => delivery::State::Sent,
        State::Accepted => delivery::State::Accepted,
        State::Failed => delivery::State::Failed,
        State::Parked => delivery::State::Parked,
        State::Discarded => delivery::State::Discarded,
    };
    v1::Delivery {
        name: value.id.to_string(),
        purpose: purpose.into(),
        state: state.into(),
        reason: value.reason,
        mailbox: mailbox(value.mailbox),
        referral: value.referral.to_string(),
        referral_number: value.referral_number,
        create_time: Some(time_to_proto(value.create_time)),
        not_before_time: Some(time_to_proto(value.not_before)),
        attempts: attempts.into_iter().map(attempt).collect(),
        attempt_count: value.attempts,
    }
}

fn attempt(value: Attempt) -> delivery::Attempt {
    let (end_time, outcome) = (Some(time_to_proto(value.end_time)), value.outcome.as_str().into());
    delivery::Attempt { end_time, outcome, code: value.code }
}

pub(super) fn mailbox(mailbox: Mailbox) -> String {
    match mailbox.unit {
        Some(unit) => Child::new(mailbox.organisation, unit).to_string(),
        None => mailbox.organisation.to_string(),
    }
}
