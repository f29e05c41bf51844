//! A person: what the vault keeps encrypted. Its `Debug` tells nothing, so that no log can.

use std::fmt;

use chrono::NaiveDate;
use relais_platform::{error::Violation, text_enum};
use serde::{Deserialize, Serialize};

use super::{Ins, PatientIdentifier, Proof};

text_enum! {
    /// Administrative sex, as in FHIR `administrative-gender` and the INS traits.
    pub enum Sex {
        /// Female.
        Female = "female",
        /// Male.
        Male = "male",
        /// Neither is written.
        Indeterminate = "indeterminate",
    }
}

/// Who a patient is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The family name at birth; may be empty where people have one name.
    pub family_name: String,
    /// The family name in use, where it is another.
    pub used_name: String,
    /// Given names, the first one first.
    pub given_names: Vec<String>,
    /// The day of birth.
    pub birth_date: Option<NaiveDate>,
    /// Administrative sex.
    pub sex: Option<Sex>,
    /// The place of birth by its INSEE code; empty when unknown.
    pub birth_place_code: String,
    /// How to reach the person.
    pub contacts: Contacts,
    /// The language spoken, BCP 47; empty when unknown.
    pub language: String,
    /// Whether an interpreter is needed.
    pub needs_interpreter: bool,
    /// Numbers the person is known by.
    pub identifiers: Vec<PatientIdentifier>,
    /// What the national register answered.
    pub ins: Option<Ins>,
    /// The document by which the identity was checked.
    pub proof: Option<Proof>,
}

/// How to reach a person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contacts {
    /// E.164, such as `+33612345678`.
    pub phone: String,
    /// An e-mail address.
    pub email: String,
    /// A postal address.
    pub address: Option<PostalAddress>,
}

/// A postal address.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Street lines.
    pub lines: Vec<String>,
    /// The postal code.
    pub postal_code: String,
    /// The town.
    pub locality: String,
    /// The country, ISO 3166-1 alpha-2.
    pub country_code: String,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

impl fmt::Debug for Contacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contacts(..)")
    }
}

text_enum! {
    /// A part of a person that is changed by itself, by its name in an update mask.
    pub enum PersonField {
        /// The family name at birth.
        FamilyName = "family_name",
        /// The family name in use.
        UsedName = "used_name",
        /// Given names.
        GivenNames = "given_names",
        /// The day of birth.
        BirthDate = "birth_date",
        /// Administrative sex.
        Sex = "sex",
        /// The place of birth.
        BirthPlaceCode = "birth_place_code",
        /// How to reach the person.
        Contacts = "contacts",
        /// The language spoken.
        Language = "language",
        /// Whether an interpreter is needed.
        NeedsInterpreter = "needs_interpreter",
        /// Numbers the person is known by.
        Identifiers = "identifiers",
        /// What the national register answered.
        Ins = "ins",
        /// The document by which the identity was checked.
        Proof = "proof",
    }
}

impl PersonField {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::FamilyName,
        Self::UsedName,
        Self::GivenNames,
        Self::BirthDate,
        Self::Sex,
        Self::BirthPlaceCode,
        Self::Contacts,
        Self::Language,
        Self::NeedsInterpreter,
        Self::Identifiers,
        Self::Ins,
        Self::Proof,
    ];
}

impl Person {
    /// All names in one line, to be taken apart.
    pub fn full_name(&self) -> String {
        let names = [&self.family_name, &self.used_name].into_iter().chain(&self.given_names);
        names.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// This person with those fields taken over from another.
    #[must_use]
    pub fn with(mut self, given: Self, fields: &[PersonField]) -> Self {
        for field in fields {
            match field {
                PersonField::FamilyName => self.family_name.clone_from(&given.family_name),
                PersonField::UsedName => self.used_name.clone_from(&given.used_name),
                PersonField::GivenNames => self.given_names.clone_from(&given.given_names),
                PersonField::BirthDate => self.birth_date = given.birth_date,
                PersonField::Sex => self.sex = given.sex,
                PersonField::BirthPlaceCode => self.birth_place_code.clone_from(&given.birth_place_code),
                PersonField::Contacts => self.contacts.clone_from(&given.contacts),
                PersonField::Language => self.language.clone_from(&given.language),
                PersonField::NeedsInterpreter => self.needs_interpreter = given.needs_interpreter,
                PersonField::Identifiers => self.identifiers.clone_from(&given.identifiers),
                PersonField::Ins => self.ins.clone_from(&given.ins),
                PersonField::Proof => self.proof = given.proof,
            }
        }
        self
    }

    /// What is wrong with the person as a whole; each field by itself was checked when it came in.
    pub fn fault(&self) -> Option<Violation> {
        let unnamed = self.family_name.is_empty() && self.given_names.is_empty();
        unnamed.then(|| Violation::new("patient.identity.family_name", "a family name or a given name is required"))
    }
}
