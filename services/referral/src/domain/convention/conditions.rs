//! How a referral is admitted and goes on under a convention: all of it may be left out, and the usual then counts.

use chrono::TimeDelta;
use relais_platform::{
    ids::{Child, OrganisationId, UnitId},
    text_enum,
};
use serde::{Deserialize, Serialize};

use super::terms::distinct;
use crate::domain::referral::Priority;

/// The longest that anything may take, in days: ten years and some.
pub const LONGEST_DAYS: i32 = 3660;
/// The same in hours.
pub const LONGEST_HOURS: i32 = LONGEST_DAYS * 24;

text_enum! {
    /// How a referral is accepted.
    #[derive(Default)]
    pub enum Acceptance {
        /// Somebody at the provider accepts it.
        #[default]
        ByHand = "by-hand",
        /// What is admitted is accepted.
        Automatic = "automatic",
    }
}

text_enum! {
    /// What health cover patients have.
    #[derive(Default)]
    pub enum Cover {
        /// Whatever cover they have.
        #[default]
        Any = "any",
        /// They have none.
        None = "none",
    }
}

/// Until when each step is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deadlines {
    /// Hours until the provider takes up a routine referral.
    pub first_contact_routine_hours: i32,
    /// Hours until the provider takes up an urgent one.
    pub first_contact_urgent_hours: i32,
    /// Hours until the provider takes up one that is wanted as soon as possible.
    pub first_contact_asap_hours: i32,
    /// Hours until the provider takes up one that is wanted at once.
    pub first_contact_stat_hours: i32,
    /// Days from acceptance until an appointment is booked.
    pub appointment_days: i32,
    /// Days from the visit until a result is there.
    pub result_days: i32,
    /// Days until the referrer gives the information that was asked for.
    pub information_days: i32,
    /// Days until the provider answers when the referrer asks to cancel.
    pub cancellation_answer_days: i32,
    /// Hours for which a place is kept for whoever it is offered to.
    pub offer_hours: i32,
}

/// The usual.
impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first_contact_routine_hours: 120,
            first_contact_urgent_hours: 48,
            first_contact_asap_hours: 24,
            first_contact_stat_hours: 4,
            appointment_days: 14,
            result_days: 14,
            information_days: 14,
            cancellation_answer_days: 5,
            offer_hours: 72,
        }
    }
}

impl Deadlines {
    /// How long the provider has to take up a referral of this priority.
    pub fn first_contact(&self, priority: Priority) -> TimeDelta {
        let hours = match priority {
            Priority::Routine => self.first_contact_routine_hours,
            Priority::Urgent => self.first_contact_urgent_hours,
            Priority::Asap => self.first_contact_asap_hours,
            Priority::Stat => self.first_contact_stat_hours,
        };
        TimeDelta::hours(hours.into())
    }

    /// How long it may take from acceptance to a booked appointment.
    pub fn appointment(&self) -> TimeDelta {
        TimeDelta::days(self.appointment_days.into())
    }

    /// How long it may take from the visit to a result.
    pub fn result(&self) -> TimeDelta {
        TimeDelta::days(self.result_days.into())
    }

    /// How long the referrer has to give information.
    pub fn information(&self) -> TimeDelta {
        TimeDelta::days(self.information_days.into())
    }

    /// How long the provider has to answer when the referrer asks to cancel.
    pub fn cancellation_answer(&self) -> TimeDelta {
        TimeDelta::days(self.cancellation_answer_days.into())
    }

    /// How long a place is kept for whoever it is offered to, and how long whoever lets that pass rests.
    pub fn offer(&self) -> TimeDelta {
        TimeDelta::hours(self.offer_hours.into())
    }

    fn hours(&self) -> [(&'static str, i32); 5] {
        [
            ("first_contact_routine_hours", self.first_contact_routine_hours),
            ("first_contact_urgent_hours", self.first_contact_urgent_hours),
            ("first_contact_asap_hours", self.first_contact_asap_hours),
            ("first_contact_stat_hours", self.first_contact_stat_hours),
            ("offer_hours", self.offer_hours),
        ]
    }

    fn days(&self) -> [(&'static str, i32); 4] {
        [
            ("appointment_days", self.appointment_days),
            ("result_days", self.result_days),
            ("information_days", self.information_days),
            ("cancellation_answer_days", self.cancellation_answer_days),
        ]
    }
}

/// Who receives results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipients {
    /// The prescriber while entitled, otherwise the substitute who is named.
    #[default]
    PrescriberOrSubstitute,
    /// The clinicians of this unit.
    UnitClinicians(Child<UnitId>),
}

impl Recipients {
    /// The unit that is named.
    pub fn unit(self) -> Option<Child<UnitId>> {
        match self {
            Self::UnitClinicians(unit) => Some(unit),
            Self::PrescriberOrSubstitute => None,
        }
    }
}

/// Who may prescribe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prescribers {
    /// Whether each referral names its prescriber.
    pub required: bool,
    /// The system of the register on which a prescriber stands on the day; empty: none is asked for.
    pub register: String,
}

