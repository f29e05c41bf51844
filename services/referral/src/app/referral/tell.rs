//! What other services are told of a referral: identifiers and codes, and the whole list of parties.

use relais_platform::{calls::check::date_to_proto, consumer::rebuild::Snapshot, database::Unit, ids::Child};
use relais_proto::events::v1;

use crate::domain::referral::{Capacity, Party, Referral, State};

/// The events that lead to the referral's present state, for others to rebuild from.
pub(super) fn snapshot(referral: &Referral) -> Snapshot {
    let opening = [submitted(referral).into()];
    let end = match referral.state {
        State::Submitted => None,
        State::Cancelled => Some(cancelled(referral).into()),
    };
    Snapshot { id: referral.id.0, version: referral.version, events: opening.into_iter().chain(end).collect() }
}

/// Emits the event of the referral's present version.
pub(super) fn tell(unit: &mut Unit<'_>, referral: &Referral) {
    match referral.state {
        State::Submitted => unit.emit(referral.id, referral.version, submitted(referral)),
        State::Cancelled => unit.emit(referral.id, referral.version, cancelled(referral)),
    }
}

fn submitted(referral: &Referral) -> v1::ReferralSubmitted {
    v1::ReferralSubmitted {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        convention: referral.convention.to_string(),
        convention_version: referral.convention_version,
        service_system: referral.service_system.clone(),
        service_code: referral.service_code.clone(),
        patient: referral.patient.to_string(),
        provider: referral.provider.to_string(),
        site: referral.site.map(|site| site.to_string()).unwrap_or_default(),
        requested_date: Some(date_to_proto(referral.requested_date)),
        priority: referral.priority.as_str().into(),
        prescriber: referral.prescriber.map(|prescriber| prescriber.to_string()).unwrap_or_default(),
        needs: None,
    }
}

fn cancelled(referral: &Referral) -> v1::ReferralCancelled {
    v1::ReferralCancelled {
        referral: referral.id.to_string(),
        number: referral.number.to_string(),
        parties: referral.parties.iter().map(party).collect(),
        reason: String::new(),
    }
}

pub(super) fn party(party: &Party) -> v1::Party {
    let capacity = match party.capacity {
        Capacity::Referrer => v1::party::Capacity::Referrer,
        Capacity::Provider => v1::party::Capacity::Provider,
        Capacity::Coordinator => v1::party::Capacity::Coordinator,
    };
    let unit = party.unit.map(|unit| Child::new(party.organisation, unit).to_string());
    v1::Party {
        organisation: party.organisation.to_string(),
        unit: unit.unwrap_or_default(),
        capacity: capacity.into(),
    }
}
