//! Answers of referrals and of what became of them.

use relais_platform::{
    calls::check::{date_to_proto, time_to_proto},
    ids::Child,
};
use relais_proto::{
    convention::v1::Coding,
    referral::v1::{self, referral_transition, timeline_entry},
};

use crate::domain::referral::{
    Capacity, Cause, Entry, Happened, HealthCover, Needs, NextStep, Party, Priority, Procedure, Referral, State,
    Transition,
};

pub(in crate::grpc) fn referral(value: Referral) -> v1::Referral {
    let owner = value.owner().map(|owner| owner.to_string()).unwrap_or_default();
    let (system, code) = (value.service_system, value.service_code);
    // Without sight of clinical content it is not told at all.
    let service = (!code.is_empty()).then(|| Coding { system, code, ..Default::default() });
    v1::Referral {
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
        needs: Some(needs(value.situation.needs)),
        health_cover: health_cover(value.situation.health_cover).into(),
        declared_reason: value.situation.declared_reason,
        documents: value.situation.documents,
        patient_wish: value.situation.patient_wish,
        territory: value.situation.territory,
        patient_status: value.situation.patient_status,
        owner,
        next_step: next_step(value.next_step).into(),
        due_time: value.due_time.map(time_to_proto),
        overdue: value.overdue,
        reason: value.reason,
        alternative: value.alternative,
        replaces: value.replaces.map(|replaced| replaced.to_string()).unwrap_or_default(),
        procedure: procedure(value.situation.procedure),
        funder: value.funder.map(|funder| funder.to_string()).unwrap_or_default(),
        bearer: super::convention::bearer(value.bearer).into(),
        step_done_time: value.done_time.map(time_to_proto),
        offer_expire_time: value.offer_expire_time.map(time_to_proto),
    }
}

/// None is told where it is a step of none, or without sight of it.
fn procedure(value: Procedure) -> Option<v1::Procedure> {
    let Procedure { code, file_system, file_number } = value;
    (!code.is_empty()).then_some(v1::Procedure { code, file_system, file_number })
}

fn needs(value: Needs) -> v1::Needs {
    v1::Needs { interpreter_language: value.interpreter_language, wheelchair: value.wheelchair }
}

fn health_cover(value: HealthCover) -> v1::referral::HealthCover {
    match value {
        HealthCover::NotSaid => v1::referral::HealthCover::Unspecified,
        HealthCover::None => v1::referral::HealthCover::None,
        HealthCover::Covered => v1::referral::HealthCover::Covered,
    }
}

fn state(value: State) -> v1::referral::State {
    use v1::referral::State as Told;
    match value {
        State::Submitted => Told::Submitted,
        State::AwaitingInformation => Told::AwaitingInformation,
        State::Waitlisted => Told::Waitlisted,
        State::Accepted => Told::Accepted,
        State::Scheduled => Told::Scheduled,
        State::NoShow => Told::NoShow,
        State::AppointmentCancelled => Told::AppointmentCancelled,
        State::Attended => Told::Attended,
        State::ResultsAvailable => Told::ResultsAvailable,
        State::Completed => Told::Completed,
        State::Rejected => Told::Rejected,
        State::Redirected => Told::Redirected,
        State::CancelRequested => Told::CancelRequested,
        State::Cancelled => Told::Cancelled,
        State::Expired => Told::Expired,
        State::Failed => Told::Failed,
        State::EnteredInError => Told::EnteredInError,
    }
}

fn next_step(value: Option<NextStep>) -> v1::referral::NextStep {
    use v1::referral::NextStep as Told;
    match value {
        None => Told::Unspecified,
        Some(NextStep::Decide) => Told::Decide,
        Some(NextStep::ProvideInformation) => Told::ProvideInformation,
        Some(NextStep::OfferPlace) => Told::OfferPlace,
        Some(NextStep::Book) => Told::Book,
        Some(NextStep::SeePatient) => Told::SeePatient,
        Some(NextStep::BookAgain) => Told::BookAgain,
        Some(NextStep::Report) => Told::Report,
        Some(NextStep::Acknowledge) => Told::Acknowledge,
        Some(NextStep::AnswerCancellation) => Told::AnswerCancellation,
    }
}

pub(in crate::grpc) fn transition(value: Transition) -> v1::ReferralTransition {
    use referral_transition::Cause as Told;
    let cause = match value.cause {
        Cause::Call => Told::Call,
        Cause::Automatic => Told::Automatic,
        Cause::Fact => Told::Fact,
        Cause::Overdue => Told::Overdue,
        Cause::Silence => Told::Silence,
        Cause::Undo => Told::Undo,
        Cause::Judgement => Told::Judgement,
    };
    v1::ReferralTransition {
        referral: value.referral.to_string(),
        version: value.version,
        state: state(value.state).into(),
        reason: value.reason,
        time: Some(time_to_proto(value.time)),
        actor: value.actor,
        previous: value.previous.map(state).unwrap_or_default().into(),
        cause: cause.into(),
        organisation: value.organisation.map(|organisation| organisation.to_string()).unwrap_or_default(),
        capacity: value.capacity.map(capacity).unwrap_or_default().into(),
        due_time: value.due_time.map(time_to_proto),
        alternative: value.alternative,
        items: value.items,
        note: value.note,
    }
}

pub(in crate::grpc) fn entry(value: Entry) -> v1::TimelineEntry {
    use timeline_entry::{AppointmentFact, ReportFact, What};
    let what = match value.what {
        Happened::Step(step) => What::Transition(transition(*step)),
        Happened::Appointment { id, state, start_time } => {
            let start_time = start_time.map(time_to_proto);
            What::Appointment(AppointmentFact { appointment: id.to_string(), state, start_time })
        }
        Happened::Report { id, status } => What::Report(ReportFact { report: format!("reports/{id}"), status }),
    };
    v1::TimelineEntry {
        time: Some(time_to_proto(value.time)),
        referral: value.referral.to_string(),
        number: value.number,
        provider: value.provider.to_string(),
        what: Some(what),
    }
}

fn priority(value: Priority) -> v1::referral::Priority {
    match value {
        Priority::Routine => v1::referral::Priority::Routine,
        Priority::Urgent => v1::referral::Priority::Urgent,
        Priority::Asap => v1::referral::Priority::Asap,
        Priority::Stat => v1::referral::Priority::Stat,
    }
}

fn capacity(value: Capacity) -> v1::referral_party::Capacity {
    match value {
        Capacity::Referrer => v1::referral_party::Capacity::Referrer,
        Capacity::Provider => v1::referral_party::Capacity::Provider,
        Capacity::Coordinator => v1::referral_party::Capacity::Coordinator,
    }
}

fn referral_party(value: Party) -> v1::ReferralParty {
    let unit = value.unit.map(|unit| Child::new(value.organisation, unit).to_string());
    v1::ReferralParty {
        organisation: value.organisation.to_string(),
        unit: unit.unwrap_or_default(),
        capacity: capacity(value.capacity).into(),
    }
}
