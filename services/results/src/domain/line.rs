//! Lines of an order: one analysis each.

use chrono::{DateTime, Utc};
use relais_platform::{
    ids::{ReportId, SiteId},
    text_enum,
};
use serde::{Deserialize, Serialize};

use super::analyses;

text_enum! {
    /// Where a line stands.
    pub enum LineState {
        /// Asked for.
        Ordered = "ordered",
        /// Its sample was taken.
        Sampled = "sampled",
        /// A report has its result.
        Resulted = "resulted",
        /// Taken back.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Why a line is taken back.
    pub enum LineCancelReason {
        /// The referrer needs it no longer.
        NoLongerNeeded = "no-longer-needed",
        /// The patient does not want it.
        PatientDeclined = "patient-declined",
        /// The sample cannot be used, or none could be taken.
        SampleUnusable = "sample-unusable",
        /// It should never have been ordered.
        EnteredInError = "entered-in-error",
    }
}

/// One analysis of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number within the order, from 1 on.
    pub number: i32,
    /// The LOINC code.
    pub code: String,
    /// Where it stands.
    pub state: LineState,
    /// When the sample was taken.
    pub sample_time: Option<DateTime<Utc>>,
    /// At which site of the provider.
    pub site: Option<SiteId>,
    /// Why it was taken back.
    pub cancel_reason: Option<LineCancelReason>,
    /// Whether its result was verified: told by a final report.
    pub verified: bool,
    /// Whether it was counted as done: that it is once, until the report that counted it is void.
    pub counted: bool,
    /// The report that counted it; none of a line that is not counted, or was before this was kept.
    #[serde(default)]
    pub counted_by: Option<ReportId>,
}

impl Line {
    /// A line that was just asked for.
    pub fn new(number: i32, code: &str) -> Self {
        Self {
            number,
            code: code.into(),
            state: LineState::Ordered,
            sample_time: None,
            site: None,
            cancel_reason: None,
            verified: false,
            counted: false,
            counted_by: None,
        }
    }

    /// Whether it still asks for something.
    pub fn stands(&self) -> bool {
        self.state != LineState::Cancelled
    }

    /// Counts it for a report, once: 1, or 0 when it was counted before.
    pub fn count(&mut self, report: ReportId) -> i32 {
        if self.counted {
            return 0;
        }
        (self.counted, self.counted_by) = (true, Some(report));
        1
    }

    /// Counts it no more.
    pub fn uncount(&mut self) {
        (self.counted, self.counted_by) = (false, None);
    }

    /// Whether a value of this code is what it asks for.
    pub fn is_answered_by(&self, code: &str) -> bool {
        self.code == code || analyses::find(&self.code).is_some_and(|analysis| analysis.is_answered_by(code))
    }
}
