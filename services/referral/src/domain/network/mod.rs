//! The directory's values.

mod identifier;
mod invitation;
mod leave;
mod member;

use chrono::{DateTime, Utc};
use relais_platform::ids::{Child, OrganisationId, PractitionerId, SiteId, UnitId};
use relais_platform::text_enum;
use serde::{Deserialize, Serialize};

pub use identifier::fault as identifier_fault;
pub use invitation::{Secret, not_opened};
pub use leave::{Acting, Leave, LeaveName, NOT_ANOTHER, Standing, UnitSubstitute, acting};
pub use member::{Change, Login, Member, MemberState, Position, PositionField, ensure_administered};

/// An identifier in a named system, as in FHIR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// Who issues it: a URL or an OID as `urn:oid:…`.
    pub system: String,
    /// The value.
    pub value: String,
}

/// A legal person that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// The name people read.
    pub display_name: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// In public registers.
    pub identifiers: Vec<Identifier>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

text_enum! {
    /// What kind of unit it is.
    pub enum UnitKind {
        /// An administrative or social desk.
        Desk = "desk",
        /// A medical service.
        MedicalService = "medical-service",
        /// A care centre, both.
        CareCentre = "care-centre",
    }
}

/// A part of an organisation that acts for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its organisation and id.
    pub name: Child<UnitId>,
    /// The name people read.
    pub display_name: String,
    /// What kind it is.
    pub kind: UnitKind,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

/// A place where patients are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its organisation and id.
    pub name: Child<SiteId>,
    /// The name people read.
    pub display_name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

/// A health professional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practitioner {
    /// The organisation and the id.
    pub name: Child<PractitionerId>,
    /// The name people read.
    pub display_name: String,
    /// The registration that licenses.
    pub registration: Identifier,
    /// When the practitioner was entered.
    pub create_time: DateTime<Utc>,
}
