//! The national health identity of France (INS): four states, made of two facts.
//!
//! What the register answered makes an identity retrieved, a document that was seen makes it validated, both make it
//! qualified. The state is not stored: it follows from the facts, so that nobody can claim it. A qualified identity must
//! agree with the register in each strict trait.

use chrono::NaiveDate;
use relais_platform::{
    error::{Error, Result, Violation},
    text_enum,
};
use serde::{Deserialize, Serialize};

use super::{PatientIdentifier, Person, Sex, names::plain};

/// What the register answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ins {
    /// The matricule: a NIR or a NIA.
    pub matricule: PatientIdentifier,
    /// The family name at birth.
    pub birth_name: String,
    /// All given names.
    pub given_names: Vec<String>,
    /// The day of birth.
    pub birth_date: NaiveDate,
    /// Administrative sex.
    pub sex: Sex,
    /// The place of birth by its INSEE code; empty when the register has none.
    pub birth_place_code: String,
}

impl std::fmt::Debug for Ins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ins(..)")
    }
}

text_enum! {
    /// A document that proves an identity.
    pub enum Proof {
        /// A passport.
        Passport = "passport",
        /// A national identity card.
        IdentityCard = "identity-card",
        /// A residence permit.
        ResidencePermit = "residence-permit",
        /// A birth certificate or family book, for children with a parent's document.
        BirthCertificate = "birth-certificate",
    }
}

text_enum! {
    /// How far an identity can be trusted.
    pub enum InsStatus {
        /// As the person told.
        Provisional = "provisional",
        /// The register answered, no document was seen.
        Retrieved = "retrieved",
        /// A document was seen, the register did not answer.
        Validated = "validated",
        /// Both; it alone may leave with the matricule.
        Qualified = "qualified",
    }
}

/// How far this person's identity can be trusted.
pub fn status(person: &Person) -> InsStatus {
    match (&person.ins, person.proof) {
        (None, None) => InsStatus::Provisional,
        (Some(_), None) => InsStatus::Retrieved,
        (None, Some(_)) => InsStatus::Validated,
        (Some(_), Some(_)) => InsStatus::Qualified,
    }
}

/// A qualified identity agrees with the register, trait by trait.
///
/// # Errors
/// FAILED_PRECONDITION that names every trait that does not.
pub fn ensure_traits_agree(person: &Person) -> Result<()> {
    let (InsStatus::Qualified, Some(ins)) = (status(person), &person.ins) else { return Ok(()) };
    let place = person.birth_place_code == ins.birth_place_code;
    let traits = [
        ("ins-birth-name", plain(&person.family_name, false) == plain(&ins.birth_name, false)),
        ("ins-given-names", begin_alike(&person.given_names, &ins.given_names)),
        ("ins-birth-date", person.birth_date == Some(ins.birth_date)),
        ("ins-sex", person.sex == Some(ins.sex)),
        ("ins-birth-place", place || ins.birth_place_code.is_empty() || person.birth_place_code.is_empty()),
    ];
    let wrong = traits.into_iter().filter(|(_, agrees)| !agrees);
    let rules: Vec<_> = wrong.map(|(rule, _)| Violation::new(rule, "is not what the register answered")).collect();
    if rules.is_empty() { Ok(()) } else { Err(Error::refused("INS_TRAITS_DIFFER", rules)) }
}

/// The given names that are kept are the first of those that the register knows.
fn begin_alike(kept: &[String], register: &[String]) -> bool {
    let words = |names: &[String]| plain(&names.join(" "), false);
    let (kept, register) = (words(kept), words(register));
    !kept.is_empty() && format!("{register} ").starts_with(&format!("{kept} "))
}
