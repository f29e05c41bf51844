//! Reads a mailbox of the caller's inbox on from a number.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use crate::{
    domain::{Mailbox, Message},
    store,
};

/// The most messages read at once.
pub const STRETCH: usize = 100;

/// Reads the next messages of a mailbox that [`super::inbox_of`] named, the oldest first.
#[derive(Debug, Clone, Copy)]
pub struct ReadOn {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Those after this number.
    pub after: i64,
}

impl UseCase for ReadOn {
    type Outcome = Vec<(i64, Message)>;
    const NAME: &'static str = "read_on";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<(i64, Message)>> {
        let messages = store::list_after(unit, self.mailbox, self.after, STRETCH).await?;
        messages.iter().for_each(|(_, message)| unit.audit(message));
        Ok(messages)
    }
}
