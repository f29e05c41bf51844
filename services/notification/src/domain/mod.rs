//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

mod delivery;
mod local;
mod marks;
mod message;
mod preferences;
mod telling;

pub use delivery::{Attempt, Delivery, Next, Outcome, Purpose, State, next};
pub use marks::{Mark, MarkRefused, acknowledged, read};
pub use message::{Facts, Kind, Mailbox, Message};
pub use preferences::{Language, Mailing, Preferences, QuietHours};
pub use telling::{Class, Happening, class, told};

#[cfg(test)]
pub use telling::rows;
