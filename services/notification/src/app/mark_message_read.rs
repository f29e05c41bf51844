//! Marks a message as read.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::MessageId,
};

use super::{inbox_of, mark};
use crate::{
    domain::{Message, read},
    store,
};

/// Notes that the caller has read a message of the own inbox.
#[derive(Debug, Clone, Copy)]
pub struct MarkMessageRead(pub MessageId);

impl UseCase for MarkMessageRead {
    type Outcome = Message;
    const NAME: &'static str = "mark_message_read";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Message> {
        let inbox = inbox_of(unit.caller()?)?;
        let found = store::lock(unit, &inbox, self.0).await?;
        unit.about(&found.referral_number);
        let message = read(found, mark(unit.caller()?, unit.now()));
        store::save_marks(unit, &message).await?;
        unit.audit(&message);
        Ok(message)
    }
}
