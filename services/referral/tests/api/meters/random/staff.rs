//! Staff time as it is planned, worked, given back, and left to lapse, by many at once.

use chrono::{Days, NaiveDate};
use relais_proto::convention::v1::{
    ConfirmStaffTimeRequest, ReleaseStaffTimeRequest, ReserveStaffTimeRequest, StaffTime,
};
use relais_tests::request_id;
use tonic::Status;

use super::{super::day, agreed::Agreed, dice::Dice};

/// A step: time is planned, or of what was planned before something becomes.
pub enum Step {
    Reserve(StaffTime),
    Confirm(String, i64),
    Release(String),
}

impl Step {
    fn name(&self) -> &'static str {
        match self {
            Self::Reserve(_) => "staff time planned",
            Self::Confirm(..) => "staff time worked",
            Self::Release(_) => "staff time given back",
        }
    }

    /// Some of it lies days back: unless somebody is quick, it lapses. More may have been worked than was planned, or less; and what is
    /// over already is asked for, too.
    pub fn draw(dice: &mut Dice, agreed: &Agreed, planned: &[String]) -> Self {
        let minutes = 20 * (1 + i64::try_from(dice.roll(6)).unwrap_or_default());
        let recent = &planned[planned.len().saturating_sub(6)..];
        match dice.roll(4) {
            0 if !recent.is_empty() => Self::Confirm(dice.pick(recent).clone(), minutes),
            1 if !recent.is_empty() => Self::Release(dice.pick(recent).clone()),
            _ => Self::Reserve(plan(dice, agreed, minutes)),
        }
    }

    /// Takes it; answers with what it is, and what was planned by it.
    pub async fn take(self, agreed: &Agreed) -> (&'static str, Result<Option<String>, Status>) {
        (self.name(), self.call(agreed).await)
    }

    async fn call(self, agreed: &Agreed) -> Result<Option<String>, Status> {
        let mut client = agreed.metered.partners.coordinator.staff_times();
        match self {
            Self::Reserve(planned) => {
                let request = ReserveStaffTimeRequest { staff_time: Some(planned), request_id: request_id() };
                let reserved = client.reserve_staff_time(request).await?.into_inner().staff_time;
                Ok(reserved.map(|reserved| reserved.name))
            }
            Self::Confirm(name, worked_minutes) => {
                let request = ConfirmStaffTimeRequest { name, worked_minutes, request_id: request_id() };
                client.confirm_staff_time(request).await.map(|_| None)
            }
            Self::Release(name) => {
                let request = ReleaseStaffTimeRequest { name, request_id: request_id() };
                client.release_staff_time(request).await.map(|_| None)
            }
        }
    }
}

fn plan(dice: &mut Dice, agreed: &Agreed, planned_minutes: i64) -> StaffTime {
    let today = agreed.metered.partners.today;
    let work_date: NaiveDate = if dice.roll(2) == 0 { today - Days::new(9) } else { today };
    StaffTime {
        convention: agreed.by_site().into(),
        line_id: "staff".into(),
        planned_minutes,
        work_date: day(work_date),
        site: dice.pick(agreed.in_scope()).clone(),
        hold_days: 1,
        ..StaffTime::default()
    }
}
