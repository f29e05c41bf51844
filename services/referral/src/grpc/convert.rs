//! Makes answers of the domain's values.

mod admission;
mod convention;
mod line;
mod patient;
mod recipient;
mod referral;
mod site;
mod statement;
mod usage;
mod waiting;

pub(super) use admission::checked;
pub(super) use convention::{convention, version as convention_version};
pub(super) use patient::{dismissal, duplicate, export, found, hold, merge, patient};
pub(super) use recipient::{reached, recipient};
pub(super) use referral::{entry, referral, transition};
pub(super) use relais_platform::calls::check::time_to_proto as time;
use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::network::v1 as networks;
pub(super) use site::site;
pub(super) use statement::{rendered, statement};
pub(super) use usage::{recount, usage, usage_entry};
pub(super) use waiting::waiting;

use crate::domain::network::{
    Contact, Identifier, Organisation, Practitioner, Registration, RegistrationEnd, Unit, UnitKind,
};

pub(super) fn organisation(value: Organisation) -> networks::Organisation {
    networks::Organisation {
        name: value.id.to_string(),
        display_name: value.display_name,
        country_code: value.country_code,
        identifiers: value.identifiers.into_iter().map(identifier).collect(),
        create_time: Some(time_to_proto(value.create_time)),
        contact: value.contact.map(contact),
    }
}

pub(super) fn contact(value: Contact) -> networks::Contact {
    networks::Contact { email: value.email, phone: value.phone, language: value.language.as_str().into() }
}

pub(super) fn unit(value: Unit) -> networks::Unit {
    let kind = match value.kind {
        UnitKind::Desk => networks::unit::Kind::Desk,
        UnitKind::MedicalService => networks::unit::Kind::MedicalService,
        UnitKind::CareCentre => networks::unit::Kind::CareCentre,
    };
    networks::Unit {
        name: value.name.to_string(),
        display_name: value.display_name,
        kind: kind.into(),
        create_time: Some(time_to_proto(value.create_time)),
        contact: value.contact.map(contact),
    }
}

pub(super) fn practitioner(value: Practitioner) -> networks::Practitioner {
    networks::Practitioner {
        name: value.name.to_string(),
        display_name: value.display_name,
        registration: Some(identifier(value.registration)),
        create_time: Some(time_to_proto(value.create_time)),
        registrations: value.registrations.into_iter().map(registration).collect(),
    }
}

pub(super) fn registration(value: Registration) -> networks::Registration {
    use networks::registration::EndReason;
    let end_reason = match value.end {
        None => EndReason::Unspecified,
        Some((_, RegistrationEnd::StruckOff)) => EndReason::StruckOff,
        Some((_, RegistrationEnd::Ended)) => EndReason::Ended,
    };
    networks::Registration {
        name: value.name.to_string(),
        identifier: Some(identifier(value.identifier)),
        start_date: value.start.map(date_to_proto),
        end_date: value.end.map(|(end, _)| date_to_proto(end)),
        end_reason: end_reason.into(),
        create_time: Some(time_to_proto(value.create_time)),
        etag: value.version.to_string(),
    }
}

fn identifier(value: Identifier) -> networks::Identifier {
    networks::Identifier { system: value.system, value: value.value }
}
