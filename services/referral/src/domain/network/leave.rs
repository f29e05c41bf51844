//! Leave and substitutes: who acts on a day, and why.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::{Child, PractitionerId, UnitId, parse_uuid},
};
use uuid::Uuid;

/// A leave's name: whose it is, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveName {
    /// Who is away.
    pub practitioner: Child<PractitionerId>,
    /// Its id.
    pub id: Uuid,
}

impl LeaveName {
    /// Parses `organisations/{uuid}/practitioners/{uuid}/leaves/{uuid}`.
    pub fn parse(name: &str) -> Option<Self> {
        let (practitioner, id) = name.split_once("/leaves/")?;
        Some(Self { practitioner: Child::parse(practitioner)?, id: parse_uuid(id)? })
    }
}

impl fmt::Display for LeaveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/leaves/{}", self.practitioner, self.id)
    }
}

/// Days on which a practitioner is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Its name.
    pub name: LeaveName,
    /// Counts changes.
    pub version: i64,
    /// The first day away.
    pub start: NaiveDate,
    /// The first day back.
    pub end: NaiveDate,
    /// Who acts meanwhile: of the same organisation.
    pub substitute: Option<PractitionerId>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

impl Leave {
    /// A leave to be entered.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it ends before it begins, or names as substitute who is away or belongs elsewhere.
    pub fn try_new(
        name: LeaveName,
        (start, end): (NaiveDate, NaiveDate),
        substitute: Option<Child<PractitionerId>>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        if end <= start {
            faults.push(Violation::new("leave.end_date", "must be after start_date: it is the first day back"));
        }
        let own = name.practitioner;
        if substitute.is_some_and(|other| other == own || other.organisation != own.organisation) {
            faults.push(Violation::new("leave.substitute", NOT_ANOTHER));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let substitute = substitute.map(|other| other.id);
        Ok(Self { name, version: 1, start, end, substitute, create_time: now })
    }

    /// The leave, ended sooner; on the day it begins: taken back.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a day that does not lie within it.
    pub fn ended(&self, end: NaiveDate) -> Result<Self> {
        if self.start <= end && end <= self.end {
            return Ok(Self { version: self.version + 1, end, ..self.clone() });
        }
        let rule = "must lie between the leave's first day and the day it ends now";
        Err(Error::invalid(vec![Violation::new("end_date", rule)]))
    }

    /// Whether it keeps somebody away on a day.
    fn is_on(&self, day: NaiveDate) -> bool {
        self.start <= day && day < self.end
    }
}

/// What a substitute must be.
pub const NOT_ANOTHER: &str = "must be another practitioner of the same organisation";

/// Who stands in for a unit, since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSubstitute {
    /// The unit.
    pub unit: Child<UnitId>,
    /// Counts changes.
    pub version: i64,
    /// Who; nobody when there is none.
    pub substitute: Option<PractitionerId>,
    /// Since when.
    pub create_time: DateTime<Utc>,
}

/// Who acts, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// Whoever was asked for: not away.
    Present(PractitionerId),
    /// Whom the leave names.
    LeaveSubstitute(PractitionerId),
    /// Who stands in for the unit.
    UnitSubstitute(PractitionerId),
    /// Nobody.
    Nobody,
}

/// What is known of who can act on a day.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Who stands in for the unit.
    pub unit_substitute: Option<PractitionerId>,
    /// Leaves of whoever may act.
    pub leaves: &'a [Leave],
    /// Those whom the register licenses no longer, whatever their leave says.
    pub struck_off: &'a [PractitionerId],
}

impl Standing<'_> {
    fn can_act(&self, who: PractitionerId, day: NaiveDate) -> bool {
        !self.struck_off.contains(&who) && self.leave(who, day).is_none()
    }

    fn leave(&self, who: PractitionerId, day: NaiveDate) -> Option<&Leave> {
        self.leaves.iter().find(|leave| leave.name.practitioner.id == who && leave.is_on(day))
    }
}

/// Who acts on a day for a practitioner of a unit, or for the unit when none is asked for. One level is followed: the substitute
/// of a substitute is not asked, the unit's is.
pub fn acting(asked: Option<PractitionerId>, day: NaiveDate, standing: &Standing<'_>) -> Acting {
    if let Some(asked) = asked {
        if standing.can_act(asked, day) {
            return Acting::Present(asked);
        }
        let named = standing.leave(asked, day).and_then(|leave| leave.substitute);
        if let Some(substitute) = named.filter(|substitute| standing.can_act(*substitute, day)) {
            return Acting::LeaveSubstitute(substitute);
        }
    }
    let of_unit = standing.unit_substitute.filter(|substitute| standing.can_act(*substitute, day));
    of_unit.map_or(Acting::Nobody, Acting::UnitSubstitute)
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap_or_default()
    }

    fn leave(of: PractitionerId, (start, end): (u32, u32), substitute: Option<PractitionerId>) -> Leave {
        let practitioner = Child::new(OrganisationId(Uuid::max()), of);
        let name = LeaveName { practitioner, id: Uuid::now_v7() };
        let create_time = DateTime::UNIX_EPOCH;
        Leave { name, version: 1, start: day(start), end: day(end), substitute, create_time }
    }

    #[test]
    fn who_acts_and_why() {
        let [doctor, other, third] = [(); 3].map(|()| PractitionerId::draw());
        let none: &[PractitionerId] = &[];
        let away = leave(doctor, (2, 5), Some(other));
        let alone = leave(doctor, (2, 5), None);
        let other_away = leave(other, (3, 4), Some(doctor));
        let third_away = leave(third, (1, 9), Some(other));
        let cases: [(u32, Vec<&Leave>, &[PractitionerId], Acting); 10] = [
            (1, vec![&away], none, Acting::Present(doctor)),
            (2, vec![&away], none, Acting::LeaveSubstitute(other)),
            (4, vec![&away], none, Acting::LeaveSubstitute(other)),
            (5, vec![&away], none, Acting::Present(doctor)),
            (2, vec![&alone], none, Acting::UnitSubstitute(third)),
            (3, vec![&away, &other_away], none, Acting::UnitSubstitute(third)),
            (3, vec![&away, &other_away, &third_away], none, Acting::Nobody),
            (1, vec![], &[doctor], Acting::UnitSubstitute(third)),
            (2, vec![&away], &[other], Acting::UnitSubstitute(third)),
            (2, vec![&away], &[other, third], Acting::Nobody),
        ];
        for (on, leaves, struck_off, expected) in cases {
            let leaves: Vec<_> = leaves.into_iter().cloned().collect();
            let standing = Standing { unit_substitute: Some(third), leaves: &leaves, struck_off };
            assert_eq!(acting(Some(doctor), day(on), &standing), expected, "day {on} with {leaves:?}");
        }
        let unit = Standing { unit_substitute: Some(third), leaves: &[], struck_off: none };
        assert_eq!(acting(None, day(1), &unit), Acting::UnitSubstitute(third));
        let nobody = Standing { unit_substitute: None, ..unit };
        assert_eq!(acting(None, day(1), &nobody), Acting::Nobody);
    }

    #[test]
    fn a_leave_is_ended_within_itself() {
        let leave = leave(PractitionerId::draw(), (2, 5), None);
        for (end, good) in [(1, false), (2, true), (4, true), (5, true), (6, false)] {
            assert_eq!(leave.ended(day(end)).is_ok(), good, "{end}");
        }
        let back = leave.ended(day(2)).map(|leave| leave.is_on(day(2)));
        assert!(matches!(back, Ok(false)));
    }
}
