//! The table of event types: which body belongs to which type.
//!
//! A type is `relais.<service>.<aggregate>.<verb>.v1`; its first three words are the aggregate's kind, to which queues are
//! bound (see [`crate::broker::topology`]). To publish a new event, add its message to `events.proto` and a row here.

use prost::Message;
use relais_proto::events::v1;

/// A type's aggregate kind: its first three words, `relais.<service>.<aggregate>`.
pub fn aggregate_kind(event_type: &str) -> &str {
    match event_type.match_indices('.').nth(2) {
        Some((end, _)) => &event_type[..end],
        None => event_type,
    }
}

/// A type without its version.
fn stem(event_type: &str) -> &str {
    event_type.rsplit_once('.').map_or(event_type, |(stem, _)| stem)
}

/// Why a type and a body are no event of ours.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Undecoded {
    /// A type that this program has never heard of.
    #[error("an unknown type")]
    Unknown,
    /// A type of the table in a version that this program does not know.
    #[error("a known type in an unknown version")]
    OtherVersion,
    /// The body is not one of its type.
    #[error("the body is not one of its type")]
    Body(#[from] prost::DecodeError),
}

macro_rules! events {
    ($($event:ident = $type:literal;)*) => {
        /// An event of the suite, with its body.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $(#[doc = concat!("`", $type, "`")] $event(v1::$event),)*
        }

        /// Every type that is published.
        pub const TYPES: &[&str] = &[$($type),*];

        impl Event {
            /// Its type.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$event(_) => $type,)* }
            }

            /// Its body in protobuf.
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$event(body) => body.encode_to_vec(),)* }
            }

            /// The event of a type and a body.
            ///
            /// # Errors
            /// When the type is not in the table, or the body is not one of that type.
            pub fn decode(type_name: &str, body: &[u8]) -> Result<Self, Undecoded> {
                match type_name {
                    $($type => Ok(Self::$event(v1::$event::decode(body)?)),)*
                    other if TYPES.iter().any(|known| stem(known) == stem(other)) => Err(Undecoded::OtherVersion),
                    _ => Err(Undecoded::Unknown),
                }
            }
        }

        $(impl From<v1::$event> for Event {
            fn from(body: v1::$event) -> Self {
                Self::$event(body)
            }
        })*
    };
}

events! {
    ReferralSubmitted = "relais.referral.referral.submitted.v1";
    ReferralCancelled = "relais.referral.referral.cancelled.v1";
    ReferralMoved = "relais.referral.referral.moved.v1";
    ReferralOverdue = "relais.referral.referral.overdue.v1";
    BookingJudged = "relais.referral.referral.booking-judged.v1";
    ReferralOffered = "relais.referral.referral.offered.v1";
    SiteRegistered = "relais.referral.site.registered.v1";
    ErasureMade = "relais.referral.erasure.made.v1";
    GlassBroken = "relais.referral.access.broken-glass.v1";
    MeterThresholdCrossed = "relais.referral.meter.threshold-crossed.v1";
    AppointmentProposed = "relais.scheduling.appointment.proposed.v1";
    AppointmentCancelled = "relais.scheduling.appointment.cancelled.v1";
    AppointmentMoved = "relais.scheduling.appointment.moved.v1";
    AppointmentReminderDue = "relais.scheduling.appointment.reminder-due.v1";
    OrderDrafted = "relais.results.order.drafted.v1";
    OrderRevoked = "relais.results.order.revoked.v1";
    OrderMoved = "relais.results.order.moved.v1";
    ReportIssued = "relais.results.report.issued.v1";
    ReportReleased = "relais.results.report.released.v1";
    ReportAcknowledged = "relais.results.report.acknowledged.v1";
    ReportQuarantined = "relais.results.report.quarantined.v1";
    MessageReceived = "relais.notification.message.received.v1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_back_under_its_type() {
        let event = Event::from(v1::OrderDrafted { order: "orders/1".into(), referral: "referrals/2".into() });
        assert_eq!(Event::decode(event.type_name(), &event.encode()), Ok(event));
        assert_eq!(Event::decode("relais.results.order.burnt.v1", &[]), Err(Undecoded::Unknown));
        assert_eq!(Event::decode("relais.results.order.drafted.v2", &[]), Err(Undecoded::OtherVersion));
        assert!(Event::decode(TYPES[0], &[0xff]).is_err());
    }

    #[test]
    fn every_type_has_the_form_of_a_type() {
        for name in TYPES {
            let words: Vec<_> = name.split('.').collect();
            assert_eq!((words.len(), words[0], words[4]), (5, "relais", "v1"), "{name}");
            assert_eq!(aggregate_kind(name).split('.').count(), 3);
        }
    }
}
