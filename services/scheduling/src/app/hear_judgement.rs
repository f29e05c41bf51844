//! Hears what the convention says of the day and the site of an appointment.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, ReferralId},
    parties::{self, Party},
};
use relais_proto::events::v1;

use super::{ProposeAgain, ask_again::ask_for, change, open_appointment::covered};
use crate::{
    domain::{Appointment, Covered, State, Time, admit, ensure_offered, go_back, refuse_day},
    store::{self, PartyLists, referral::Referrals, seat::Claim},
};

/// Books the appointment that waited for this, or gives its seat back. When and where appointments are booked without asking is
/// taken over whatever has become of the appointment meanwhile: what the convention reserves has moved.
#[derive(Debug, Clone)]
pub struct HearJudgement {
    referral: ReferralId,
    parties: Vec<Party>,
    appointment: AppointmentId,
    version: i64,
    admitted: bool,
    reason: String,
    covered: Covered,
}

impl HearJudgement {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it cannot be read: the message is parked.
    pub fn try_new(told: &v1::BookingJudged) -> Result<Self> {
        let mut check = Check::default();
        let heard = Self {
            referral: check.name("referral", &told.referral),
            parties: parties::of_event(&mut check, &told.parties),
            appointment: check.name("appointment", &told.appointment),
            version: told.appointment_version,
            admitted: told.admitted,
            reason: told.reason.clone(),
            covered: covered(&mut check, (told.booking_from, told.booking_until), told.booking_sites.as_ref()),
        };
        check.ensure("reason", heard.admitted || !heard.reason.is_empty(), "must say which rule fails");
        check.finish().map(|()| heard)
    }

    /// Whether this is the answer that the appointment waits for, and not one to what was asked before.
    fn answers(&self, open: &Appointment) -> bool {
        open.state == State::Pending && open.id == self.appointment && open.version == self.version
    }

    async fn decide(&self, unit: &mut Unit<'_>, pending: Appointment) -> Result<()> {
        let previous = pending.state;
        if self.admitted {
            let booked = admit(pending, unit.now());
            return remind_and_keep(unit, &booked, previous).await;
        }
        if let Some(time) = self.seat_before(unit, &pending).await? {
            let back = go_back(pending, time, &self.reason, unit.now());
            return remind_and_keep(unit, &back, previous).await;
        }
        let refused = refuse_day(pending, &self.reason, unit.now());
        change::give_up(unit, &refused, previous).await?;
        ProposeAgain(self.referral).run(unit).await
    }

    /// The time from which it was to be moved, if a seat could be taken there again.
    async fn seat_before(&self, unit: &mut Unit<'_>, pending: &Appointment) -> Result<Option<Time>> {
        let Some(slot) = store::appointment::find_booked_slot(unit, pending.id).await? else { return Ok(None) };
        let Some(referral) = store::referral::find(unit, self.referral).await? else { return Ok(None) };
        let Some(offer) = store::slot::find_offer(unit, slot, &referral).await? else { return Ok(None) };
        let open = ensure_offered(&offer, unit.now()).is_ok() && referral.covered.hold(&offer.time);
        if !open || store::appointment::is_busy(unit, pending, &offer.time).await? {
            return Ok(None);
        }
        let claim = Claim { appointment: pending.id, offer: &offer, walk_in: false, held_until: None };
        Ok(store::seat::take(unit, claim).await?.then_some(offer.time))
    }
}

/// Of one that was asked for without a reminder, such as one whose last step was taken back, there is none.
async fn remind_and_keep(unit: &mut Unit<'_>, booked: &Appointment, previous: State) -> Result<()> {
    if let Some(lead) = store::appointment::find_lead(unit, booked.id).await? {
        change::set_reminder(unit, booked, lead).await?;
    }
    change::write(unit, booked, previous).await
}

impl UseCase for HearJudgement {
    type Outcome = ();
    const NAME: &'static str = "hear_judgement";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<PartyLists>().take_over(self.referral, &self.parties);
        unit.later::<Referrals>().book_on(self.referral, self.covered.clone());
        unit.settle().await?;
        let Some(open) = store::appointment::find_open(unit, self.referral).await? else {
            return Ok(());
        };
        unit.about(&open.referral_number);
        let outside = open.time.as_ref().is_some_and(|time| !self.covered.hold(time));
        match open.state {
            State::Pending if self.answers(&open) => self.decide(unit, open).await,
            // Booked by what was known before this: the convention is asked, for what it reserves has moved away from there.
            State::Booked if outside => ask_for(unit, open, "").await,
            _ => Ok(()),
        }
    }
}
