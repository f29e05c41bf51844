//! Requests that change entries of the directory: registrations and contacts.

use relais_platform::{
    Result,
    calls::Check,
    ids::{Child, OrganisationId, PractitionerId},
};
use relais_proto::network::v1::{self, registration::EndReason};
use uuid::Uuid;

use super::{
    etag,
    network::register_entry,
    person::{EMAIL, PHONE, is_email, is_phone},
};
use crate::{
    app::network::{AddRegistration, EndRegistration, SetContact},
    domain::{
        language::Language,
        network::{Contact, Mailbox, RegistrationEnd, RegistrationName},
    },
};

pub(in crate::grpc) fn add_registration(request: &v1::AddRegistrationRequest) -> Result<(Uuid, AddRegistration)> {
    let mut check = Check::default();
    let practitioner: Child<PractitionerId> = check.child("parent", &request.parent);
    let given = check.required("registration", request.registration.clone());
    let identifier = check.required("registration.identifier", given.identifier);
    let identifier = register_entry(&mut check, "registration.identifier", &identifier);
    let start = given.start_date.map(|day| check.date("registration.start_date", Some(day)));
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let name = RegistrationName { practitioner, id: Uuid::now_v7() };
    Ok((request_id, AddRegistration { name, identifier, start }))
}

pub(in crate::grpc) fn end_registration(request: &v1::EndRegistrationRequest) -> Result<(Uuid, EndRegistration)> {
    let mut check = Check::default();
    let name = RegistrationName::parse(&request.name).unwrap_or_else(|| {
        let form = "organisations/{uuid}/practitioners/{uuid}/registrations/{uuid}";
        check.fail("name", format!("must be a name of the form {form}"));
        nowhere()
    });
    let end = check.date("end_date", request.end_date);
    let reason = match check.choice("end_reason", request.end_reason) {
        EndReason::StruckOff => RegistrationEnd::StruckOff,
        // Unspecified has been refused by the check.
        EndReason::Ended | EndReason::Unspecified => RegistrationEnd::Ended,
    };
    let seen = etag(&mut check, &request.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, EndRegistration { name, end, reason, seen }))
}

pub(in crate::grpc) fn set_contact(request: &v1::SetContactRequest) -> Result<(Uuid, SetContact)> {
    let mut check = Check::default();
    let mailbox = mailbox(&mut check, &request.mailbox);
    let given = check.required("contact", request.contact.clone());
    check.ensure("contact.email", given.email.is_empty() || is_email(&given.email), EMAIL);
    check.ensure("contact.phone", given.phone.is_empty() || is_phone(&given.phone), PHONE);
    let language = given.language.as_str();
    let language = if language.is_empty() { Some(Language::default()) } else { Language::parse(language) };
    check.ensure("contact.language", language.is_some(), "must be fr or en");
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let contact = Contact { email: given.email, phone: given.phone, language: language.unwrap_or_default() };
    Ok((request_id, SetContact { mailbox, contact }))
}

/// An organisation or one of its units.
pub(super) fn mailbox(check: &mut Check, value: &str) -> Mailbox {
    Mailbox::parse(value).unwrap_or_else(|| {
        check.fail("mailbox", "must be organisations/{uuid} or organisations/{uuid}/units/{uuid}");
        Mailbox { organisation: OrganisationId(Uuid::nil()), unit: None }
    })
}

/// Stands for a name that the check has refused.
fn nowhere() -> RegistrationName {
    let practitioner = Child::new(OrganisationId(Uuid::nil()), PractitionerId(Uuid::nil()));
    RegistrationName { practitioner, id: Uuid::nil() }
}
