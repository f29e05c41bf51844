//! What a convention says of a referral that is asked for.

use relais_proto::referral::v1;

use crate::{
    app::referral::Checked,
    domain::{
        convention::{Failure, sentence},
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
    let (admitted, convention) = (failed_rules.is_empty(), value.convention.to_string());
    v1::CheckAdmissionResponse { admitted, convention_version, failed_rules, duplicates, convention }
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
