//! What the referrer says of a patient's situation: it judges with the convention, and tells the provider what to prepare.

use relais_platform::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Whether health costs are covered.
    #[derive(Default)]
    pub enum HealthCover {
        /// Nobody said.
        #[default]
        NotSaid = "not-said",
        /// They are not.
        None = "none",
        /// They are.
        Covered = "covered",
    }
}

/// What a patient needs when seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// The language to interpret from (ISO 639); empty when nobody need interpret.
    pub interpreter_language: String,
    /// Whether the patient comes in a wheelchair.
    pub wheelchair: bool,
}

/// The procedure that a referral is a step of, such as that of a residence permit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Procedure {
    /// Which step, as a code; empty when it is a step of none.
    pub code: String,
    /// The system of the referrer's file number; may be empty.
    pub file_system: String,
    /// The referrer's file number; may be empty.
    pub file_number: String,
}

/// A patient's situation, as the referrer says it. Kept as one document, for no statement asks for a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Situation {
    /// What the patient needs when seen.
    pub needs: Needs,
    /// Whether health costs are covered.
    pub health_cover: HealthCover,
    /// The code of the reason that is declared; may be empty.
    pub declared_reason: String,
    /// Whether the patient wishes it.
    pub patient_wish: bool,
    /// The code of the territory where the patient lives; may be empty.
    pub territory: String,
    /// The code of the patient's status, such as that of a newcomer; may be empty.
    pub patient_status: String,
    /// Kinds of the documents that come with the referral.
    pub documents: Vec<String>,
    /// The procedure that it is a step of.
    pub procedure: Procedure,
}

impl Situation {
    /// Without what tells how the person lives.
    #[must_use]
    pub fn administrative(self) -> Self {
        Self { documents: self.documents, ..Self::default() }
    }
}
