//! Patient records and who the people are: the part of the vault that decides. Plain values; nothing here knows a key.

mod dismissal;
mod erase;
mod identifier;
mod ins;
mod likeness;
mod merge;
mod names;
mod patient;
mod person;
#[cfg(test)]
mod tests;

pub use dismissal::{DismissReason, Dismissal, ensure_dismissible, ensure_pair, same_qualified};
pub use erase::{Erasure, Hold, HoldReason, may_erase};
pub use identifier::PatientIdentifier;
pub use ins::{Ins, InsStatus, Proof, ensure_traits_agree, status};
pub use likeness::{
    Duplicate, DuplicateReason, Likeness, MatchReason, Question, Token, TokenKind, asked_tokens, likeness,
    stored_tokens, twins,
};
pub use merge::{Merge, MergeReason, ensure_active, ensure_mergeable, ensure_other};
pub use patient::{Patient, Record, SealedPerson, State};
pub use person::{Contacts, Person, PersonField, PostalAddress, Sex};
