//! Makes commands of requests, and says all that is wrong with one at once.

use chrono_tz::Tz;
use relais_platform::{Result, calls::Check, ids::ResourceId};
use relais_proto::notification::v1::{self, delivery, mail_preferences};
use uuid::Uuid;

use crate::{
    app::UpdateMailPreferences,
    domain::{Class, Language, Preferences, QuietHours, State},
};

/// The minutes of a day.
const DAY: i32 = 24 * 60;

pub(super) fn name<T: ResourceId>(value: &str) -> Result<T> {
    let mut check = Check::default();
    let id = check.name("name", value);
    check.finish().map(|()| id)
}

/// A change of something that is named.
pub(super) fn change<T: ResourceId>(value: &str, request_id: &str) -> Result<(Uuid, T)> {
    let mut check = Check::default();
    let id = check.name("name", value);
    let request_id = check.request_id(request_id);
    check.finish().map(|()| (request_id, id))
}

/// A state to look for; none: any.
pub(super) fn state(value: i32) -> Result<Option<State>> {
    use delivery::State as Given;
    let mut check = Check::default();
    let state = match Given::try_from(value) {
        Ok(Given::Unspecified) => None,
        Ok(Given::Queued) => Some(State::Queued),
        Ok(Given::Sent) => Some(State::Sent),
        Ok(Given::Accepted) => Some(State::Accepted),
        Ok(Given::Failed) => Some(State::Failed),
        Ok(Given::Parked) => Some(State::Parked),
        Ok(Given::Discarded) => Some(State::Discarded),
        Err(_) => {
            check.fail("state", "must be one of its values");
            None
        }
    };
    check.finish().map(|()| state)
}

pub(super) fn update_mail_preferences(
    request: &v1::UpdateMailPreferencesRequest,
) -> Result<(Uuid, UpdateMailPreferences)> {
    let mut check = Check::default();
    let given = check.required("preferences", request.preferences.clone());
    let wanted = Preferences {
        version: 0,
        email: classes(&mut check, &given.email_classes),
        language: language(&mut check, &given.language),
        zone: zone(&mut check, &given.time_zone),
        quiet: given.quiet_hours.and_then(|quiet| quiet_hours(&mut check, quiet)),
        digest: given.digest_minute.map(|value| minute(&mut check, "preferences.digest_minute", value)),
    };
    let seen = etag(&mut check, &given.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, UpdateMailPreferences { id: Uuid::now_v7(), wanted, seen }))
}

fn classes(check: &mut Check, given: &[i32]) -> Vec<Class> {
    use mail_preferences::Class as Given;
    const FIELD: &str = "preferences.email_classes";
    let class = |value: &i32| match check.choice(FIELD, *value) {
        Given::Work => Class::Work,
        Given::Critical => Class::Critical,
        // Unspecified has been noted by the check.
        Given::News | Given::Unspecified => Class::News,
    };
    let classes: Vec<_> = given.iter().take(8).map(class).collect();
    let twice = (1..classes.len()).any(|at| classes[..at].contains(&classes[at]));
    check.ensure(FIELD, !twice && given.len() <= 3, "must name each class once at the most");
    classes
}

fn language(check: &mut Check, given: &str) -> Option<Language> {
    let language = Language::parse(given);
    check.ensure("preferences.language", given.is_empty() || language.is_some(), "must be fr or en");
    language
}

fn zone(check: &mut Check, given: &str) -> Tz {
    let zone = if given.is_empty() { Ok(Tz::UTC) } else { given.parse() };
    check.ensure("preferences.time_zone", zone.is_ok(), "must be a time zone of the IANA database");
    zone.unwrap_or(Tz::UTC)
}

fn quiet_hours(check: &mut Check, given: mail_preferences::QuietHours) -> Option<QuietHours> {
    let start = minute(check, "preferences.quiet_hours.start_minute", given.start_minute);
    let end = minute(check, "preferences.quiet_hours.end_minute", given.end_minute);
    check.ensure("preferences.quiet_hours.end_minute", start != end, "must be another than the first");
    Some(QuietHours { start, end })
}

fn minute(check: &mut Check, field: &str, value: i32) -> u16 {
    check.ensure(field, (0..DAY).contains(&value), "must be a minute of the day, 0 to 1439");
    u16::try_from(value).unwrap_or_default()
}

fn etag(check: &mut Check, value: &str) -> Option<i64> {
    let version = value.parse().ok().filter(|version| *version > 0);
    check.ensure("preferences.etag", value.is_empty() || version.is_some(), "must be an etag of an earlier answer");
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_with_preferences_is_told_at_once() {
        let preferences = v1::MailPreferences {
            email_classes: vec![1, 1],
            language: "lb".into(),
            time_zone: "Mars/Phobos".into(),
            quiet_hours: Some(mail_preferences::QuietHours { start_minute: 1440, end_minute: -1 }),
            digest_minute: Some(9_999),
            etag: "x".into(),
        };
        let request = v1::UpdateMailPreferencesRequest { preferences: Some(preferences), request_id: String::new() };
        let error = update_mail_preferences(&request).expect_err("refused");
        let fields: Vec<_> = error.violations.iter().map(|v| v.subject.trim_start_matches("preferences.")).collect();
        let expected = [
            "email_classes",
            "language",
            "time_zone",
            "quiet_hours.start_minute",
            "quiet_hours.end_minute",
            "digest_minute",
            "etag",
            "request_id",
        ];
        assert!(expected.iter().all(|field| fields.contains(field)), "{fields:?}");
        let nothing = v1::UpdateMailPreferencesRequest::default();
        assert!(update_mail_preferences(&nothing).is_err());
    }
}
