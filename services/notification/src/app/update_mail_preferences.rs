//! Changes what a mailbox wants by mail.

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
};
use uuid::Uuid;

use super::{mailbox_of, recall::Said};
use crate::{domain::Preferences, store};

/// Changes what the caller's mailbox wants, as a whole.
#[derive(Debug, Clone)]
pub struct UpdateMailPreferences {
    /// Under which id it is kept.
    pub id: Uuid,
    /// All that it wants; its version is drawn here.
    pub wanted: Preferences,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for UpdateMailPreferences {
    type Outcome = Said;
    const NAME: &'static str = "update_mail_preferences";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Said> {
        let mailbox = mailbox_of(unit.caller()?)?;
        let before = store::get_preferences(unit, mailbox).await?;
        if self.seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::stale_etag());
        }
        let preferences = Preferences { version: before.version + 1, ..self.wanted.clone() };
        store::insert_preferences(unit, self.id, mailbox, &preferences).await?;
        unit.audit("mailPreferences");
        Ok(Said { id: self.id, preferences })
    }
}
