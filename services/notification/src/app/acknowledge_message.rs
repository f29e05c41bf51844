//! Acknowledges a message: somebody has it in charge.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::MessageId,
};

use super::{inbox_of, mark};
use crate::{
    domain::{MarkRefused, Message, acknowledged},
    store,
};

/// Notes that the caller takes charge of a message of the own inbox.
#[derive(Debug, Clone, Copy)]
pub struct AcknowledgeMessage(pub MessageId);

impl UseCase for AcknowledgeMessage {
    type Outcome = Message;
    const NAME: &'static str = "acknowledge_message";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Message> {
        let inbox = inbox_of(unit.caller()?)?;
        let found = store::lock(unit, &inbox, self.0).await?;
        unit.about(&found.referral_number);
        let message = acknowledged(found, mark(unit.caller()?, unit.now())).map_err(|MarkRefused| {
            let rule = Violation::new("message-not-acknowledged", "somebody has taken charge of it already");
            Error::refused("MESSAGE_ACKNOWLEDGED", vec![rule])
        })?;
        store::save_marks(unit, &message).await?;
        unit.audit(&message);
        Ok(message)
    }
}
