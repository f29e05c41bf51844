//! What a convention says of a referral that is asked for.

use relais_platform::calls::check::date_to_proto;
use relais_proto::referral::v1;

use crate::{
    app::referral::Checked,
    domain::{
        convention::{Failure, Standing, sentence},
        language::Language,
    },
};

pub(in crate::grpc) fn checked(value: Checked, language: Language) -> v1::CheckAdmissionResponse {
    let duplicates = value.duplicates.iter().map(ToString::to_string).collect();
    let (convention_version, failures) = match value.verdict {
        Ok(admission) => (admission.convention_version, Vec::new()),
        Err(failures) => (0, failures),
    };
    let failed_rules: Vec<_> = failures.into_iter().map(|failure| failed_rule(failure, language)).collect();
    v1::CheckAdmissionResponse {
        admitted: failed_rules.is_empty(),
        convention_version,
        failed_rules,
        duplicates,
        lines: value.standings.into_iter().map(standing).collect(),
        waitlisted: value.waits,
        convention: value.convention.to_string(),
    }
}

fn standing(value: Standing) -> v1::LineStanding {
    let left = value.left();
    v1::LineStanding {
        line_id: value.line_id,
        period_start: Some(date_to_proto(value.period.0)),
        period_end: Some(date_to_proto(value.period.1)),
        committed: value.committed,
        reserved: value.reserved,
        used: value.used,
        left,
        held: value.held,
    }
}

fn failed_rule(value: Failure, language: Language) -> v1::FailedRule {
    v1::FailedRule {
        code: value.rule.as_str().into(),
        term: value.term.into(),
        sentence: sentence(&value, language),
        passes: value.passes,
        language_code: language.as_str().into(),
    }
}
