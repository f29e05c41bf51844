//! Checks a person field by field.

use relais_platform::calls::Check;
use relais_proto::referral::v1::{self, patient_identity as given};

use crate::domain::identity::{Contacts, Ins, PatientIdentifier, Person, PostalAddress, Proof, Sex};

/// The longest name, line or number, in characters.
const TEXT: usize = 200;
const GIVEN_NAMES: usize = 10;
const IDENTIFIERS: usize = 20;
const LINES: usize = 5;

/// A person; `field` is where it stands in the request.
pub(super) fn person(check: &mut Check, field: &str, given: &v1::PatientIdentity) -> Person {
    let at = |name: &str| format!("{field}.{name}");
    let identifiers = limited(check, &at("identifiers"), &given.identifiers, IDENTIFIERS);
    Person {
        family_name: check.optional_text(&at("family_name"), &given.family_name, TEXT),
        used_name: check.optional_text(&at("used_name"), &given.used_name, TEXT),
        given_names: texts(check, &at("given_names"), &given.given_names, GIVEN_NAMES),
        birth_date: given.birth_date.map(|day| check.date(&at("birth_date"), Some(day))),
        sex: sex(check, &at("sex"), given.sex),
        birth_place_code: place(check, &at("birth_place_code"), &given.birth_place_code),
        contacts: given.contacts.as_ref().map(|c| contacts(check, &at("contacts"), c)).unwrap_or_default(),
        language: language(check, &at("language"), &given.language),
        needs_interpreter: given.needs_interpreter,
        identifiers: identifiers.iter().map(|i| identifier(check, &at("identifiers"), i)).collect(),
        ins: given.ins.as_ref().map(|traits| ins(check, &at("ins"), traits)),
        proof: proof(check, &at("proof"), given.proof),
    }
}

/// A number with its system, and its key where that is known.
pub(super) fn identifier(check: &mut Check, field: &str, given: &v1::PatientIdentifier) -> PatientIdentifier {
    let system = check.text(&format!("{field}.system"), &given.system, TEXT);
    let value = check.text(&format!("{field}.value"), &given.value, TEXT);
    let identifier = PatientIdentifier::new(&system, &value);
    if let Some(fault) = identifier.fault() {
        check.fail(&format!("{field}.value"), fault);
    }
    identifier
}

fn ins(check: &mut Check, field: &str, given: &v1::InsTraits) -> Ins {
    let at = |name: &str| format!("{field}.{name}");
    let matricule = check.required(&at("matricule"), given.matricule.clone());
    let matricule = identifier(check, &at("matricule"), &matricule);
    check.ensure(&at("matricule.system"), matricule.is_national(), "must be that of a NIR or a NIA");
    let sex = sex(check, &at("sex"), given.sex);
    check.ensure(&at("sex"), sex.is_some(), "is required");
    Ins {
        matricule,
        birth_name: check.text(&at("birth_name"), &given.birth_name, TEXT),
        given_names: texts(check, &at("given_names"), &given.given_names, GIVEN_NAMES),
        birth_date: check.date(&at("birth_date"), given.birth_date),
        // Refused above when there is none.
        sex: sex.unwrap_or(Sex::Indeterminate),
        birth_place_code: place(check, &at("birth_place_code"), &given.birth_place_code),
    }
}

fn contacts(check: &mut Check, field: &str, given: &v1::PatientContacts) -> Contacts {
    let at = |name: &str| format!("{field}.{name}");
    check.ensure(&at("phone"), given.phone.is_empty() || is_phone(&given.phone), PHONE);
    check.ensure(&at("email"), given.email.is_empty() || is_email(&given.email), EMAIL);
    Contacts {
        phone: given.phone.clone(),
        email: given.email.clone(),
        address: given.address.as_ref().map(|given| address(check, &at("address"), given)),
    }
}

/// What a telephone number must be.
pub(super) const PHONE: &str = "must be a number in E.164 form, such as +33612345678";
/// What an e-mail address must be.
pub(super) const EMAIL: &str = "must be an e-mail address";

pub(super) fn is_phone(value: &str) -> bool {
    let digits = value.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

pub(super) fn is_email(value: &str) -> bool {
    let plain = value.is_ascii() && value.len() <= 254 && value.bytes().all(|b| b.is_ascii_graphic());
    let parts = value.rsplit_once('@');
    plain && parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.starts_with('.'))
}

fn address(check: &mut Check, field: &str, given: &v1::PostalAddress) -> PostalAddress {
    let at = |name: &str| format!("{field}.{name}");
    let country = given.country_code.as_str();
    let known = country.is_empty() || (country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()));
    check.ensure(&at("country_code"), known, "must be two capital letters (ISO 3166-1)");
    PostalAddress {
        lines: texts(check, &at("lines"), &given.lines, LINES),
        postal_code: check.optional_text(&at("postal_code"), &given.postal_code, 20),
        locality: check.optional_text(&at("locality"), &given.locality, TEXT),
        country_code: country.to_string(),
    }
}

/// A language tag, BCP 47: subtags of letters and digits; whether they are registered is not asked.
fn language(check: &mut Check, field: &str, value: &str) -> String {
    let mut subtags = value.split('-');
    let first =
        subtags.next().is_some_and(|tag| (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic()));
    let others = subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
    let holds = value.is_empty() || (value.len() <= 35 && first && others);
    check.ensure(field, holds, "must be a language tag (BCP 47), such as fr or ar-DZ");
    value.to_string()
}

fn place(check: &mut Check, field: &str, value: &str) -> String {
    let holds =
        value.is_empty() || (value.len() == 5 && value.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
    check.ensure(field, holds, "must be an INSEE code of five characters");
    value.to_string()
}

fn sex(check: &mut Check, field: &str, value: i32) -> Option<Sex> {
    use given::Sex as Given;
    match check.choice_or(field, value, Given::Unspecified) {
        Given::Female => Some(Sex::Female),
        Given::Male => Some(Sex::Male),
        Given::Indeterminate => Some(Sex::Indeterminate),
        Given::Unspecified => None,
    }
}

fn proof(check: &mut Check, field: &str, value: i32) -> Option<Proof> {
    use given::Proof as Given;
    match check.choice_or(field, value, Given::Unspecified) {
        Given::Passport => Some(Proof::Passport),
        Given::IdentityCard => Some(Proof::IdentityCard),
        Given::ResidencePermit => Some(Proof::ResidencePermit),
        Given::BirthCertificate => Some(Proof::BirthCertificate),
        Given::Unspecified => None,
    }
}

fn texts(check: &mut Check, field: &str, values: &[String], most: usize) -> Vec<String> {
    limited(check, field, values, most).iter().map(|value| check.text(field, value, TEXT)).collect()
}

fn limited<'v, T>(check: &mut Check, field: &str, values: &'v [T], most: usize) -> &'v [T] {
    check.ensure(field, values.len() <= most, &format!("must not hold more than {most}"));
    &values[..values.len().min(most)]
}
