//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored, erasure::forget},
    database::{Unit, UseCase},
    events::Event,
    ids::PatientId,
};

use crate::{
    Results,
    app::{NoteOpenedFile, NoteReferral, OpenOrder, RevokeOrder, TakeOverSite},
    domain::is_withdrawn,
    store,
};

impl Handler for Results {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::ReferralSubmitted(told) => OpenOrder::try_new(told)?.run(unit).await,
            Event::ReferralCancelled(told) => RevokeOrder::try_new(told)?.run(unit).await,
            Event::ReferralMoved(told) => NoteReferral::try_new(told)?.run(unit).await,
            Event::SiteRegistered(told) => TakeOverSite::try_new(told)?.run(unit).await,
            Event::ErasureMade(told) => forget::<Self>(unit, told).await,
            Event::GlassBroken(told) => NoteOpenedFile::try_new(told)?.run(unit).await,
            _ => Ok(()),
        }
    }

    async fn forget(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
        store::forget_patient(unit, patient).await
    }

    /// The first event of a referral tells who it is for, the last one how it stands: whether it is to have an order.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        let last = restored.events.last();
        if let Some(Event::ReferralSubmitted(told)) = restored.events.first() {
            let opening = OpenOrder::try_new(told)?;
            opening.note_patient(unit).await?;
            let ended = match last {
                Some(Event::ReferralCancelled(_)) => true,
                Some(Event::ReferralMoved(told)) => is_withdrawn(&told.state),
                _ => false,
            };
            if !ended {
                opening.restore(unit).await?;
            }
        }
        match last {
            Some(Event::ReferralCancelled(told)) => RevokeOrder::try_new(told)?.run(unit).await,
            Some(Event::ReferralMoved(told)) => NoteReferral::try_new(told)?.run(unit).await,
            Some(Event::SiteRegistered(told)) => TakeOverSite::try_new(told)?.run(unit).await,
            _ => Ok(()),
        }
    }
}
