//! Conventions: answers show what counts, also where the request left the usual.

use chrono::NaiveDate;
use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::convention::v1 as conventions;

use crate::domain::convention::{
    self, Acceptance, Bearer, Convention, Cover, Deadlines, Eligibility, Prescribers, Reason, Recipients, Role,
    ServiceTerm, Stage, Version,
};

/// A convention as it stands on a day.
pub(in crate::grpc) fn convention(value: Convention, day: NaiveDate) -> conventions::Convention {
    let standing = standing(value.stage(day));
    let run_off_until = date_to_proto(value.run_off_until());
    conventions::Convention {
        name: value.id.to_string(),
        display_name: value.display_name,
        state: state(value.state).into(),
        terms_version: value.terms_version,
        terms: Some(terms(value.terms)),
        signature_date: value.signature_date.map(date_to_proto),
        create_time: Some(time_to_proto(value.create_time)),
        etag: value.version.to_string(),
        renews: value.renews.map(|renewed| renewed.to_string()).unwrap_or_default(),
        chain: value.chain.to_string(),
        standing: standing.into(),
        effective_date: Some(date_to_proto(value.effective_date)),
        amendment: value.amendment.map(|open| version(*open)),
        last_day: Some(date_to_proto(value.last_day)),
        run_off_until: Some(run_off_until),
        reason: value.reason.map_or(conventions::convention::Reason::Unspecified, reason).into(),
        update_time: Some(time_to_proto(value.update_time)),
    }
}

pub(in crate::grpc) fn version(value: Version) -> conventions::ConventionVersion {
    conventions::ConventionVersion {
        version: value.number,
        effective_date: Some(date_to_proto(value.effective_date)),
        signature_date: value.signature_date.map(date_to_proto),
        terms: Some(terms(value.terms)),
    }
}

fn state(value: convention::State) -> conventions::convention::State {
    match value {
        convention::State::Draft => conventions::convention::State::Draft,
        convention::State::Signed => conventions::convention::State::Signed,
        convention::State::Suspended => conventions::convention::State::Suspended,
        convention::State::Terminated => conventions::convention::State::Terminated,
    }
}

fn standing(value: Stage) -> conventions::convention::Standing {
    match value {
        Stage::Draft => conventions::convention::Standing::Draft,
        Stage::NotYet => conventions::convention::Standing::NotYet,
        Stage::InForce => conventions::convention::Standing::InForce,
        Stage::Suspended => conventions::convention::Standing::Suspended,
        Stage::RunOff => conventions::convention::Standing::RunOff,
        Stage::Expired => conventions::convention::Standing::Expired,
        Stage::Renewed => conventions::convention::Standing::Renewed,
        Stage::Terminated => conventions::convention::Standing::Terminated,
    }
}

fn reason(value: Reason) -> conventions::convention::Reason {
    match value {
        Reason::Agreement => conventions::convention::Reason::Agreement,
        Reason::Breach => conventions::convention::Reason::Breach,
        Reason::Safety => conventions::convention::Reason::Safety,
        Reason::Funding => conventions::convention::Reason::Funding,
        Reason::Capacity => conventions::convention::Reason::Capacity,
        Reason::Law => conventions::convention::Reason::Law,
        Reason::Other => conventions::convention::Reason::Other,
    }
}

fn terms(value: convention::Terms) -> conventions::Terms {
    let conditions = value.conditions;
    let acceptance = match conditions.acceptance {
        Acceptance::ByHand => conventions::terms::Acceptance::ByHand,
        Acceptance::Automatic => conventions::terms::Acceptance::Automatic,
    };
    conventions::Terms {
        parties: value.parties.into_iter().map(party).collect(),
        services: value.services.into_iter().map(service).collect(),
        lines: value.lines.into_iter().map(super::line::line).collect(),
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
        exclusive: value.exclusive,
        // Bounded by the terms' own check.
        suppress_below: i32::try_from(conditions.suppress_below.0).unwrap_or(i32::MAX),
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
    let code = value.code;
    let code =
        conventions::Coding { system: code.system, version: code.version, code: code.code, display: code.display };
    conventions::Service { code: Some(code), bearer: bearer(value.bearer).into() }
}

/// Who bears the cost.
pub(super) fn bearer(value: Bearer) -> conventions::service::Bearer {
    match value {
        Bearer::Funder => conventions::service::Bearer::Funder,
        Bearer::ProviderInKind => conventions::service::Bearer::ProviderInKind,
        Bearer::Grant => conventions::service::Bearer::Grant,
        Bearer::Patient => conventions::service::Bearer::Patient,
    }
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
        offer_hours: value.offer_hours,
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
        patient_statuses: value.patient_statuses,
    }
}
