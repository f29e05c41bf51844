//! What an audit row is about.

use std::fmt::Display;

use uuid::Uuid;

use crate::ids::{
    AppointmentId, AttachmentId, Child, ConventionId, DeliveryId, ExpenseId, FileAccessId, MessageId, OrderId,
    OrganisationId, ParkedMessageId, PatientId, ReferralId, ReportId, ResourceId, StaffTimeId, StatementId,
};

/// A resource, and whose data it is as far as the service knows.
///
/// Made of an id, a name, or what a service makes it of (`impl From<&Appointment> for Subject`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    pub(crate) resource: String,
    pub(crate) patient: Option<Uuid>,
    pub(crate) referral: Option<Uuid>,
    pub(crate) purpose: String,
}

impl Subject {
    /// A resource by its name.
    pub fn of(resource: impl Display) -> Self {
        Self { resource: resource.to_string(), ..Self::default() }
    }

    /// It is about this patient.
    #[must_use]
    pub fn patient(self, patient: PatientId) -> Self {
        Self { patient: Some(patient.0), ..self }
    }

    /// It belongs to this referral.
    #[must_use]
    pub fn referral(self, referral: ReferralId) -> Self {
        Self { referral: Some(referral.0), ..self }
    }

    /// What the caller stated it is for.
    #[must_use]
    pub fn purpose(self, purpose: impl Into<String>) -> Self {
        Self { purpose: purpose.into(), ..self }
    }
}

impl From<PatientId> for Subject {
    fn from(id: PatientId) -> Self {
        Self::of(id).patient(id)
    }
}

impl From<ReferralId> for Subject {
    fn from(id: ReferralId) -> Self {
        Self::of(id).referral(id)
    }
}

impl<T: ResourceId> From<Child<T>> for Subject {
    fn from(name: Child<T>) -> Self {
        Self::of(name)
    }
}

macro_rules! named {
    ($($name:ty),*) => {$(
        impl From<$name> for Subject {
            fn from(name: $name) -> Self {
                Self::of(name)
            }
        }
    )*};
}

named!(
    &str,
    String,
    OrganisationId,
    ConventionId,
    StatementId,
    ExpenseId,
    StaffTimeId,
    AppointmentId,
    OrderId,
    ReportId,
    AttachmentId,
    MessageId,
    DeliveryId,
    FileAccessId,
    ParkedMessageId
);
