//! What this service does with others' events: one arm per event, each one call of a use case.

use relais_platform::{
    Result,
    broker::envelope::Envelope,
    consumer::Handler,
    database::{Unit, UseCase},
    events::Event,
};

use crate::{Notification, app::TellParties, domain::Kind};

impl Handler for Notification {
    async fn consume(unit: &mut Unit<'_>, event: &Event, _: &Envelope) -> Result<()> {
        match event {
            Event::ReferralSubmitted(told) => {
                TellParties::try_new(Kind::ReferralSubmitted, &told.referral, &told.number, &told.parties)?
                    .run(unit)
                    .await
            }
            Event::ReferralCancelled(told) => {
                TellParties::try_new(Kind::ReferralCancelled, &told.referral, &told.number, &told.parties)?
                    .run(unit)
                    .await
            }
            _ => Ok(()),
        }
    }
}
