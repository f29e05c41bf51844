//! Why a criterion is met or not, in the caller's language.

use relais_platform::language::Language;

use super::{Condition, Judgement, Reason, StopKind};

/// The sentence of a judgement.
pub fn sentence(condition: &Condition, judgement: &Judgement, language: Language) -> String {
    match language {
        Language::English => english(condition, &judgement.reason),
        Language::French => french(condition, &judgement.reason),
    }
}

fn english(condition: &Condition, reason: &Reason) -> String {
    match reason {
        Reason::StopNear(stop) => {
            format!("{} ({}) is {} on foot", stop.display_name, kind_en(stop.kind), minutes_en(stop.walking_minutes))
        }
        Reason::StopTooFar(stop) => {
            let (name, kind, far) = (&stop.display_name, kind_en(stop.kind), minutes_en(stop.walking_minutes));
            let asked = minutes_en(most(condition));
            format!("the nearest stop, {name} ({kind}), is {far} on foot: at most {asked} is asked")
        }
        Reason::NoSuchStop => format!("no {} stops nearby", asked_kind(condition).map_or("transport", kind_en)),
        Reason::StopsUnknown => "nobody said which stops are nearby".into(),
        Reason::WheelchairYes => "one enters with a wheelchair".into(),
        Reason::WheelchairByRule => "at these hours one enters with a wheelchair".into(),
        Reason::WheelchairLimited => "access with a wheelchair is limited".into(),
        Reason::WheelchairNo => "one does not enter with a wheelchair".into(),
        Reason::WheelchairUnknown => "nobody said whether one enters with a wheelchair".into(),
        Reason::LanguageSpoken => format!("the language {} is spoken", code(condition)),
        Reason::LanguageInterpreted => format!("somebody interprets from the language {}", code(condition)),
        Reason::LanguageNotSpoken => format!("the language {} is not spoken", code(condition)),
        Reason::LanguageUnknown => "nobody said which languages are spoken".into(),
        Reason::Near(far) => format!("{far} km away"),
        Reason::TooFar(far) => format!("{far} km away: at most {} km is asked", most(condition)),
        Reason::PositionUnknown => "nobody said where it is".into(),
        Reason::TimeOffered => format!("there is a free slot {}", when_en(condition)),
        Reason::TimeNotOffered => format!("there is no free slot {}", when_en(condition)),
    }
}

fn french(condition: &Condition, reason: &Reason) -> String {
    match reason {
        Reason::StopNear(stop) => {
            format!("{} ({}) à {} à pied", stop.display_name, kind_fr(stop.kind), minutes_fr(stop.walking_minutes))
        }
        Reason::StopTooFar(stop) => {
            let (name, kind) = (&stop.display_name, kind_fr(stop.kind));
            let (far, asked) = (minutes_fr(stop.walking_minutes), minutes_fr(most(condition)));
            format!("l’arrêt le plus proche, {name} ({kind}), est à {far} à pied, au lieu de {asked} au plus")
        }
        Reason::NoSuchStop => match asked_kind(condition) {
            Some(kind) => format!("aucun arrêt de {} à proximité", kind_fr(kind)),
            None => "aucun arrêt à proximité".into(),
        },
        Reason::StopsUnknown => "les arrêts à proximité ne sont pas renseignés".into(),
        Reason::WheelchairYes => "accessible en fauteuil roulant".into(),
        Reason::WheelchairByRule => "accessible en fauteuil roulant à ces heures".into(),
        Reason::WheelchairLimited => "accès limité en fauteuil roulant".into(),
        Reason::WheelchairNo => "non accessible en fauteuil roulant".into(),
        Reason::WheelchairUnknown => "l’accès en fauteuil roulant n’est pas renseigné".into(),
        Reason::LanguageSpoken => format!("la langue {} y est parlée", code(condition)),
        Reason::LanguageInterpreted => format!("une personne interprète depuis la langue {}", code(condition)),
        Reason::LanguageNotSpoken => format!("la langue {} n’y est pas parlée", code(condition)),
        Reason::LanguageUnknown => "les langues parlées ne sont pas renseignées".into(),
        Reason::Near(far) => format!("à {far} km"),
        Reason::TooFar(far) => format!("à {far} km, au lieu de {} km au plus", most(condition)),
        Reason::PositionUnknown => "la position n’est pas renseignée".into(),
        Reason::TimeOffered => format!("un créneau libre {}", when_fr(condition)),
        Reason::TimeNotOffered => format!("aucun créneau libre {}", when_fr(condition)),
    }
}

/// At most how many minutes or kilometres were asked for.
fn most(condition: &Condition) -> i32 {
    match condition {
        Condition::Reachable(_, most) | Condition::Near(_, most) => *most,
        _ => 0,
    }
}

fn asked_kind(condition: &Condition) -> Option<StopKind> {
    match condition {
        Condition::Reachable(kind, _) => *kind,
        _ => None,
    }
}

fn code(condition: &Condition) -> &str {
    match condition {
        Condition::Language(code) => code,
        _ => "",
    }
}

fn kind_en(kind: StopKind) -> &'static str {
    kind.as_str()
}

fn kind_fr(kind: StopKind) -> &'static str {
    match kind {
        StopKind::Tram => "tramway",
        StopKind::Metro => "métro",
        StopKind::Train | StopKind::Bus => kind.as_str(),
    }
}

fn minutes_en(count: i32) -> String {
    format!("{count} minute{}", if count == 1 { "" } else { "s" })
}

fn minutes_fr(count: i32) -> String {
    format!("{count} minute{}", if count > 1 { "s" } else { "" })
}

fn when_en(condition: &Condition) -> String {
    match condition {
        Condition::Latest(day) => format!("by {day}"),
        Condition::Hours(weekdays, from, until) => {
            let days = days(*weekdays, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "any day");
            format!("on {days} from {} to {}", clock(*from), clock(*until))
        }
        _ => String::new(),
    }
}

fn when_fr(condition: &Condition) -> String {
    match condition {
        Condition::Latest(day) => format!("jusqu’au {}", day.format("%d/%m/%Y")),
        Condition::Hours(weekdays, from, until) => {
            let days = days(*weekdays, ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."], "tous les jours");
            format!("{days} de {} à {}", clock(*from), clock(*until))
        }
        _ => String::new(),
    }
}

fn days(weekdays: i16, names: [&str; 7], every: &str) -> String {
    let named: Vec<_> =
        names.iter().zip(0..).filter(|(_, day)| weekdays & (1 << day) != 0).map(|(name, _)| *name).collect();
    if named.len() == names.len() { every.into() } else { named.join(", ") }
}

fn clock(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
