//! What a version of a report says. It is sealed wherever it is kept, and opened last, before the answer.

use relais_platform::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What a value means (v3-ObservationInterpretation).
    pub enum Interpretation {
        /// Normal.
        Normal = "N",
        /// Abnormal.
        Abnormal = "A",
        /// Critically abnormal.
        CriticallyAbnormal = "AA",
        /// High.
        High = "H",
        /// Critically high.
        CriticallyHigh = "HH",
        /// Low.
        Low = "L",
        /// Critically low.
        CriticallyLow = "LL",
    }
}

impl Interpretation {
    /// Whether somebody must hear of it at once.
    pub fn is_critical(self) -> bool {
        matches!(self, Self::CriticallyAbnormal | Self::CriticallyHigh | Self::CriticallyLow)
    }
}

text_enum! {
    /// How a number that could not be measured relates to the value.
    pub enum Comparator {
        /// Less than.
        Less = "<",
        /// Less than, or the same.
        LessOrEqual = "<=",
        /// More than, or the same.
        GreaterOrEqual = ">=",
        /// More than.
        Greater = ">",
    }
}

/// A number with a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// In decimal digits, as precise as it was measured.
    pub value: String,
    /// The unit (UCUM).
    pub unit: String,
    /// How it relates to the value.
    pub comparator: Option<Comparator>,
}

/// What was found of one analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number.
    Quantity(Quantity),
    /// A text.
    Text(String),
    /// A code of LOINC's answers.
    Coded(String),
}

/// What is usual, in the unit of the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The lowest; empty for none.
    pub low: String,
    /// The highest; empty for none.
    pub high: String,
    /// In words.
    pub text: String,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The LOINC code.
    pub code: String,
    /// What was found.
    pub value: Value,
    /// What is usual.
    pub range: Option<Range>,
    /// What it means.
    pub interpretation: Option<Interpretation>,
    /// What the version shown before said it means, where that was something else.
    pub previous: Option<Interpretation>,
}

/// What a version says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What was found.
    pub observations: Vec<Observation>,
    /// What is concluded.
    pub conclusion: String,
    /// Codes of what the version shown before said and this one does not.
    pub withdrawn: Vec<String>,
}

impl Content {
    /// The codes of what was found.
    pub fn codes(&self) -> Vec<&str> {
        self.observations.iter().map(|found| found.code.as_str()).collect()
    }

    /// Whether somebody must hear of it at once.
    pub fn is_critical(&self) -> bool {
        self.observations.iter().filter_map(|found| found.interpretation).any(Interpretation::is_critical)
    }

    /// The same, telling what of the version shown before it takes away: a flag, or a value altogether.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        for found in &mut self.observations {
            let was = before.observations.iter().find(|earlier| earlier.code == found.code);
            found.previous = was.and_then(|was| was.interpretation).filter(|was| Some(*was) != found.interpretation);
        }
        let gone = before.observations.iter().filter(|was| self.observations.iter().all(|now| now.code != was.code));
        self.withdrawn = gone.map(|was| was.code.clone()).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str, interpretation: Option<Interpretation>) -> Observation {
        let value = Value::Text("x".into());
        Observation { code: code.into(), value, range: None, interpretation, previous: None }
    }

    #[test]
    fn a_flag_and_a_value_that_are_taken_away_are_told() {
        let observations = vec![found("a", Some(Interpretation::High)), found("b", None), found("c", None)];
        let before = Content { observations, ..Content::default() };
        let observations = vec![found("a", Some(Interpretation::Normal)), found("b", None)];
        let after = Content { observations, ..Content::default() }.after(&before);
        assert_eq!(after.observations[0].previous, Some(Interpretation::High));
        assert_eq!((after.observations[1].previous, after.withdrawn), (None, vec!["c".to_string()]));
    }

    #[test]
    fn doubled_letters_are_critical() {
        let critical = ["N", "A", "AA", "H", "HH", "L", "LL"]
            .into_iter()
            .filter(|code| Interpretation::parse(code).unwrap().is_critical());
        assert_eq!(critical.collect::<Vec<_>>(), ["AA", "HH", "LL"]);
        let of = |flags: &[Option<Interpretation>]| {
            let observations = flags.iter().map(|flag| found("a", *flag)).collect();
            Content { observations, ..Content::default() }.is_critical()
        };
        assert!(of(&[None, Some(Interpretation::Normal), Some(Interpretation::CriticallyLow)]));
        assert!(!of(&[None, Some(Interpretation::High)]) && !of(&[]));
    }
}
