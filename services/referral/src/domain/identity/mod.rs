//! Patient records.

use chrono::{DateTime, Utc};
use relais_platform::ids::{OrganisationId, PatientId};

/// A patient record, held by one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// Its id.
    pub id: PatientId,
    /// Who holds it.
    pub organisation: OrganisationId,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
}
