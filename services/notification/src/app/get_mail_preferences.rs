//! What a mailbox wants by mail.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::mailbox_of;
use crate::{domain::Preferences, store};

/// What the caller's mailbox wants.
#[derive(Debug, Clone, Copy)]
pub struct GetMailPreferences;

impl UseCase for GetMailPreferences {
    type Outcome = Preferences;
    const NAME: &'static str = "get_mail_preferences";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Preferences> {
        let mailbox = mailbox_of(unit.caller()?)?;
        let wanted = store::get_preferences(unit, mailbox).await?;
        unit.audit("mailPreferences");
        Ok(wanted)
    }
}
