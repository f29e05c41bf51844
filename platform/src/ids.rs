//! Typed identifiers: a UUID v7 inside, a resource name (AIP-122) outside.
//!
//! A v7 UUID is drawn before the first statement, so that a request's outcome is known however its commit ends. It
//! carries the machine's time of drawing; it is never used as an order of commits.

use std::fmt;

use uuid::Uuid;

/// An identifier that has a resource name of the form `collection/{uuid}`.
pub trait ResourceId: Copy + From<Uuid> + Into<Uuid> + fmt::Display {
    /// The collection's name, such as `referrals`.
    const COLLECTION: &'static str;

    /// Parses `collection/{uuid}`.
    fn parse(name: &str) -> Option<Self> {
        let id = name.strip_prefix(Self::COLLECTION)?.strip_prefix('/')?;
        parse_uuid(id).map(Self::from)
    }
}

/// Parses a UUID in its canonical form alone, so that a resource has one name.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (!id.is_nil() && id.as_hyphenated().to_string() == text).then_some(id)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident = $collection:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub struct $id(pub Uuid);

        impl $id {
            /// Draws a new one (UUID v7).
            pub fn draw() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl From<Uuid> for $id {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$id> for Uuid {
            fn from(id: $id) -> Self {
                id.0
            }
        }

        impl ResourceId for $id {
            const COLLECTION: &'static str = $collection;
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($collection, "/{}"), self.0)
            }
        }
    )*};
}

ids! {
    /// An organisation.
    OrganisationId = "organisations";
    /// A unit; its full name stands under its organisation, see [`Child`].
    UnitId = "units";
    /// A site; its full name stands under its organisation, see [`Child`].
    SiteId = "sites";
    /// A practitioner; the full name stands under the organisation, see [`Child`].
    PractitionerId = "practitioners";
    /// A member; the full name stands under the organisation, see [`Child`].
    MemberId = "members";
    /// A patient record.
    PatientId = "patients";
    /// A convention.
    ConventionId = "conventions";
    /// A statement to a convention's funder.
    StatementId = "statements";
    /// Money that was spent under a convention.
    ExpenseId = "expenses";
    /// Time of staff under a convention.
    StaffTimeId = "staffTimes";
    /// A referral.
    ReferralId = "referrals";
    /// A link for a partner without an account.
    PartnerLinkId = "partnerLinks";
    /// An appointment.
    AppointmentId = "appointments";
    /// A time of a site in which patients can be seen.
    SlotId = "slots";
    /// When a site receives patients.
    OpeningRuleId = "openingRules";
    /// Days on which a site is closed.
    ClosureId = "closures";
    /// An order.
    OrderId = "orders";
    /// A report.
    ReportId = "reports";
    /// A file of an order or a report.
    AttachmentId = "attachments";
    /// A message in an inbox.
    MessageId = "messages";
    /// What goes out of the suite.
    DeliveryId = "deliveries";
    /// That somebody opened the file of a referral.
    FileAccessId = "fileAccesses";
    /// A message that was given up.
    ParkedMessageId = "parkedMessages";
}

/// The name of what stands under an organisation: `organisations/{uuid}/units/{uuid}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Child<T> {
    /// The organisation it belongs to.
    pub organisation: OrganisationId,
    /// Itself.
    pub id: T,
}

impl<T: ResourceId> Child<T> {
    /// The child `id` of `organisation`.
    pub fn new(organisation: OrganisationId, id: T) -> Self {
        Self { organisation, id }
    }

    /// Parses `organisations/{uuid}/collection/{uuid}`.
    pub fn parse(name: &str) -> Option<Self> {
        let middle = name.match_indices('/').nth(1)?.0;
        Some(Self { organisation: OrganisationId::parse(&name[..middle])?, id: T::parse(&name[middle + 1..])? })
    }
}

impl<T: ResourceId> fmt::Display for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.organisation, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parsed_back_and_nothing_else_is() {
        let id = ReferralId::draw();
        assert_eq!(ReferralId::parse(&id.to_string()), Some(id));
        let upper = format!("referrals/{}", id.0.to_string().to_uppercase());
        let nil = format!("referrals/{}", Uuid::nil());
        for wrong in ["", "referrals", "referrals/", "referrals/x", "patients/1", upper.as_str(), nil.as_str()] {
            assert_eq!(ReferralId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_child_name_holds_both_ids() {
        let child = Child::new(OrganisationId::draw(), UnitId::draw());
        assert_eq!(Child::parse(&child.to_string()), Some(child));
        assert_eq!(Child::<SiteId>::parse(&child.to_string()), None);
        assert_eq!(Child::<UnitId>::parse(&child.organisation.to_string()), None);
    }
}
