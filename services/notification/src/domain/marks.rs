//! Reading and acknowledging: two things. To have read is a fact; to acknowledge is to take charge.

use chrono::{DateTime, Utc};

use super::Message;

/// Who did it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: issuer and subject, as in the audit.
    pub by: String,
}

/// Somebody else has taken charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkRefused;

/// The message as read. Who read it first, stays.
pub fn read(message: Message, mark: Mark) -> Message {
    Message { read: message.read.or(Some(mark)), ..message }
}

/// The message in somebody's charge, and so read.
///
/// # Errors
/// When somebody has it in charge already, be it the same person.
pub fn acknowledged(message: Message, mark: Mark) -> Result<Message, MarkRefused> {
    if message.acknowledged.is_some() {
        return Err(MarkRefused);
    }
    Ok(Message { acknowledged: Some(mark.clone()), ..read(message, mark) })
}

impl Message {
    /// How far it has come: 1 new, 2 read, 3 acknowledged.
    pub fn version(&self) -> i64 {
        match (&self.read, &self.acknowledged) {
            (_, Some(_)) => 3,
            (Some(_), None) => 2,
            (None, None) => 1,
        }
    }

    /// As it was in that version.
    #[must_use]
    pub fn in_version(self, version: i64) -> Self {
        Self {
            acknowledged: self.acknowledged.filter(|_| version > 2),
            read: self.read.filter(|_| version > 1),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use relais_platform::ids::{MessageId, OrganisationId};

    use super::*;
    use crate::domain::{Facts, Kind, Mailbox};

    fn message() -> Message {
        Message {
            id: MessageId::draw(),
            mailbox: Mailbox { organisation: OrganisationId::draw(), unit: None },
            kind: Kind::ReferralSubmitted,
            facts: Facts::default(),
            referral: None,
            referral_number: String::new(),
            create_time: DateTime::UNIX_EPOCH,
            read: None,
            acknowledged: None,
        }
    }

    fn mark(by: &str, minutes: i64) -> Mark {
        Mark { at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes), by: by.into() }
    }

    #[test]
    fn the_first_to_read_stays_and_one_takes_charge() {
        let twice = read(read(message(), mark("a", 1)), mark("b", 2));
        assert_eq!((twice.read.clone(), twice.version()), (Some(mark("a", 1)), 2));
        let taken = acknowledged(twice, mark("b", 3)).unwrap();
        assert_eq!((taken.read.clone(), taken.acknowledged.clone()), (Some(mark("a", 1)), Some(mark("b", 3))));
        assert_eq!(acknowledged(taken.clone(), mark("b", 4)), Err(MarkRefused));
        assert_eq!(taken.clone().in_version(2).acknowledged, None);
        assert_eq!(taken.in_version(1).version(), 1);
    }

    #[test]
    fn who_takes_charge_has_read() {
        let taken = acknowledged(message(), mark("a", 1)).unwrap();
        assert_eq!(taken.read, taken.acknowledged);
    }
}
