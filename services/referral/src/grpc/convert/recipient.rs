//! Who receives results, and where people are reached.

use relais_platform::ids::Child;
use relais_proto::referral::v1;

use crate::{app::referral::Reached, domain::referral::Recipient};

pub(in crate::grpc) fn recipient(value: Recipient) -> v1::Recipient {
    let organisation = value.organisation;
    v1::Recipient {
        organisation: organisation.to_string(),
        unit: value.unit.map(|unit| Child::new(organisation, unit).to_string()).unwrap_or_default(),
        practitioner: value.practitioner.map(|who| Child::new(organisation, who).to_string()).unwrap_or_default(),
        substitute_for: value.substitute_for.map(|reason| reason.as_str().into()).unwrap_or_default(),
    }
}

pub(in crate::grpc) fn reached(value: Reached) -> v1::ResolveContactResponse {
    v1::ResolveContactResponse {
        email: value.contact.email,
        phone: value.contact.phone,
        language: value.contact.language.as_str().into(),
        stands_in: value.stands_in,
    }
}
