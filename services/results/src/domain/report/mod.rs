//! Reports: versions that never change, what is shown of them, and before whom they are laid.

mod content;
mod fit;
mod follow;
mod release;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    ids::{OrderId, OrganisationId, PatientId, ReferralId, ReportId, SiteId},
    text_enum,
};

pub use content::{Comparator, Content, Interpretation, Observation, Quantity, Range, Value};
pub use fit::fit;
pub use follow::follow;
pub use release::{Plan, Reader, Recipient, Release, plan};

text_enum! {
    /// Where a report stands.
    pub enum ReportState {
        /// It belongs to an order.
        Issued = "issued",
        /// It was put aside.
        Quarantined = "quarantined",
        /// It was put aside and given up.
        Discarded = "discarded",
    }
}

text_enum! {
    /// What a version of a report is (FHIR DiagnosticReport.status).
    pub enum Status {
        /// Some of it.
        Partial = "partial",
        /// All of it, not verified.
        Preliminary = "preliminary",
        /// All of it, verified.
        Final = "final",
        /// After the final one: something was added.
        Amended = "amended",
        /// After the final one: something was wrong.
        Corrected = "corrected",
        /// There will be no result.
        Cancelled = "cancelled",
        /// It should never have been handed in.
        EnteredInError = "entered-in-error",
    }
}

impl Status {
    /// Whether somebody has verified what it says.
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Final | Self::Amended | Self::Corrected)
    }

    /// Whether it says that there is no result.
    pub fn is_void(self) -> bool {
        matches!(self, Self::Cancelled | Self::EnteredInError)
    }
}

text_enum! {
    /// Why a report is put aside.
    pub enum Quarantine {
        /// The patient or the referral's number is not the order's.
        WrongPatient = "wrong-patient",
        /// There is no such order for this provider.
        UnknownOrder = "unknown-order",
        /// The order was withdrawn.
        CancelledOrder = "cancelled-order",
    }
}

/// For whom a report is, as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The order.
    pub order: OrderId,
    /// The referral's number.
    pub number: String,
    /// The patient's record; none once it was erased.
    pub patient: Option<PatientId>,
}

/// What was found, as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// One more with each event of it.
    pub revision: i64,
    /// Where it stands.
    pub state: ReportState,
    /// Who handed it in.
    pub provider: OrganisationId,
    /// That organisation's number of it.
    pub accession_number: String,
    /// The order that it answers; none while it is put aside.
    pub order: Option<OrderId>,
    /// The referral; none while it is put aside.
    pub referral: Option<ReferralId>,
    /// That referral's number; empty while it is put aside.
    pub referral_number: String,
    /// For whom it is, as the provider has it.
    pub named: Named,
    /// Why it was put aside, also after it was brought to its order.
    pub quarantine: Option<Quarantine>,
    /// Why it was given up.
    pub discard_reason: String,
    /// The last version.
    pub last_version: i64,
    /// The version that is shown.
    pub shown_version: i64,
    /// Seals what its versions say, wrapped; none once the patient's record was erased: nobody reads them any more.
    pub key: Option<Vec<u8>>,
    /// When it was handed in.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
}

/// A version of a report, what it says sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1 on.
    pub version: i64,
    /// What it is.
    pub status: Status,
    /// Whether it came too late to be shown.
    pub superseded: bool,
    /// Whether somebody must hear of it at once.
    pub critical: bool,
    /// The day on which it was done, at the site; none of one that says nothing.
    pub performed_date: Option<NaiveDate>,
    /// The site where it was done.
    pub site: Option<SiteId>,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// When it was handed in.
    pub issue_time: DateTime<Utc>,
}
