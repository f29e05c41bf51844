//! Conventions: answers show what counts, also where the request left the usual.

use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::convention::v1 as conventions;

use crate::domain::convention::{
    self, Acceptance, Bearer, Convention, Cover, Deadlines, Eligibility, Prescribers, Recipients, Role, ServiceTerm,
};

pub(in crate::grpc) fn convention(value: Convention) -> conventions::Convention {
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
    let conditions = value.conditions;
    let acceptance = match conditions.acceptance {
        Acceptance::ByHand => conventions::terms::Acceptance::ByHand,
        Acceptance::Automatic => conventions::terms::Acceptance::Automatic,
    };
    conventions::Terms {
        parties: value.parties.into_iter().map(party).collect(),
        services: value.services.into_iter().map(service).collect(),
        lines: value.lines.into_iter().map(line).collect(),
        start_date: Some(date_to_proto(value.start_date)),
        end_date: Some(date_to_proto(value.end_date)),
        acceptance: acceptance.into(),
        deadlines: Some(deadlines(conditions.deadlines)),
        recipients: Some(recipients(conditions.recipients)),
        prescribers: Some(prescribers(conditions.prescribers)),
        eligibility: Some(eligibility(conditions.eligibility)),
        checklist: conditions.checklist,
        sites: value.sites.iter().map(ToString::to_string).collect(),
        run_off_days: conditions.run_off_days,
        thresholds: conditions.thresholds,
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

fn deadlines(value: Deadlines) -> conventions::Deadlines {
    conventions::Deadlines {
        first_contact_routine_hours: value.first_contact_routine_hours,
        first_contact_urgent_hours: value.first_contact_urgent_hours,
        first_contact_asap_hours: value.first_contact_asap_hours,
        first_contact_stat_hours: value.first_contact_stat_hours,
        appointment_days: value.appointment_days,
        result_days: value.result_days,
        information_days: value.information_days,
        cancellation_answer_days: value.cancellation_answer_days,
    }
}

fn recipients(value: Recipients) -> conventions::ResultRecipients {
    use conventions::result_recipients::Kind;
    let (kind, unit) = match value {
        Recipients::PrescriberOrSubstitute => (Kind::PrescriberOrSubstitute, String::new()),
        Recipients::UnitClinicians(unit) => (Kind::UnitClinicians, unit.to_string()),
    };
    conventions::ResultRecipients { kind: kind.into(), unit }
}

fn prescribers(value: Prescribers) -> conventions::Prescribers {
    conventions::Prescribers { required: value.required, register: value.register }
}

fn eligibility(value: Eligibility) -> conventions::Eligibility {
    use conventions::eligibility::HealthCover;
    let health_cover = match value.health_cover {
        Cover::Any => HealthCover::Any,
        Cover::None => HealthCover::None,
    };
    conventions::Eligibility {
        health_cover: health_cover.into(),
        declared_reasons: value.declared_reasons,
        patient_wish: value.patient_wish,
        territories: value.territories,
    }
}
