//! Those who only send and cancel, under two conventions: one commits plenty, the other so little that it is used up again and again,
//! by acts and by persons.

use anyhow::{Context, Result};
use relais_proto::{
    convention::v1::{Line, Terms, line},
    referral::v1::SubmitReferralRequest,
};

use super::{fleet::Fleet, record::Submission};
use crate::{
    Session,
    partnership::{self, Partners, draft, patient, sign},
};

/// Places of the convention that is used up: in two stripes, so that the last of them lie apart.
const ACTS: i64 = 16;
/// Persons of it, one less than there are.
const PERSONS: i64 = 4;
/// Patients who are sent under it, each again and again: their referrals share a place.
pub(super) const PATIENTS: usize = 5;
/// More than anybody takes.
const PLENTY: i64 = 1_000_000;
/// Beyond 100 nothing is ever told of a firm line that is kept.
const THRESHOLDS: [i32; 3] = [50, 100, 101];

/// A firm line of acts or persons, used by attendance.
pub(super) fn firm(line_id: &str, measure: line::Measure, committed: i64) -> Line {
    let (line_id, measure, kind) = (line_id.into(), measure.into(), line::Kind::Firm.into());
    Line { line_id, measure, kind, committed, ..Line::default() }
}

/// The same, of which there is plenty.
pub(super) fn plenty(line_id: &str, measure: line::Measure) -> Line {
    firm(line_id, measure, PLENTY)
}

/// Terms with more lines, and thresholds.
pub(super) fn metered(usual: Terms, lines: Vec<Line>) -> Terms {
    Terms { lines: [usual.lines, lines].concat(), thresholds: THRESHOLDS.to_vec(), ..usual }
}

/// The partners of the plain load.
pub(super) struct Senders {
    /// Under the convention that commits plenty.
    pub partners: Partners,
    scarce: String,
    patients: Vec<String>,
}

impl Senders {
    /// Enters them, and has them sign.
    pub(super) async fn meet(fleet: &Fleet) -> Result<Self> {
        let session = |identity: &_| fleet.sessions("referral", identity).map(|mut sessions| sessions.remove(0));
        let mut usual = None;
        let agreed = |terms: Terms| metered(usual.insert(terms).clone(), vec![plenty("acts", line::Measure::Acts)]);
        let partners = Partners::meet_under(session, agreed).await?;
        let lines = vec![firm("acts", line::Measure::Acts, ACTS), firm("persons", line::Measure::Persons, PERSONS)];
        let terms = metered(usual.context("no terms")?, lines);
        let scarce = draft(&partners.operator, terms).await?;
        let scarce = sign(&partners.operator, scarce, partners.today()).await?.name;
        let mut patients = Vec::new();
        for _ in 0..PATIENTS {
            patients.push(patient(&partners.desk).await?);
        }
        Ok(Self { partners, scarce, patients })
    }

    /// The request of a submission: the same each time.
    pub(super) fn request(&self, submission: &Submission) -> SubmitReferralRequest {
        let usual = self.partners.request_as(submission.request.to_string());
        let Some(patient) = submission.scarce.and_then(|n| self.patients.get(n)) else { return usual };
        let (convention, provider, day) = (&self.scarce, self.partners.provider(), self.partners.today());
        SubmitReferralRequest { referral: Some(partnership::referral(convention, patient, provider, day)), ..usual }
    }

    /// Both conventions, and who may have them counted again.
    pub(super) fn conventions(&self) -> [(&Session, &str); 2] {
        [(&self.partners.operator, self.partners.convention()), (&self.partners.operator, &self.scarce)]
    }
}
