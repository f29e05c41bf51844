//! Staff time: reserved when it is planned, used when it was worked, given back when it was not.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use relais_platform::{
    error::{Error, Violation},
    ids::{Child, ConventionId, SiteId, StaffTimeId},
    text_enum,
};

use super::{Convention, Line, LineScope, Measure, Role};

/// The most minutes of one plan.
pub const MOST_MINUTES: i64 = 1_000_000;
/// The most days for which a plan stays reserved.
pub const MOST_HOLD_DAYS: i32 = 366;
/// The usual.
pub const USUAL_HOLD_DAYS: i32 = 14;

text_enum! {
    /// Where staff time stands.
    pub enum StaffTimeState {
        /// Planned, and reserved on its line.
        Reserved = "reserved",
        /// Worked, and used on its line.
        Confirmed = "confirmed",
        /// Given back.
        Released = "released",
        /// Given back, for nobody confirmed it in time.
        Lapsed = "lapsed",
    }
}

/// Time of staff on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffTime {
    /// Its id.
    pub id: StaffTimeId,
    /// The convention.
    pub convention: ConventionId,
    /// The version of the terms of whose line it is; 0 until that is known.
    pub convention_version: i64,
    /// The line.
    pub line_id: String,
    /// How long is planned, in minutes.
    pub planned_minutes: i64,
    /// The day of the work.
    pub work_date: NaiveDate,
    /// Where.
    pub site: Option<Child<SiteId>>,
    /// Where it is found in the plan.
    pub reference: String,
    /// Days after that day for which it stays reserved.
    pub hold_days: i32,
    /// Grows with each step.
    pub version: i64,
    /// Where it stands.
    pub state: StaffTimeState,
    /// How long it took, in minutes; 0 unless it is confirmed.
    pub worked_minutes: i64,
    /// When it was reserved.
    pub create_time: DateTime<Utc>,
    /// When it came to where it stands.
    pub update_time: DateTime<Utc>,
}

impl StaffTime {
    /// When it lapses: the days for which it is held are over everywhere west of Greenwich, too.
    pub fn expire_time(&self) -> DateTime<Utc> {
        let days = Days::new(u64::try_from(self.hold_days).unwrap_or_default() + 2);
        let last = self.work_date.checked_add_days(days).unwrap_or(self.work_date);
        last.and_time(NaiveTime::MIN).and_utc()
    }

    /// What of its line is reserved for it, and what is used.
    pub fn takes(&self) -> (i64, i64) {
        match self.state {
            StaffTimeState::Reserved => (self.planned_minutes, 0),
            StaffTimeState::Confirmed => (0, self.worked_minutes),
            StaffTimeState::Released | StaffTimeState::Lapsed => (0, 0),
        }
    }

    /// Worked, for so many minutes; `None`: as planned. `today` is the last day that has begun.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for minutes that cannot be, FAILED_PRECONDITION when it was confirmed or released before, or is still to come.
    pub fn confirm(self, minutes: Option<i64>, today: NaiveDate, now: DateTime<Utc>) -> Result<Self, Error> {
        let worked_minutes = minutes.unwrap_or(self.planned_minutes);
        if !(1..=MOST_MINUTES).contains(&worked_minutes) {
            let rule = Violation::new("worked_minutes", "must be between 1 and 1000000");
            return Err(Error::invalid(vec![rule]));
        }
        if self.work_date > today {
            let told = format!("it is planned for {}", self.work_date);
            return Err(refused(Violation::new("staff-time-to-come", told).of("work_date", Vec::new())));
        }
        // What was worked is a fact, even if nobody said so in time.
        self.step(&[StaffTimeState::Reserved, StaffTimeState::Lapsed], StaffTimeState::Confirmed, worked_minutes, now)
    }

    /// Given back; of time that was confirmed, by an entry against it.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it was given back before.
    pub fn release(self, now: DateTime<Utc>) -> Result<Self, Error> {
        self.step(&[StaffTimeState::Reserved, StaffTimeState::Confirmed], StaffTimeState::Released, 0, now)
    }

    /// Given back by itself; none when that is not to be.
    pub fn lapse(self, now: DateTime<Utc>) -> Option<Self> {
        let over = self.expire_time() <= now;
        let lapsed = self.step(&[StaffTimeState::Reserved], StaffTimeState::Lapsed, 0, now).ok();
        lapsed.filter(|_| over)
    }

    fn step(
        self,
        from: &[StaffTimeState],
        state: StaffTimeState,
        worked_minutes: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        if !from.contains(&self.state) {
            let told = format!("it is {}", self.state.as_str());
            return Err(refused(Violation::new("staff-time-state", told).of("state", Vec::new())));
        }
        Ok(Self { state, worked_minutes, version: self.version + 1, update_time: now, ..self })
    }
}

