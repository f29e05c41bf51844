//! What this service does with others' events: one arm per event, each one call of a use case.

use chrono::{DateTime, Utc};
use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::{Handler, Restored},
    database::{Unit, UseCase},
    events::Event,
};
use relais_proto::events::v1::{AppointmentMoved, ReportIssued};

use crate::{
    Referral,
    app::{
        convention::CountReport,
        referral::{HearAppointment, HearReport, JudgeBooking, NoteOpened},
    },
};

impl Handler for Referral {
    async fn consume(unit: &mut Unit<'_>, event: &Event, envelope: &Envelope) -> Result<()> {
        hear(unit, event, envelope.version, envelope.time).await
    }

    /// The last event of an appointment tells where it stands, and each of a report's what was issued and read. What was heard
    /// before changes nothing; an appointment that still waits for a judgement gets it once more, in case the first was lost.
    async fn restore(unit: &mut Unit<'_>, restored: &Restored) -> Result<()> {
        let (now, last) = (unit.now(), restored.events.len().saturating_sub(1));
        for (at, event) in restored.events.iter().enumerate() {
            let is_report = matches!(event, Event::ReportIssued(_) | Event::ReportAcknowledged(_));
            if at == last || is_report {
                hear(unit, event, restored.version, now).await?;
            }
        }
        Ok(())
    }
}

async fn hear(unit: &mut Unit<'_>, event: &Event, version: i64, time: DateTime<Utc>) -> Result<()> {
    match event {
        Event::AppointmentProposed(told) => NoteOpened::try_new(told)?.run(unit).await,
        Event::AppointmentMoved(told) => {
            HearAppointment::moved(told, version, time)?.run(unit).await?;
            judge(unit, told, version).await
        }
        Event::AppointmentCancelled(told) => HearAppointment::cancelled(told, version, time)?.run(unit).await,
        Event::ReportIssued(told) => {
            count(unit, told).await?;
            HearReport::issued(told, time)?.run(unit).await
        }
        Event::ReportAcknowledged(told) => HearReport::acknowledged(told, time)?.run(unit).await,
        _ => Ok(()),
    }
}

/// An appointment that waits for the convention's judgement on its day gets one.
async fn judge(unit: &mut Unit<'_>, told: &AppointmentMoved, version: i64) -> Result<()> {
    match JudgeBooking::find_in(told, version)? {
        Some(asked) => asked.run(unit).await,
        None => Ok(()),
    }
}

/// What a report tells as done counts under the convention.
async fn count(unit: &mut Unit<'_>, told: &ReportIssued) -> Result<()> {
    CountReport::try_new(told)?.run(unit).await
}
