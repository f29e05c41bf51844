//! Lists messages.

use relais_platform::{
    Result,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
};

use super::inbox_of;
use crate::{domain::Message, store};

/// Lists the messages of the caller's inbox, the most recent first.
#[derive(Debug, Clone, Copy)]
pub struct ListMessages {
    /// Only those that nobody has read.
    pub unread: bool,
    /// Which page.
    pub page: PageRequest,
}

impl UseCase for ListMessages {
    type Outcome = Page<Message>;
    const NAME: &'static str = "list_messages";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Message>> {
        let inbox = inbox_of(unit.caller()?)?;
        let rows = match self.unread {
            true => store::list_unread(unit, &inbox, &self.page).await?,
            false => store::list(unit, &inbox, &self.page).await?,
        };
        let page = self.page.page(rows, |message| Position { time: message.create_time, id: message.id.0 });
        page.rows.iter().for_each(|message| unit.audit(message));
        Ok(page)
    }
}
