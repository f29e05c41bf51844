//! Words for people, in French and English: sentences of messages, and mails. What differs between languages, plurals above all,
//! stands in the Fluent files beside this one.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

use crate::domain::{Kind, Language, Message};

type Bundle = FluentBundle<FluentResource>;

static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle("fr", include_str!("fr.ftl")));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("en.ftl")));

fn bundle(language: &str, words: &str) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
    // Plain text: no invisible signs around what is filled in.
    bundle.set_use_isolating(false);
    // A sentence that cannot be read is missed by the test that asks for all of them; the others stay.
    let words = FluentResource::try_new(words.into()).unwrap_or_else(|(read, _)| read);
    bundle.add_resource_overriding(words);
    bundle
}

/// Some words with what is filled in; none when the language has none of that name.
fn find(language: Language, name: &str, args: &FluentArgs<'_>) -> Option<String> {
    let bundle: &Bundle = match language {
        Language::Fr => &FRENCH,
        Language::En => &ENGLISH,
    };
    let pattern = bundle.get_message(name)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

/// As `find`; the name itself is better than nothing.
pub fn say(language: Language, name: &str, args: &FluentArgs<'_>) -> String {
    find(language, name, args).unwrap_or_else(|| name.into())
}

/// A message in a sentence.
pub fn sentence(language: Language, message: &Message) -> String {
    let facts = &message.facts;
    let mut args = FluentArgs::new();
    args.set("number", message.referral_number.as_str());
    let start = facts.start_time.map(|start| moment(language, start, &facts.time_zone));
    args.set("start", start.unwrap_or_default());
    args.set("state", facts.state.as_str());
    args.set("reason", facts.reason.as_str());
    args.set("name", facts.about_name.as_str());
    let kind = message.kind.as_str();
    if facts.undone && message.kind == Kind::ReferralMoved {
        return say(language, "referral-undone", &args);
    }
    if !facts.about_name.is_empty()
        && let Some(told) = find(language, &format!("{kind}-named"), &args)
    {
        return told;
    }
    find(language, &format!("{kind}-{}", facts.state), &args).unwrap_or_else(|| say(language, kind, &args))
}

/// A day and a time as people say them, on the clock of a zone; of UTC when the zone is unknown.
pub fn moment(language: Language, at: DateTime<Utc>, zone: &str) -> String {
    let local = at.with_timezone(&zone.parse::<Tz>().unwrap_or(Tz::UTC));
    let mut args = FluentArgs::new();
    args.set("weekday", local.weekday().number_from_monday());
    args.set("month", local.month());
    let (weekday, month) = (say(language, "weekday", &args), say(language, "month", &args));
    args.set("weekday", weekday);
    args.set("month", month);
    args.set("day", local.day());
    args.set("year", local.year().to_string());
    args.set("time", local.format("%H:%M").to_string());
    say(language, "moment", &args)
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{MessageId, OrganisationId};

    use super::*;
    use crate::domain::{Facts, Mailbox, rows};

    const BOTH: [Language; 2] = [Language::Fr, Language::En];

    fn message(kind: Kind, state: &str) -> Message {
        let start_time = "2027-05-05T07:30:00Z".parse().ok();
        let facts =
            Facts { state: state.into(), start_time, time_zone: "Europe/Luxembourg".into(), ..Facts::default() };
        Message {
            id: MessageId::draw(),
            mailbox: Mailbox { organisation: OrganisationId::draw(), unit: None },
            kind,
            facts,
            referral: None,
            referral_number: "7K3M-9QXA-4T7".into(),
            create_time: DateTime::UNIX_EPOCH,
            read: None,
            acknowledged: None,
        }
    }

    #[test]
    fn every_message_has_its_sentence_in_both_languages() {
        for language in BOTH {
            let mut told = std::collections::BTreeSet::new();
            for (kind, state) in rows() {
                let text = sentence(language, &message(kind, state));
                assert!(text.contains(' ') && text.ends_with('.'), "{kind:?} {state}: {text}");
                let of_none = matches!(kind, Kind::ReportQuarantined | Kind::MeterThreshold);
                let numbered = of_none || text.contains("7K3M-9QXA-4T7");
                assert!(numbered, "{kind:?} {state}: {text}");
                assert!(told.insert(text.clone()), "two say {text}");
            }
        }
    }

    /// Whoever is a party of many reads which one; an event of before has no name.
    #[test]
    fn a_threshold_names_its_convention() {
        let told = message(Kind::MeterThreshold, "70");
        let facts = Facts { reason: "patients".into(), ..told.facts.clone() };
        let named = Facts { about_name: "Imagerie des arrivants".into(), ..facts.clone() };
        let text = |facts: &Facts, language| sentence(language, &Message { facts: facts.clone(), ..told.clone() });
        let french = "Convention « Imagerie des arrivants », ligne patients : 70 % de ce qu’elle prévoit est réservé ou consommé.";
        let english =
            "Convention “Imagerie des arrivants”, line patients: 70 % of what it commits is reserved or used.";
        assert_eq!(BOTH.map(|language| text(&named, language)), [french, english]);
        assert!(text(&facts, Language::En).starts_with("Line patients of a convention: 70 %"));
    }

    #[test]
    fn times_are_told_on_the_clock_of_the_place() {
        let booked = message(Kind::AppointmentMoved, "booked");
        let told = BOTH.map(|language| sentence(language, &booked));
        assert_eq!(told[0], "Dossier 7K3M-9QXA-4T7 : rendez-vous le mercredi 5 mai 2027 à 09:30.");
        assert_eq!(told[1], "Referral 7K3M-9QXA-4T7: appointment on Wednesday 5 May 2027 at 09:30.");
        let first = "2027-05-01T07:30:00Z".parse().unwrap_or_default();
        assert_eq!(moment(Language::Fr, first, "Mars/Phobos"), "samedi 1er mai 2027 à 07:30");
    }

    #[test]
    fn one_message_and_several_are_told_apart_as_each_language_does() {
        let subject = |language, count: i32| {
            let mut args = FluentArgs::new();
            args.set("count", count);
            say(language, "mail-digest-subject", &args)
        };
        assert_eq!(subject(Language::Fr, 1), "Relais : un message vous attend");
        assert_eq!(subject(Language::Fr, 2), "Relais : 2 messages vous attendent");
        assert_eq!(subject(Language::En, 1), "Relais: one message waits for you");
        assert_eq!(subject(Language::En, 21), "Relais: 21 messages wait for you");
    }
}
