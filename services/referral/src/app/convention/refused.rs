//! A refusal by the rules of a convention.

use relais_platform::{Error, error::Violation, language::Language};

use crate::domain::convention::{Failure, sentence};

/// What is refused by these rules, each told in a sentence, with its term and what would pass.
pub fn refused(reason: &'static str, failures: Vec<Failure>, language: Language) -> Error {
    let rule = |failure: Failure| {
        let told = sentence(&failure, language);
        Violation::new(failure.rule.as_str(), told).of(failure.term, failure.passes)
    };
    Error::refused(reason, failures.into_iter().map(rule).collect())
}

/// The reason of a refusal of a step for which too little is left on a line.
pub const LINE_USED_UP: &str = "LINE_USED_UP";
