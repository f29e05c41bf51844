//! Makes answers of the domain's values.

mod patient;

pub(super) use patient::{dismissal, duplicate, export, found, hold, merge, patient};
pub(super) use relais_platform::calls::check::time_to_proto as time;
use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    ids::Child,
};
use relais_proto::{convention::v1 as conventions, network::v1 as networks, referral::v1 as referrals};

use crate::domain::{
    convention::{self, Bearer, Convention, Role, ServiceTerm},
    network::{Identifier, Organisation, Practitioner, Site, Unit, UnitKind},
    referral::{self, Capacity, Priority, Referral},
};

pub(super) fn organisation(value: Organisation) -> networks::Organisation {
    networks::Organisation {
        name: value.id.to_string(),
        display_name: value.display_name,
        country_code: value.country_code,
        identifiers: value.identifiers.into_iter().map(identifier).collect(),
        create_time: Some(time_to_proto(value.create_time)),
    }
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
    }
}

pub(super) fn site(value: Site) -> networks::Site {
    networks::Site {
        name: value.name.to_string(),
        display_name: value.display_name,
        time_zone: value.time_zone,
        create_time: Some(time_to_proto(value.create_time)),
    }
}

pub(super) fn practitioner(value: Practitioner) -> networks::Practitioner {
    networks::Practitioner {
        name: value.name.to_string(),
        display_name: value.display_name,
        registration: Some(identifier(value.registration)),
        create_time: Some(time_to_proto(value.create_time)),
    }
}

fn identifier(value: Identifier) -> networks::Identifier {
    networks::Identifier { system: value.system, value: value.value }
}

pub(super) fn convention(value: Convention) -> conventions::Convention {
    let state = match value.state {
        convention::State::Draft => conventions::convention::State::Draft,
        convention::State::Signed => conventions::convention::State::Signed,
    };
    conventions::Convention {
        name: value.id.to_string(),
        display_name: value.display_name,
        state: state.into(),
        terms_version: value.terms_version,
        terms: Some(terms(value.terms)),
        signature_date: value.signature_date.map(date_to_proto),
        create_time: Some(time_to_proto(value.create_time)),
        etag: value.version.to_string(),
    }
}

fn terms(value: convention::Terms) -> conventions::Terms {
    let line = |line: convention::Line| conventions::Line {
        line_id: line.line_id,
        measure: conventions::line::Measure::Acts.into(),
        kind: conventions::line::Kind::Counted.into(),
    };
    conventions::Terms {
        parties: value.parties.into_iter().map(party).collect(),
        services: value.services.into_iter().map(service).collect(),
        lines: value.lines.into_iter().map(line).collect(),
        start_date: Some(date_to_proto(value.start_date)),
        end_date: Some(date_to_proto(value.end_date)),
    }
}

fn party(value: convention::Party) -> conventions::Party {
    let role = match value.role {
        Role::Referrer => conventions::party::Role::Referrer,
        Role::Provider => conventions::party::Role::Provider,
        Role::Funder => conventions::party::Role::Funder,
        Role::Coordinator => conventions::party::Role::Coordinator,
    };
    conventions::Party { organisation: value.organisation.to_string(), role: role.into() }
}

fn service(value: ServiceTerm) -> conventions::Service {
    let bearer = match value.bearer {
        Bearer::Funder => conventions::service::Bearer::Funder,
        Bearer::ProviderInKind => conventions::service::Bearer::ProviderInKind,
        Bearer::Grant => conventions::service::Bearer::Grant,
        Bearer::Patient => conventions::service::Bearer::Patient,
    };
    let code = value.code;
    let code =
        conventions::Coding { system: code.system, version: code.version, code: code.code, display: code.display };
    conventions::Service { code: Some(code), bearer: bearer.into() }
}

pub(super) fn referral(value: Referral) -> referrals::Referral {
    let (system, code) = (value.service_system, value.service_code);
    // Without sight of clinical content it is not told at all.
    let service = (!code.is_empty()).then(|| conventions::Coding { system, code, ..Default::default() });
    referrals::Referral {
        name: value.id.to_string(),
        number: value.number.to_string(),
        state: state(value.state).into(),
        convention: value.convention.to_string(),
        convention_version: value.convention_version,
        service,
        patient: value.patient.to_string(),
        provider: value.provider.to_string(),
        site: value.site.map(|site| site.to_string()).unwrap_or_default(),
        prescriber: value.prescriber.map(|prescriber| prescriber.to_string()).unwrap_or_default(),
        requested_date: Some(date_to_proto(value.requested_date)),
        priority: priority(value.priority).into(),
        parties: value.parties.into_iter().map(referral_party).collect(),
        appointment: value.appointment.map(|appointment| appointment.to_string()).unwrap_or_default(),
        create_time: Some(time_to_proto(value.create_time)),
        update_time: Some(time_to_proto(value.update_time)),
        etag: value.version.to_string(),
    }
}

fn state(value: referral::State) -> referrals::referral::State {
    match value {
        referral::State::Submitted => referrals::referral::State::Submitted,
        referral::State::Cancelled => referrals::referral::State::Cancelled,
    }
}

pub(super) fn transition(value: referral::Transition) -> referrals::ReferralTransition {
    referrals::ReferralTransition {
        referral: value.referral.to_string(),
        version: value.version,
        state: state(value.state).into(),
        reason: value.reason,
        time: Some(time_to_proto(value.time)),
        actor: value.actor,
    }
}

fn priority(value: Priority) -> referrals::referral::Priority {
    match value {
        Priority::Routine => referrals::referral::Priority::Routine,
        Priority::Urgent => referrals::referral::Priority::Urgent,
        Priority::Asap => referrals::referral::Priority::Asap,
        Priority::Stat => referrals::referral::Priority::Stat,
    }
}

fn referral_party(value: referral::Party) -> referrals::ReferralParty {
    let capacity = match value.capacity {
        Capacity::Referrer => referrals::referral_party::Capacity::Referrer,
        Capacity::Provider => referrals::referral_party::Capacity::Provider,
        Capacity::Coordinator => referrals::referral_party::Capacity::Coordinator,
    };
    let unit = value.unit.map(|unit| Child::new(value.organisation, unit).to_string());
    referrals::ReferralParty {
        organisation: value.organisation.to_string(),
        unit: unit.unwrap_or_default(),
        capacity: capacity.into(),
    }
}
