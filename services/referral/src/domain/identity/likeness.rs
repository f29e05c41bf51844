//! Who is meant: tokens of a person, what a question agrees with, and who may be entered twice.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{ids::PatientId, text_enum};
use uuid::Uuid;

use super::{
    PatientIdentifier, Person,
    names::{NameKeys, WordMatch},
};

text_enum! {
    /// What a token was made of.
    #[derive(PartialOrd, Ord)]
    pub enum TokenKind {
        /// A word of a name.
        Name = "name",
        /// The day of birth.
        BirthDate = "birth-date",
        /// A number of the person.
        Identifier = "identifier",
        /// A phone number.
        Phone = "phone",
    }
}

/// What is looked for, before the vault hashes it under the organisation's key.
pub type Token = (TokenKind, String);

/// Who is looked for. What is empty is not asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Words of the name, in any order.
    pub name: String,
    /// The day of birth.
    pub birth_date: Option<NaiveDate>,
    /// A number.
    pub identifier: Option<PatientIdentifier>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(..)")
    }
}

impl Question {
    /// The tokens of those who may be meant.
    pub fn tokens(&self) -> Vec<Token> {
        let keys = NameKeys::of(&self.name);
        let words = keys.asked().into_iter().map(|key| (TokenKind::Name, key.to_string()));
        words.chain(self.birth_date.map(birth_token)).chain(self.identifier.iter().map(identifier_token)).collect()
    }
}

/// All that a person is found by.
pub fn stored_tokens(person: &Person) -> BTreeSet<Token> {
    let keys = NameKeys::of(&person.full_name());
    let words = keys.stored().into_iter().map(|key| (TokenKind::Name, key.to_string()));
    let phone = (!person.contacts.phone.is_empty()).then(|| (TokenKind::Phone, person.contacts.phone.clone()));
    let numbers = numbers(person).map(identifier_token);
    words.chain(person.birth_date.map(birth_token)).chain(numbers).chain(phone).collect()
}

/// All that somebody like a person is looked for by.
pub fn asked_tokens(person: &Person) -> BTreeSet<Token> {
    let keys = NameKeys::of(&person.full_name());
    let words = keys.asked().into_iter().map(|key| (TokenKind::Name, key.to_string()));
    let others = stored_tokens(person).into_iter().filter(|(kind, _)| *kind != TokenKind::Name);
    words.chain(others).collect()
}

fn numbers(person: &Person) -> impl Iterator<Item = &PatientIdentifier> {
    person.identifiers.iter().chain(person.ins.as_ref().map(|ins| &ins.matricule))
}

fn birth_token(day: NaiveDate) -> Token {
    (TokenKind::BirthDate, day.to_string())
}

fn identifier_token(identifier: &PatientIdentifier) -> Token {
    (TokenKind::Identifier, format!("{}|{}", identifier.system, identifier.value))
}

text_enum! {
    /// Why somebody was found.
    pub enum MatchReason {
        /// A word of the name is the same but for case and marks.
        SameWord = "same-word",
        /// A word of the name sounds alike.
        SoundsAlike = "sounds-alike",
        /// A word of the name has the same consonants in another script.
        OtherScript = "other-script",
        /// The day of birth.
        BirthDate = "birth-date",
        /// A number.
        Identifier = "identifier",
    }
}

/// How well a person answers a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// The higher, the more.
    pub score: i32,
    /// Why; a word is told as the question wrote it.
    pub reasons: Vec<(MatchReason, String)>,
}

/// How well a person answers a question; none when it is somebody else. A number that agrees is enough; otherwise all that
/// was asked must agree.
pub fn likeness(question: &Question, person: &Person) -> Option<Likeness> {
    let mut reasons = Vec::new();
    let by_number = question.identifier.as_ref().is_some_and(|asked| numbers(person).any(|known| known == asked));
    if by_number {
        reasons.push((MatchReason::Identifier, String::new()));
    }
    let agreement = NameKeys::of(&question.name).agree_with(&NameKeys::of(&person.full_name()));
    let by_name = question.name.is_empty() || agreement.is_match();
    reasons.extend(agreement.words.into_iter().map(|(word, how)| (reason(how), word)));
    let by_birth = question.birth_date.is_none() || question.birth_date == person.birth_date;
    if question.birth_date.is_some() && by_birth {
        reasons.push((MatchReason::BirthDate, String::new()));
    }
    let meant = by_number || (question.identifier.is_none() && by_name && by_birth);
    let score = reasons.iter().map(|(reason, _)| weight(*reason)).sum();
    meant.then_some(Likeness { score, reasons })
}

fn reason(how: WordMatch) -> MatchReason {
    match how {
        WordMatch::Same => MatchReason::SameWord,
        WordMatch::Sound => MatchReason::SoundsAlike,
        WordMatch::Script => MatchReason::OtherScript,
    }
}

fn weight(reason: MatchReason) -> i32 {
    match reason {
        MatchReason::Identifier => 100,
        MatchReason::BirthDate => 15,
        MatchReason::SameWord => 12,
        MatchReason::SoundsAlike => 10,
        MatchReason::OtherScript => 6,
    }
}

text_enum! {
    /// Why two records may be of one person.
    pub enum DuplicateReason {
        /// They have a number in common.
        SameIdentifier = "same-identifier",
        /// They have name and day of birth in common.
        NameAndBirthDate = "name-and-birth-date",
        /// They have name and phone number in common.
        NameAndPhone = "name-and-phone",
    }
}

/// A pair of records that may be of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Its id.
    pub id: Uuid,
    /// The record that was written later.
    pub patient: PatientId,
    /// The record that was there.
    pub other: PatientId,
    /// Why; never empty.
    pub reasons: Vec<DuplicateReason>,
    /// Whether both have the same qualified number.
    pub same_qualified: bool,
    /// When it was noticed.
    pub create_time: DateTime<Utc>,
}

/// Why two records may be of one person; empty when nothing says so.
pub fn twins(one: &Person, other: &Person) -> Vec<DuplicateReason> {
    let names = NameKeys::of(&one.full_name()).agree_with(&NameKeys::of(&other.full_name())).is_match();
    let born = one.birth_date.is_some() && one.birth_date == other.birth_date;
    let reached = !one.contacts.phone.is_empty() && one.contacts.phone == other.contacts.phone;
    let reasons = [
        (DuplicateReason::SameIdentifier, numbers(one).any(|number| numbers(other).any(|known| known == number))),
        (DuplicateReason::NameAndBirthDate, names && born),
        (DuplicateReason::NameAndPhone, names && reached),
    ];
    reasons.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect()
}
