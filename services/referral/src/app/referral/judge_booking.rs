//! Judges the day and the site of an appointment that waits for it.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, Child, ReferralId, SiteId},
};
use relais_proto::events::v1;

use super::keep::keep_judged;
use crate::{
    app::convention::move_reservation,
    domain::referral::{AppointmentState, Judgement},
    store::referral,
};

/// Asks the convention whether an appointment may be booked on its day and at its site, and tells the answer: to each version of an appointment that
/// asks, one answer.
#[derive(Debug, Clone, Copy)]
pub struct JudgeBooking {
    referral: ReferralId,
    appointment: AppointmentId,
    version: i64,
    day: NaiveDate,
    site: Option<Child<SiteId>>,
}

impl JudgeBooking {
    /// Of an event, the `version` of its appointment; none when that asks for nothing.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it cannot be read: the message is parked.
    pub fn find_in(told: &v1::AppointmentMoved, version: i64) -> Result<Option<Self>> {
        if AppointmentState::parse(&told.state) != Some(AppointmentState::Pending) {
            return Ok(None);
        }
        let mut check = Check::default();
        let asked = Self {
            referral: check.name("referral", &told.referral),
            appointment: check.name("appointment", &told.appointment),
            version,
            day: check.date("local_date", told.local_date),
            site: check.optional_child("site", &told.site),
        };
        check.finish().map(|()| Some(asked))
    }
}

impl UseCase for JudgeBooking {
    type Outcome = ();
    const NAME: &'static str = "judge_booking";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        // What an earlier message of the same batch opened must not hide this.
        unit.settle().await?;
        let referral = referral::find_locked(unit, self.referral).await?;
        let referral = referral.ok_or_else(|| Error::not_found(self.referral))?;
        unit.about(referral.number.as_str());
        // With its end the seat was given back.
        if !referral.state.is_open() {
            return Ok(());
        }
        let verdict = move_reservation(unit, &referral, self.day, self.site).await?;
        let judgement = Judgement::of(verdict, &referral);
        let judged = referral.judged(&judgement, unit.now());
        keep_judged(unit, &judged, (self.appointment, self.version), &judgement).await
    }
}
