//! Checks a request's fields by hand, and tells all that is wrong at once.
//!
//! Each service has one place (`grpc/parse.rs`) that makes commands of requests with a [`Check`]:
//! every method returns a value to go on with, and [`Check::finish`] says whether it may be used.

use chrono::NaiveDate;
use relais_proto::google::r#type::Date;
use uuid::Uuid;

use crate::{
    error::{Error, Result, Violation},
    ids::{self, Child, OrganisationId, ResourceId},
};

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
pub struct Check {
    violations: Vec<Violation>,
}

impl Check {
    /// Notes that `field` is wrong.
    pub fn fail(&mut self, field: &str, rule: impl Into<String>) {
        self.violations.push(Violation::new(field, rule));
    }

    /// Notes that `field` is wrong unless `holds`.
    pub fn ensure(&mut self, field: &str, holds: bool, rule: &str) {
        if !holds {
            self.fail(field, rule);
        }
    }

    /// A message that must be there.
    pub fn required<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.fail(field, "is required");
            T::default()
        })
    }

    /// A text of 1 to `max` characters, without control or bidirectional formatting characters; outer spaces are cut.
    pub fn text(&mut self, field: &str, value: &str, max: usize) -> String {
        let text = value.trim();
        let length = text.chars().count();
        self.ensure(field, (1..=max).contains(&length), &format!("must have 1 to {max} characters"));
        self.ensure(field, !text.chars().any(unprintable), "must hold no control, direction or invisible characters");
        text.to_string()
    }

    /// As [`Check::text`], but it may be empty.
    pub fn optional_text(&mut self, field: &str, value: &str, max: usize) -> String {
        if value.is_empty() { String::new() } else { self.text(field, value, max) }
    }

    /// A resource name `collection/{uuid}`.
    pub fn name<T: ResourceId>(&mut self, field: &str, value: &str) -> T {
        T::parse(value).unwrap_or_else(|| {
            self.fail(field, format!("must be a name of the form {}/{{uuid}}", T::COLLECTION));
            T::from(Uuid::nil())
        })
    }

    /// A resource name `organisations/{uuid}/collection/{uuid}`.
    pub fn child<T: ResourceId>(&mut self, field: &str, value: &str) -> Child<T> {
        Child::parse(value).unwrap_or_else(|| {
            self.fail(field, format!("must be a name of the form organisations/{{uuid}}/{}/{{uuid}}", T::COLLECTION));
            Child::new(OrganisationId(Uuid::nil()), T::from(Uuid::nil()))
        })
    }

    /// As [`Check::child`], but it may be empty.
    pub fn optional_child<T: ResourceId>(&mut self, field: &str, value: &str) -> Option<Child<T>> {
        (!value.is_empty()).then(|| self.child(field, value))
    }

    /// The caller's `request_id`: any UUID but the nil one.
    pub fn request_id(&mut self, value: &str) -> Uuid {
        ids::parse_uuid(&value.to_ascii_lowercase()).unwrap_or_else(|| {
            self.fail("request_id", "must be a UUID drawn by the caller, in its canonical form");
            Uuid::nil()
        })
    }

    /// A whole day between 1900 and 2200 (AIP-142: year, month and day all set).
    pub fn date(&mut self, field: &str, value: Option<Date>) -> NaiveDate {
        let date = value.and_then(|d| {
            let (month, day) = (u32::try_from(d.month).ok()?, u32::try_from(d.day).ok()?);
            (1900..=2200).contains(&d.year).then_some(())?;
            NaiveDate::from_ymd_opt(d.year, month, day)
        });
        date.unwrap_or_else(|| {
            self.fail(field, "must be a day between 1900 and 2200");
            NaiveDate::default()
        })
    }

    /// A value of an enum that must be one of its names, and not the unspecified one.
    pub fn choice<E: TryFrom<i32> + Default + PartialEq>(&mut self, field: &str, value: i32) -> E {
        let choice = E::try_from(value).unwrap_or_default();
        self.ensure(field, choice != E::default(), "must be one of the enum's values");
        choice
    }

    /// As [`Check::choice`], but the unspecified one stands for `default`.
    pub fn choice_or<E: TryFrom<i32> + Default + PartialEq>(&mut self, field: &str, value: i32, default: E) -> E {
        if value == 0 { default } else { self.choice(field, value) }
    }

    /// Tells along what a decision finds wrong with values that this check returned, but for what may follow from a field that is wrong
    /// already: of the same element, within it, or around it.
    pub fn along(&mut self, faults: Vec<Violation>) {
        let element = |field: &str| field.split_inclusive(']').next().unwrap_or(field).to_string();
        let told: Vec<String> = self.violations.iter().map(|violation| violation.subject.clone()).collect();
        let follows = |fault: &Violation| {
            let within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            told.iter().any(|field| {
                let one_element = field.contains(']') && element(field) == element(&fault.subject);
                one_element || within(field, &fault.subject) || within(&fault.subject, field)
            })
        };
        self.violations.extend(faults.into_iter().filter(|fault| !follows(fault)));
    }

    /// Ends the check.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation, when there is one.
    pub fn finish(self) -> Result<()> {
        if self.violations.is_empty() { Ok(()) } else { Err(Error::invalid(self.violations)) }
    }
}

fn unprintable(c: char) -> bool {
    c.is_control()
        // Change the order in which text is shown.
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        // Are not seen at all: two names that look alike would differ.
        || matches!(c, '\u{00ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// A day as `google.type.Date`.
pub fn date_to_proto(day: NaiveDate) -> Date {
    use chrono::Datelike;
    // Months and days are below 32.
    Date { year: day.year(), month: day.month().cast_signed(), day: day.day().cast_signed() }
}

/// An instant as `google.protobuf.Timestamp`.
pub fn time_to_proto(at: chrono::DateTime<chrono::Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.timestamp(), nanos: at.timestamp_subsec_nanos().cast_signed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_field_that_is_wrong_is_not_told_along() {
        let mut check = Check::default();
        check.fail("terms.lines[1].kind", "must be one of the enum's values");
        check.fail("terms.parties[0].organisation", "must be a name");
        check.fail("terms.start_date", "must be a day");
        let faults = ["lines[1].committed", "lines[10].committed", "parties", "services", "start_date", "end_date"];
        check.along(faults.iter().map(|field| Violation::new(format!("terms.{field}"), "…")).collect());
        let error = check.finish().expect_err("faults");
        let told: Vec<_> = error.violations.iter().skip(3).map(|violation| violation.subject.as_str()).collect();
        assert_eq!(told, ["terms.lines[10].committed", "terms.services", "terms.end_date"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut check = Check::default();
        check.text("display_name", "\u{202e}evil", 200);
        check.request_id("1");
        check.date("requested_date", Some(Date { year: 2023, month: 2, day: 29 }));
        check.date("end_date", Some(Date { year: 1899, month: 12, day: 31 }));
        let error = check.finish().expect_err("four faults");
        let fields: Vec<_> = error.violations.iter().map(|v| v.subject.as_str()).collect();
        assert_eq!(fields, ["display_name", "request_id", "requested_date", "end_date"]);
    }

    #[test]
    fn good_values_pass() {
        let mut check = Check::default();
        assert_eq!(check.text("display_name", "  Médecins du Monde ", 200), "Médecins du Monde");
        let day = Date { year: 2024, month: 2, day: 29 };
        assert_eq!(date_to_proto(check.date("requested_date", Some(day))), day);
        assert!(check.finish().is_ok());
    }
}
