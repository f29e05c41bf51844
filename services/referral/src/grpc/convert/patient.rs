//! Answers of patient records. Only the organisation that holds a record gets here, in a role that cares for people or keeps their
//! records: it is shown all. Who else may come to see a part of a person gets it by a function of its own beside
//! [`identity`], never by leaving out fields here.

use chrono::{DateTime, Utc};
use relais_platform::calls::check::{date_to_proto, time_to_proto};
use relais_proto::referral::v1::{
    self, duplicate_dismissal, patient_duplicate, patient_hold, patient_identity, patient_match, patient_merge,
};

use super::{
    super::{break_glass::file_access, partner_link::link},
    entry, referral, transition, usage_entry,
};
use crate::{
    app::identity::{Export, Match},
    domain::identity::{
        Contacts, DismissReason, Dismissal, Duplicate, DuplicateReason, Hold, HoldReason, Ins, InsStatus, MatchReason,
        Merge, MergeReason, Patient, PatientIdentifier, Person, PostalAddress, Proof, Sex, State, status,
    },
};

pub(in crate::grpc) fn patient(value: Patient) -> v1::Patient {
    let record = value.record;
    let state = match record.state {
        State::Active => v1::patient::State::Active,
        State::Merged => v1::patient::State::Merged,
        // No store tells of an erased one.
        State::Erased => v1::patient::State::Unspecified,
    };
    v1::Patient {
        name: record.id.to_string(),
        organisation: record.organisation.to_string(),
        create_time: Some(time_to_proto(record.create_time)),
        identity: value.person.map(identity),
        state: state.into(),
        merged_into: record.merged_into.map(|into| into.to_string()).unwrap_or_default(),
        update_time: Some(time_to_proto(record.update_time)),
        etag: record.version.to_string(),
    }
}

fn identity(value: Person) -> v1::PatientIdentity {
    let ins_status = match status(&value) {
        InsStatus::Provisional => patient_identity::InsStatus::Provisional,
        InsStatus::Retrieved => patient_identity::InsStatus::Retrieved,
        InsStatus::Validated => patient_identity::InsStatus::Validated,
        InsStatus::Qualified => patient_identity::InsStatus::Qualified,
    };
    v1::PatientIdentity {
        contacts: (value.contacts != Contacts::default()).then(|| contacts(value.contacts)),
        family_name: value.family_name,
        used_name: value.used_name,
        given_names: value.given_names,
        birth_date: value.birth_date.map(date_to_proto),
        sex: value.sex.map(sex).unwrap_or_default().into(),
        birth_place_code: value.birth_place_code,
        language: value.language,
        needs_interpreter: value.needs_interpreter,
        identifiers: value.identifiers.into_iter().map(identifier).collect(),
        ins: value.ins.map(ins),
        proof: value.proof.map(proof).unwrap_or_default().into(),
        ins_status: ins_status.into(),
    }
}

fn sex(value: Sex) -> patient_identity::Sex {
    match value {
        Sex::Female => patient_identity::Sex::Female,
        Sex::Male => patient_identity::Sex::Male,
        Sex::Indeterminate => patient_identity::Sex::Indeterminate,
    }
}

fn proof(value: Proof) -> patient_identity::Proof {
    match value {
        Proof::Passport => patient_identity::Proof::Passport,
        Proof::IdentityCard => patient_identity::Proof::IdentityCard,
        Proof::ResidencePermit => patient_identity::Proof::ResidencePermit,
        Proof::BirthCertificate => patient_identity::Proof::BirthCertificate,
    }
}

fn contacts(value: Contacts) -> v1::PatientContacts {
    v1::PatientContacts { phone: value.phone, email: value.email, address: value.address.map(address) }
}

fn address(value: PostalAddress) -> v1::PostalAddress {
    v1::PostalAddress {
        lines: value.lines,
        postal_code: value.postal_code,
        locality: value.locality,
        country_code: value.country_code,
    }
}

fn identifier(value: PatientIdentifier) -> v1::PatientIdentifier {
    v1::PatientIdentifier { system: value.system, value: value.value }
}

fn ins(value: Ins) -> v1::InsTraits {
    v1::InsTraits {
        matricule: Some(identifier(value.matricule)),
        birth_name: value.birth_name,
        given_names: value.given_names,
        birth_date: Some(date_to_proto(value.birth_date)),
        sex: sex(value.sex).into(),
        birth_place_code: value.birth_place_code,
    }
}