/// Which patients are eligible.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Eligibility {
    /// What health cover they have.
    pub health_cover: Cover,
    /// Codes of which a referral declares one; empty: none need be declared.
    pub declared_reasons: Vec<String>,
    /// Whether a referral says that the patient wishes it.
    pub patient_wish: bool,
    /// Codes of territories in one of which a patient lives; empty: anywhere.
    pub territories: Vec<String>,
    /// Codes of statuses of which a patient has one; empty: any.
    pub patient_statuses: Vec<String>,
}

/// Numbers of people below this are left out of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Few(pub i64);

/// The usual.
impl Default for Few {
    fn default() -> Self {
        Self(5)
    }
}

/// How a referral is admitted and goes on. Kept as one document: what is missing in it is the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// How a referral is accepted.
    pub acceptance: Acceptance,
    /// Until when each step is due.
    pub deadlines: Deadlines,
    /// Who receives results.
    pub recipients: Recipients,
    /// Who may prescribe.
    pub prescribers: Prescribers,
    /// Which patients are eligible.
    pub eligibility: Eligibility,
    /// Kinds of documents without which no referral is admitted.
    pub checklist: Vec<String>,
    /// Days after the last day on which what was admitted before may still be done.
    pub run_off_days: i32,
    /// Percentages of what is committed at which the parties are told.
    pub thresholds: Vec<i32>,
    /// Numbers of people below this are left out of statements.
    pub suppress_below: Few,
}

impl Conditions {
    /// Tells `ensure` all that is wrong, by field, whether it holds, and the rule.
    pub(super) fn faults(&self, refers: impl Fn(OrganisationId) -> bool, ensure: &mut impl FnMut(&str, bool, &str)) {
        for (field, hours) in self.deadlines.hours() {
            let holds = (1..=LONGEST_HOURS).contains(&hours);
            ensure(&format!("deadlines.{field}"), holds, "must be between 1 and 87840");
        }
        for (field, days) in self.deadlines.days() {
            let holds = (1..=LONGEST_DAYS).contains(&days);
            ensure(&format!("deadlines.{field}"), holds, "must be between 1 and 3660");
        }
        if let Recipients::UnitClinicians(unit) = self.recipients {
            ensure("recipients.unit", refers(unit.organisation), "must be a unit of a referrer");
        }
        let reasons = &self.eligibility.declared_reasons;
        ensure("eligibility.declared_reasons", distinct(reasons), "must not hold a code twice");
        ensure("eligibility.territories", distinct(&self.eligibility.territories), "must not hold a code twice");
        let statuses = &self.eligibility.patient_statuses;
        ensure("eligibility.patient_statuses", distinct(statuses), "must not hold a code twice");
        ensure("checklist", distinct(&self.checklist), "must not hold a kind twice");
        let run_off = (0..=LONGEST_DAYS).contains(&self.run_off_days);
        ensure("run_off_days", run_off, "must be between 0 and 3660");
        let percents = self.thresholds.iter().all(|percent| (1..=1000).contains(percent));
        let growing = self.thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        ensure("suppress_below", (3..=1000).contains(&self.suppress_below.0), "must be between 3 and 1000");
        ensure("thresholds", percents && growing, "must be between 1 and 1000, and growing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_usual() {
        let stored: Conditions = serde_json::from_str("{}").unwrap();
        assert_eq!(stored, Conditions::default());
        assert_eq!(stored.deadlines.first_contact(Priority::Stat), TimeDelta::hours(4));
        let kept = serde_json::to_value(&stored).unwrap();
        assert_eq!(serde_json::from_value::<Conditions>(kept).unwrap(), stored);
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let unit = Child::new(OrganisationId::draw(), UnitId::draw());
        let wrong = Conditions {
            deadlines: Deadlines {
                first_contact_stat_hours: -1,
                result_days: LONGEST_DAYS + 1,
                ..Deadlines::default()
            },
            recipients: Recipients::UnitClinicians(unit),
            checklist: vec!["order".into(), "order".into()],
            run_off_days: -1,
            thresholds: vec![90, 70],
            ..Conditions::default()
        };
        let mut fields = Vec::new();
        wrong.faults(|_| false, &mut |field: &str, holds, _: &str| {
            if !holds {
                fields.push(field.to_string());
            }
        });
        let expected = [
            "deadlines.first_contact_stat_hours",
            "deadlines.result_days",
            "recipients.unit",
            "checklist",
            "run_off_days",
            "thresholds",
        ];
        assert_eq!(fields, expected);
    }
}
