//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored},
    database::{Unit, UseCase},
    events::Event,
};

use crate::{
    Results,
    app::{ForgetPatient, NoteOpenedFile, OpenOrder, RevokeOrder},
};

impl Handler for Results {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::ReferralSubmitted(told) => OpenOrder::try_new(told)?.run(unit).await,
            Event::ReferralCancelled(told) => RevokeOrder::try_new(told)?.run(unit).await,
            Event::ErasureMade(told) => ForgetPatient::try_new(told)?.run(unit).await,
            Event::GlassBroken(told) => NoteOpenedFile::try_new(told)?.run(unit).await,
            _ => Ok(()),
        }
    }

    /// The last event of a referral tells whether it is to have an order, the first one whose it is.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        if let Some(Event::ReferralSubmitted(told)) = restored.events.first() {
            OpenOrder::try_new(told)?.note_patient(unit).await?;
        }
        match restored.events.last() {
            Some(Event::ReferralSubmitted(told)) => OpenOrder::try_new(told)?.restore(unit).await,
            Some(Event::ReferralCancelled(told)) => RevokeOrder::try_new(told)?.run(unit).await,
            _ => Ok(()),
        }
    }
}