pub(in crate::grpc) fn found(value: Match) -> v1::PatientMatch {
    use patient_match::reason::Kind;
    let reason = |(reason, word): (MatchReason, String)| {
        let kind = match reason {
            MatchReason::SameWord => Kind::SameWord,
            MatchReason::SoundsAlike => Kind::SoundsAlike,
            MatchReason::OtherScript => Kind::OtherScript,
            MatchReason::BirthDate => Kind::BirthDate,
            MatchReason::Identifier => Kind::Identifier,
        };
        patient_match::Reason { kind: kind.into(), word }
    };
    v1::PatientMatch {
        patient: Some(patient(value.patient)),
        score: value.likeness.score,
        reasons: value.likeness.reasons.into_iter().map(reason).collect(),
    }
}

pub(in crate::grpc) fn duplicate(value: Duplicate) -> v1::PatientDuplicate {
    let reason = |reason| match reason {
        DuplicateReason::SameIdentifier => patient_duplicate::Reason::SameIdentifier,
        DuplicateReason::NameAndBirthDate => patient_duplicate::Reason::NameAndBirthDate,
        DuplicateReason::NameAndPhone => patient_duplicate::Reason::NameAndPhone,
    };
    v1::PatientDuplicate {
        patient: value.patient.to_string(),
        other: value.other.to_string(),
        reasons: value.reasons.into_iter().map(|given| reason(given).into()).collect(),
        create_time: Some(time_to_proto(value.create_time)),
    }
}

pub(in crate::grpc) fn dismissal(value: Dismissal) -> v1::DuplicateDismissal {
    let reason = match value.reason {
        DismissReason::SeenDocuments => duplicate_dismissal::Reason::SeenDocuments,
        DismissReason::PatientSays => duplicate_dismissal::Reason::PatientSays,
        DismissReason::RelatedPersons => duplicate_dismissal::Reason::RelatedPersons,
    };
    v1::DuplicateDismissal {
        patient: value.patient.to_string(),
        other: value.other.to_string(),
        reason: reason.into(),
        dismiss_time: Some(time_to_proto(value.dismiss_time)),
        end_time: value.end_time.map(time_to_proto),
    }
}

pub(in crate::grpc) fn merge(value: Merge) -> v1::PatientMerge {
    let reason = match value.reason {
        MergeReason::SameIdentifier => patient_merge::Reason::SameIdentifier,
        MergeReason::SeenDocument => patient_merge::Reason::SeenDocument,
        MergeReason::PatientSays => patient_merge::Reason::PatientSays,
    };
    v1::PatientMerge {
        survivor: value.survivor.to_string(),
        merged: value.merged.to_string(),
        reason: reason.into(),
        merge_time: Some(time_to_proto(value.merge_time)),
        unmerge_time: value.unmerge_time.map(time_to_proto),
    }
}

pub(in crate::grpc) fn hold(value: Hold) -> v1::PatientHold {
    let reason = match value.reason {
        HoldReason::Retention => patient_hold::Reason::Retention,
        HoldReason::Litigation => patient_hold::Reason::Litigation,
        HoldReason::Investigation => patient_hold::Reason::Investigation,
        HoldReason::PatientWish => patient_hold::Reason::PatientWish,
    };
    v1::PatientHold {
        name: format!("{}/holds/{}", value.patient, value.id),
        reason: reason.into(),
        create_time: Some(time_to_proto(value.create_time)),
        end_time: value.end_time.map(time_to_proto),
        lift_time: value.lift_time.map(time_to_proto),
    }
}

/// All that is held; `now` says where links stand.
pub(in crate::grpc) fn export(value: Export, now: DateTime<Utc>) -> v1::ExportPatientResponse {
    v1::ExportPatientResponse {
        patients: value.patients.into_iter().map(patient).collect(),
        referrals: value.referrals.into_iter().map(referral).collect(),
        transitions: value.transitions.into_iter().map(transition).collect(),
        holds: value.holds.into_iter().map(hold).collect(),
        merges: value.merges.into_iter().map(merge).collect(),
        duplicates: value.duplicates.into_iter().map(duplicate).collect(),
        dismissals: value.dismissals.into_iter().map(dismissal).collect(),
        partner_links: value.links.into_iter().map(|made| link(made, now)).collect(),
        file_accesses: value.file_accesses.into_iter().map(file_access).collect(),
        facts: value.facts.into_iter().map(entry).collect(),
        usage_entries: value.usage_entries.into_iter().map(usage_entry).collect(),
    }
}
