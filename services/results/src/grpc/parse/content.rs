//! What a report says, checked against the table of analyses: codes, units, numbers.

use std::collections::HashSet;

use relais_platform::calls::Check;
use relais_proto::results::v1::{self, observation, quantity};

use crate::{
    app::report::Submission,
    domain::{
        analyses::{self, ANSWERS, Analysis, Kind, LOINC},
        report::{Comparator, Content, Interpretation, Observation, Quantity, Range, Status, Value},
    },
};

/// The most values of a version.
const MOST: usize = 300;
/// The longest text that is a value, in characters.
const TEXT: usize = 4_000;
/// The longest conclusion, in characters.
const CONCLUSION: usize = 16_000;
/// The longest range in words, in characters.
const RANGE: usize = 200;
/// The longest code or unit, in characters.
const CODE: usize = 50;

/// What is handed in as a version of this status.
pub(super) fn submission(check: &mut Check, status: i32, content: Option<&v1::ReportContent>) -> Submission {
    use v1::report::Status as Told;
    let status = match check.choice("status", status) {
        Told::Preliminary => Status::Preliminary,
        Told::Final => Status::Final,
        Told::Amended => Status::Amended,
        Told::Corrected => Status::Corrected,
        Told::Cancelled => Status::Cancelled,
        Told::EnteredInError => Status::EnteredInError,
        // Unspecified has been noted by the check.
        Told::Partial | Told::Unspecified => Status::Partial,
    };
    let Some(told) = content else {
        check.ensure("content", status.is_void(), "is required");
        return Submission { status, performed_date: None, site: None, content: Content::default() };
    };
    let performed_date = Some(check.date("content.performed_date", told.performed_date));
    let site = check.optional_child("content.site", &told.site);
    let field = "content.observations";
    check.ensure(field, told.observations.len() <= MOST, "must be 300 at the most");
    let mut seen = HashSet::new();
    let observations = told.observations.iter().take(MOST).filter_map(|told| {
        check.ensure("content.observations.code", seen.insert(told.code.as_str()), "must not name one twice");
        observation(check, told)
    });
    let observations: Vec<_> = observations.collect();
    let conclusion = lines(check, "content.conclusion", &told.conclusion, CONCLUSION);
    let says = !told.observations.is_empty() || !conclusion.is_empty();
    check.ensure("content", says || status.is_void(), "must hold values or a conclusion");
    let content = Content { observations, conclusion, withdrawn: Vec::new() };
    Submission { status, performed_date, site, content }
}

fn observation(check: &mut Check, told: &v1::Observation) -> Option<Observation> {
    let Some(analysis) = analyses::find(&told.code).filter(|analysis| analysis.kind != Kind::Panel) else {
        check.fail("content.observations.code", "must be a LOINC code of ListAnalyses, and no panel");
        return None;
    };
    let value = value(check, analysis, told.value.as_ref());
    let range = told.reference_range.as_ref().map(|told| range(check, told));
    Some(Observation {
        code: told.code.clone(),
        value: value?,
        range,
        interpretation: interpretation(check, told.interpretation),
        previous: None,
    })
}

fn value(check: &mut Check, analysis: &Analysis, told: Option<&observation::Value>) -> Option<Value> {
    match (analysis.kind, told) {
        (Kind::Quantity, Some(observation::Value::Quantity(told))) => Some(quantity(check, analysis, told)),
        (Kind::Text, Some(observation::Value::Text(told))) => {
            check.ensure("content.observations.text", !told.trim().is_empty(), "must not be empty");
            Some(Value::Text(lines(check, "content.observations.text", told, TEXT)))
        }
        (Kind::Coded, Some(observation::Value::Coded(told))) => {
            let known = told.system == LOINC && ANSWERS.contains(&told.code.as_str());
            check.ensure("content.observations.coded", known, "must be LOINC's positive, negative or indeterminate");
            Some(Value::Coded(told.code.clone()))
        }
        (kind, _) => {
            let kind = kind.as_str();
            check.fail("content.observations.value", format!("must be of the kind of {}: {kind}", analysis.code));
            None
        }
    }
}

