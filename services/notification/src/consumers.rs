//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored},
    database::{Unit, UseCase},
    events::Event,
};

use crate::{
    Notification,
    app::{ForgetPatient, TellParties},
    domain::Kind,
};

impl Handler for Notification {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        tell(unit, event).await
    }

    /// Whoever never heard of a referral's present state is told now; all else is in the inboxes already. The first event tells
    /// who sent it, and for whom.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        if let Some(Event::ReferralSubmitted(told)) = restored.events.first() {
            TellParties::of_submitted(told)?.note_sender(unit).await?;
        }
        match restored.events.last() {
            Some(last) if restored.consumed < restored.version => tell(unit, last).await,
            _ => Ok(()),
        }
    }
}

async fn tell(unit: &mut Unit<'_>, event: &Event) -> Result<()> {
    let told = match event {
        Event::ErasureMade(told) => return ForgetPatient::try_new(told)?.run(unit).await,
        Event::ReferralSubmitted(told) => TellParties::of_submitted(told),
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
