//! What this service does with others' events: one arm per event, each one call of a use case.

mod heard;

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored, erasure::forget},
    database::{Unit, UseCase},
    events::Event,
    ids::PatientId,
};

use crate::{Notification, app::Tell, domain::Happening, store};

impl Handler for Notification {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::AppointmentReminderDue(told) => match heard::reminder(told)? {
                Some(remind) => remind.run(unit).await,
                None => Ok(()),
            },
            Event::ErasureMade(told) => forget::<Self>(unit, told).await,
            other => {
                withdraw(unit, other).await?;
                tell(unit, other, false).await
            }
        }
    }

    async fn forget(unit: &mut Unit<'_>, patient: PatientId) -> Result<()> {
        store::forget_patient(unit, patient).await
    }

    /// Whoever never heard of the present state is told now; all else is in the inboxes already. The first event tells
    /// who sent it, and for whom. Nobody is reminded: that is no state.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        if let Some(Event::ReferralSubmitted(told)) = restored.events.first() {
            Tell { happening: heard::referral_submitted(told)?, restored: true }.note_sender(unit).await?;
        }
        if let Some(last) = restored.events.last() {
            withdraw(unit, last).await?;
        }
        match restored.events.last() {
            Some(Event::ErasureMade(told)) => forget::<Self>(unit, told).await,
            Some(last) if restored.consumed < restored.version => tell(unit, last, true).await,
            _ => Ok(()),
        }
    }
}

/// Whatever becomes of an appointment, nobody is reminded of a time that it has no more.
async fn withdraw(unit: &mut Unit<'_>, event: &Event) -> Result<()> {
    match event {
        Event::AppointmentMoved(told) => heard::expected(told)?.run(unit).await,
        Event::AppointmentCancelled(told) => heard::not_expected(told)?.run(unit).await,
        _ => Ok(()),
    }
}

async fn tell(unit: &mut Unit<'_>, event: &Event, restored: bool) -> Result<()> {
    match happening(event)? {
        Some(happening) => Tell { happening, restored }.run(unit).await,
        None => Ok(()),
    }
}

fn happening(event: &Event) -> Result<Option<Happening>> {
    match event {
        Event::ReferralSubmitted(told) => heard::referral_submitted(told).map(Some),
        Event::ReferralMoved(told) => heard::referral_moved(told).map(Some),
        Event::ReferralOffered(told) => heard::referral_offered(told).map(Some),
        Event::ReferralOverdue(told) => heard::referral_overdue(told).map(Some),
        Event::ReferralCancelled(told) => heard::referral_cancelled(told).map(Some),
        Event::GlassBroken(told) => heard::glass_broken(told).map(Some),
        Event::MeterThresholdCrossed(told) => heard::meter_threshold_crossed(told).map(Some),
        Event::AppointmentMoved(told) => heard::appointment_moved(told),
        Event::AppointmentCancelled(told) => heard::appointment_cancelled(told),
        Event::ReportReleased(told) => heard::report_released(told).map(Some),
        Event::ReportQuarantined(told) => heard::report_quarantined(told).map(Some),
        Event::ReportAcknowledged(told) => heard::report_acknowledged(told).map(Some),
        _ => Ok(None),
    }
}
