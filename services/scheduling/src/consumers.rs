//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored, erasure::forget},
    database::{Unit, UseCase},
    events::Event,
    ids::{PatientId, ReferralId, ResourceId},
};

use crate::{
    Scheduling,
    app::{EndAppointment, FollowReferral, HearJudgement, NoteOpenedFile, OpenAppointment, ProposeAgain, TakeOverSite},
    store,
};

impl Handler for Scheduling {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::ReferralSubmitted(told) => OpenAppointment::try_new(told)?.run(unit).await,
            Event::ReferralMoved(told) => FollowReferral::try_new(told)?.run(unit).await,
            Event::ReferralCancelled(told) => EndAppointment::try_new(told)?.run(unit).await,
            Event::BookingJudged(told) => HearJudgement::try_new(told)?.run(unit).await,
            Event::SiteRegistered(told) => TakeOverSite::try_new(told)?.run(unit).await,
            Event::ErasureMade(told) => forget::<Self>(unit, told).await,
            Event::GlassBroken(told) => NoteOpenedFile::try_new(told)?.run(unit).await,
            _ => Ok(()),
        }
    }

    async fn forget(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
        store::forget_patient(unit, patient).await
    }

    /// What a referral is, where it stands, and then whether it is to have an appointment.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        let mut of: Option<ReferralId> = None;
        for event in &restored.events {
            match event {
                Event::ReferralSubmitted(told) => {
                    let opening = OpenAppointment::try_new(told)?;
                    opening.note_patient(unit).await?;
                    opening.restore(unit);
                    of = ReferralId::parse(&told.referral);
                }
                Event::ReferralMoved(told) => FollowReferral::try_new(told)?.run(unit).await?,
                Event::ReferralCancelled(told) => EndAppointment::try_new(told)?.run(unit).await?,
                Event::SiteRegistered(told) => TakeOverSite::try_new(told)?.run(unit).await?,
                _ => {}
            }
        }
        unit.settle().await?;
        match of {
            Some(referral) => ProposeAgain(referral).run(unit).await,
            None => Ok(()),
        }
    }
}