fn refused(rule: Violation) -> Error {
    Error::refused("STAFF_TIME_REFUSED", vec![rule])
}

/// The line on which time is reserved.
///
/// # Errors
/// INVALID_ARGUMENT with each field that is wrong, FAILED_PRECONDITION when the convention is not in force on the day.
pub fn plan<'a>(convention: &'a Convention, asked: &StaffTime) -> Result<&'a Line, Error> {
    let terms = &convention.terms;
    let line = terms.lines.iter().find(|line| line.line_id == asked.line_id && line.measure == Measure::StaffMinutes);
    let mut faults = Vec::new();
    let mut ensure = |field: &str, holds: bool, rule: &str| {
        if !holds {
            faults.push(Violation::new(format!("staff_time.{field}"), rule));
        }
    };
    ensure("line_id", line.is_some(), "must be a line of the convention that counts staff minutes");
    let minutes = (1..=MOST_MINUTES).contains(&asked.planned_minutes);
    ensure("planned_minutes", minutes, "must be between 1 and 1000000");
    ensure("hold_days", (1..=MOST_HOLD_DAYS).contains(&asked.hold_days), "must be between 0 and 366");
    let nowhere = line.is_some_and(|line| line.scope == LineScope::Site) && asked.site.is_none();
    ensure("site", !nowhere, "is required where the line counts each site");
    let works = |site: Child<SiteId>| match terms.sites.as_slice() {
        // Of all of the providers'.
        [] => terms.is_party(site.organisation, Role::Provider),
        sites => sites.contains(&site),
    };
    ensure("site", asked.site.is_none_or(works), "must be a site of the terms");
    let Some(line) = line.filter(|_| faults.is_empty()) else { return Err(Error::invalid(faults)) };
    match convention.days().filter(|days| convention.admits() && days.contains(asked.work_date)) {
        Some(_) => Ok(line),
        None => {
            let told = format!("the convention is not in force on {}", asked.work_date);
            let passes = convention.days().map(|days| days.to_string()).into_iter().collect();
            Err(refused(Violation::new("convention-not-in-force", told).of("terms.start_date", passes)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> StaffTime {
        StaffTime {
            id: StaffTimeId::draw(),
            convention: ConventionId::draw(),
            convention_version: 1,
            line_id: "staff".into(),
            planned_minutes: 90,
            work_date: "2026-03-10".parse().unwrap(),
            site: None,
            reference: String::new(),
            hold_days: 14,
            version: 1,
            state: StaffTimeState::Reserved,
            worked_minutes: 0,
            create_time: DateTime::UNIX_EPOCH,
            update_time: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_state_takes_what_it_says_and_goes_where_it_may() {
        let (today, now) = ("2026-03-10".parse().unwrap(), DateTime::UNIX_EPOCH);
        let late = planned().expire_time();
        for (state, takes, confirms, releases, lapses) in [
            (StaffTimeState::Reserved, (90, 0), true, true, true),
            (StaffTimeState::Confirmed, (0, 60), false, true, false),
            (StaffTimeState::Released, (0, 0), false, false, false),
            (StaffTimeState::Lapsed, (0, 0), true, false, false),
        ] {
            let worked_minutes = if state == StaffTimeState::Confirmed { 60 } else { 0 };
            let it = StaffTime { state, worked_minutes, ..planned() };
            assert_eq!(it.takes(), takes, "{state:?}");
            let confirmed = it.clone().confirm(None, today, now);
            assert_eq!(confirmed.map(|it| it.takes()).ok(), confirms.then_some((0, 90)), "{state:?}");
            assert_eq!(it.clone().release(now).is_ok(), releases, "{state:?}");
            assert_eq!(it.clone().lapse(now), None, "{state:?}, before its time");
            assert_eq!(it.lapse(late).is_some(), lapses, "{state:?}");
        }
    }

    #[test]
    fn it_is_confirmed_on_its_day_at_the_soonest_for_as_long_as_can_be() {
        let (eve, day) = ("2026-03-09".parse().unwrap(), "2026-03-10".parse().unwrap());
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(planned().confirm(None, eve, now).unwrap_err().violations[0].subject, "staff-time-to-come");
        for minutes in [0, -1, MOST_MINUTES + 1, i64::MAX] {
            assert_eq!(planned().confirm(Some(minutes), day, now).unwrap_err().violations[0].subject, "worked_minutes");
        }
        assert_eq!(planned().confirm(Some(200), day, now).unwrap().takes(), (0, 200));
        assert_eq!(planned().expire_time().to_rfc3339(), "2026-03-26T00:00:00+00:00");
    }
}
