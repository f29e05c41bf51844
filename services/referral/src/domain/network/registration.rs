//! Registrations: what licenses a practitioner, from when to when.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    error::{Error, Violation},
    ids::{Child, PractitionerId, parse_uuid},
    text_enum,
};
use uuid::Uuid;

use super::Identifier;

text_enum! {
    /// Why a registration ended.
    pub enum RegistrationEnd {
        /// The register struck the practitioner off.
        StruckOff = "struck-off",
        /// It ended otherwise: retired, moved to another register.
        Ended = "ended",
    }
}

/// A registration's name: whose it is, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationName {
    /// Whom it licenses.
    pub practitioner: Child<PractitionerId>,
    /// Its id.
    pub id: Uuid,
}

impl RegistrationName {
    /// Parses `organisations/{uuid}/practitioners/{uuid}/registrations/{uuid}`.
    pub fn parse(name: &str) -> Option<Self> {
        let (practitioner, id) = name.split_once("/registrations/")?;
        Some(Self { practitioner: Child::parse(practitioner)?, id: parse_uuid(id)? })
    }
}

impl fmt::Display for RegistrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/registrations/{}", self.practitioner, self.id)
    }
}

/// An entry of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub name: RegistrationName,
    /// 1 as entered, 2 once ended.
    pub version: i64,
    /// The register's system, and the number there.
    pub identifier: Identifier,
    /// The first day; none: since before anybody asks.
    pub start: Option<NaiveDate>,
    /// The first day on which it licenses no longer, and why; none while it stands.
    pub end: Option<(NaiveDate, RegistrationEnd)>,
    /// When it was entered.
    pub create_time: DateTime<Utc>,
}

impl Registration {
    /// Whether it licenses on a day.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|(end, _)| day < end)
    }

    /// The registration, ended from a day on.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it has ended already, INVALID_ARGUMENT for a day that is not after its first.
    pub fn ended(self, from: NaiveDate, why: RegistrationEnd) -> Result<Self, Error> {
        if self.end.is_some() {
            let rule = Violation::new("registration-ended", "it has ended already");
            return Err(Error::refused("REGISTRATION_ENDED", vec![rule]));
        }
        if self.start.is_some_and(|start| from <= start) {
            return Err(Error::invalid(vec![Violation::new("end_date", "must be after the registration's first day")]));
        }
        Ok(Self { version: self.version + 1, end: Some((from, why)), ..self })
    }

    /// As it was in an earlier version: its end is all that changes.
    pub fn at(self, version: i64) -> Self {
        if version >= self.version { self } else { Self { version, end: None, ..self } }
    }
}

/// Whether a register licenses somebody on a day: any register, unless the convention names one.
pub fn is_licensed(registrations: &[Registration], register: Option<&str>, day: NaiveDate) -> bool {
    let right = |entry: &&Registration| register.is_none_or(|register| entry.identifier.system == register);
    registrations.iter().filter(right).any(|entry| entry.is_valid_on(day))
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn registration() -> Registration {
        let practitioner = Child::new(OrganisationId::draw(), PractitionerId::draw());
        Registration {
            name: RegistrationName { practitioner, id: Uuid::now_v7() },
            version: 1,
            identifier: Identifier { system: "urn:relais:r".into(), value: "1".into() },
            start: Some(day("2020-01-01")),
            end: None,
            create_time: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn it_licenses_from_its_first_day_to_the_day_before_its_end() {
        let ended = registration().ended(day("2020-03-01"), RegistrationEnd::StruckOff).unwrap();
        for (on, valid) in [("2019-12-31", false), ("2020-01-01", true), ("2020-02-29", true), ("2020-03-01", false)] {
            assert_eq!(ended.is_valid_on(day(on)), valid, "{on}");
            assert_eq!(is_licensed(std::slice::from_ref(&ended), None, day(on)), valid, "{on}");
            assert!(!is_licensed(std::slice::from_ref(&ended), Some("urn:relais:other"), day(on)));
        }
        assert!(ended.clone().at(1).is_valid_on(day("2020-03-01")), "as it was before its end");
    }

    #[test]
    fn it_ends_once_and_after_it_began() {
        assert!(registration().ended(day("2020-01-01"), RegistrationEnd::Ended).is_err());
        let ended = registration().ended(day("2020-01-02"), RegistrationEnd::Ended).unwrap();
        assert_eq!(
            ended.ended(day("2021-01-01"), RegistrationEnd::StruckOff).unwrap_err().reason,
            "REGISTRATION_ENDED"
        );
    }

    #[test]
    fn a_name_is_parsed_back() {
        let name = registration().name;
        assert_eq!(RegistrationName::parse(&name.to_string()), Some(name));
        assert_eq!(RegistrationName::parse("organisations/1/practitioners/2/registrations/3"), None);
    }
}
