//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored},
    database::{Unit, UseCase},
    events::Event,
};

use crate::{Notification, app::TellParties, domain::Kind};

impl Handler for Notification {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        tell(unit, event).await
    }

    /// Whoever never heard of a referral's present state is told now; all else is in the inboxes already.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        match restored.events.last() {
            Some(last) if restored.consumed < restored.version => tell(unit, last).await,
            _ => Ok(()),
        }
    }
}

async fn tell(unit: &mut Unit<'_>, event: &Event) -> Result<()> {
    let told = match event {
        Event::ReferralSubmitted(told) => {
            TellParties::try_new(Kind::ReferralSubmitted, &told.referral, &told.number, &told.parties)
        }
        Event::ReferralCancelled(told) => {
            TellParties::try_new(Kind::ReferralCancelled, &told.referral, &told.number, &told.parties)
        }
        Event::GlassBroken(told) => {
            TellParties::try_new(Kind::GlassBroken, &told.referral, &told.number, &told.parties)
        }
        _ => return Ok(()),
    };
    told?.run(unit).await
}