fn quantity(check: &mut Check, analysis: &Analysis, told: &v1::Quantity) -> Value {
    use quantity::Comparator as Told;
    let value = number(check, "content.observations.quantity.value", &told.value);
    let field = "content.observations.quantity.unit";
    if !analysis.units().contains(&told.unit.as_str()) {
        check.fail(field, format!("must be a unit of {}: {}", analysis.code, analysis.units().join(", ")));
    }
    let comparator = match Told::try_from(told.comparator) {
        Ok(Told::Unspecified) => None,
        Ok(Told::Less) => Some(Comparator::Less),
        Ok(Told::LessOrEqual) => Some(Comparator::LessOrEqual),
        Ok(Told::GreaterOrEqual) => Some(Comparator::GreaterOrEqual),
        Ok(Told::Greater) => Some(Comparator::Greater),
        Err(_) => {
            check.fail("content.observations.quantity.comparator", "must be one of the enum's values");
            None
        }
    };
    Value::Quantity(Quantity { value, unit: told.unit.chars().take(CODE).collect(), comparator })
}

/// A number in decimal digits: no exponent, no infinity, and as many digits as were measured.
fn number(check: &mut Check, field: &str, told: &str) -> String {
    let digits = told.strip_prefix('-').unwrap_or(told);
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let only_digits =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = only_digits(whole, 15) && part.is_none_or(|part| only_digits(part, 10));
    check.ensure(field, sound, "must be a number in decimal digits, such as 5.40");
    if sound { told.into() } else { String::new() }
}

fn range(check: &mut Check, told: &v1::ReferenceRange) -> Range {
    let mut bound = |field: &str, told: &str| {
        if told.is_empty() { String::new() } else { number(check, field, told) }
    };
    let low = bound("content.observations.reference_range.low", &told.low);
    let high = bound("content.observations.reference_range.high", &told.high);
    if let (Ok(lowest), Ok(highest)) = (low.parse::<f64>(), high.parse::<f64>()) {
        check.ensure("content.observations.reference_range", lowest <= highest, "must not end before it begins");
    }
    let text = check.optional_text("content.observations.reference_range.text", &told.text, RANGE);
    Range { low, high, text }
}

fn interpretation(check: &mut Check, told: i32) -> Option<Interpretation> {
    use observation::Interpretation as Told;
    match Told::try_from(told) {
        Ok(Told::Unspecified) => None,
        Ok(Told::Normal) => Some(Interpretation::Normal),
        Ok(Told::Abnormal) => Some(Interpretation::Abnormal),
        Ok(Told::CriticallyAbnormal) => Some(Interpretation::CriticallyAbnormal),
        Ok(Told::High) => Some(Interpretation::High),
        Ok(Told::CriticallyHigh) => Some(Interpretation::CriticallyHigh),
        Ok(Told::Low) => Some(Interpretation::Low),
        Ok(Told::CriticallyLow) => Some(Interpretation::CriticallyLow),
        Err(_) => {
            check.fail("content.observations.interpretation", "must be one of the enum's values");
            None
        }
    }
}

/// A text of several lines, each as other texts are.
fn lines(check: &mut Check, field: &str, told: &str, most: usize) -> String {
    if told.chars().count() > most {
        check.fail(field, format!("must have {most} characters at the most"));
        return String::new();
    }
    let line = |line: &str| check.optional_text(field, line.trim(), most);
    let lines: Vec<_> = told.trim().lines().map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(work: impl FnOnce(&mut Check)) -> Vec<String> {
        let mut check = Check::default();
        work(&mut check);
        check.finish().err().map(|error| error.violations).unwrap_or_default().into_iter().map(|v| v.subject).collect()
    }

    #[test]
    fn only_decimal_digits_are_a_number() {
        for sound in ["0", "5.40", "-2", "123456789012345.0123456789"] {
            assert_eq!(wrong(|check| assert_eq!(number(check, "n", sound), sound)), Vec::<String>::new(), "{sound}");
        }
        for told in ["", "-", "NaN", "inf", "-Infinity", "1e9", "5,4", ".5", "5.", " 5", "+5", "٣", "1234567890123456"]
        {
            assert_eq!(wrong(|check| drop(number(check, "n", told))), ["n"], "{told}");
        }
    }

    #[test]
    fn a_text_may_have_lines_and_nothing_that_is_not_seen() {
        assert!(wrong(|check| assert_eq!(lines(check, "t", "one\n\ntwo \n", 20), "one\n\ntwo")).is_empty());
        for told in ["a\0b", "a\u{202e}b", &"x".repeat(64 * 1024)] {
            assert_eq!(wrong(|check| drop(lines(check, "t", told, 20_000))), ["t"]);
        }
    }
}
