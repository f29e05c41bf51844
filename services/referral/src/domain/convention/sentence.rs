//! What people are told of a rule that fails, in their language.

use chrono::NaiveDate;

use super::{
    Days, Failure, Why,
    codes::{document, quoted, register},
};
use crate::domain::language::Language;

/// The sentence of a failure.
pub fn sentence(failure: &Failure, language: Language) -> String {
    match language {
        Language::English => english(&failure.why),
        Language::French => french(&failure.why),
    }
}

fn english(why: &Why) -> String {
    let quoted = |code: &str| quoted(code, Language::English);
    match why {
        Why::NotSigned => "the convention is not signed yet".into(),
        Why::OutsideOfDates(from, to) => format!("the convention admits from {from} to {to}"),
        Why::OutsideOfChain(chain) => {
            let days = chain.iter().map(|Days { first, last }| format!("from {first} to {last}"));
            format!("the conventions of the chain admit {}", listed(days.collect(), "and"))
        }
        Why::Suspended => "the convention is suspended".into(),
        Why::Terminated(last) => format!("the convention was terminated: {last} was its last day"),
        Why::Halted => "the convention was terminated while it was suspended".into(),
        Why::OtherService(code) => format!("the convention's services do not cover {}", quoted(code)),
        Why::NoReferrer => "your organisation is no referrer of the convention".into(),
        Why::NoProvider => "the organisation that is asked is no provider of the convention".into(),
        Why::OtherSite => "under the convention no patients are received at this site".into(),
        Why::NoPrescriber => "the convention asks for a prescriber".into(),
        Why::NotRegistered(day, system) => {
            format!("on {day} the prescriber is not on {}", register(system, Language::English))
        }
        Why::NotWithoutCover => "the convention is for people of whom it is said that they have no health cover".into(),
        Why::OtherStatus => "the convention is for people who have one of its statuses".into(),
        Why::OtherReason => "the convention asks for one of its reasons to be declared".into(),
        Why::NotWished => "the convention is for patients of whom it is said that they wish it".into(),
        Why::OtherTerritory => "the convention is for people who live in one of its territories".into(),
        Why::NoDocument(kinds) => format!("these documents are missing: {}", documents(kinds, Language::English)),
        Why::UsedUp(line, last) => {
            format!("all that line {} commits until {last} is reserved or used", quoted(line))
        }
        Why::TooLittleLeft(line, minutes) => format!("line {} has less than {minutes} min left", quoted(line)),
        Why::BudgetUsedUp(line, last) => format!("the money of line {} until {last} is spent", quoted(line)),
        Why::NoSite(line) => format!("line {} counts the places of each site: name one", quoted(line)),
    }
}

fn french(why: &Why) -> String {
    let quoted = |code: &str| quoted(code, Language::French);
    match why {
        Why::NotSigned => "la convention n’est pas encore signée".into(),
        Why::OutsideOfDates(from, to) => format!("la convention admet du {} au {}", local(*from), local(*to)),
        Why::OutsideOfChain(chain) => {
            let days = chain.iter().map(|days| format!("du {} au {}", local(days.first), local(days.last)));
            format!("les conventions de la chaîne admettent {}", listed(days.collect(), "et"))
        }
        Why::Suspended => "la convention est suspendue".into(),
        Why::Terminated(last) => format!("la convention est résiliée : son dernier jour était le {}", local(*last)),
        Why::Halted => "la convention a été résiliée pendant sa suspension".into(),
        Why::OtherService(code) => format!("les prestations de la convention ne comprennent pas {}", quoted(code)),
        Why::NoReferrer => "votre organisation n’est pas un adresseur de la convention".into(),
        Why::NoProvider => "l’organisation demandée n’est pas un prestataire de la convention".into(),
        Why::OtherSite => "la convention ne prévoit pas l’accueil de patients sur ce site".into(),
        Why::NoPrescriber => "la convention exige un prescripteur".into(),
        Why::NotRegistered(day, system) => {
            let register = register(system, Language::French);
            format!("le {}, le prescripteur n’est pas inscrit {register}", local(*day))
        }
        Why::NotWithoutCover => "la convention s’adresse aux personnes déclarées sans couverture maladie".into(),
        Why::OtherStatus => "la convention s’adresse aux personnes qui ont l’un de ses statuts".into(),
        Why::OtherReason => "la convention exige que l’un de ses motifs soit déclaré".into(),
        Why::NotWished => "la convention exige que le souhait du patient soit déclaré".into(),
        Why::OtherTerritory => "la convention s’adresse aux personnes qui habitent l’un de ses territoires".into(),
        Why::NoDocument(kinds) => format!("il manque les documents suivants : {}", documents(kinds, Language::French)),
        Why::UsedUp(line, last) => {
            let (line, last) = (quoted(line), local(*last));
            format!("tout ce que la ligne {line} prévoit jusqu’au {last} est réservé ou consommé")
        }
        Why::TooLittleLeft(line, minutes) => {
            format!("il reste moins de {minutes} min sur la ligne {}", quoted(line))
        }
        Why::BudgetUsedUp(line, last) => {
            format!("le budget de la ligne {} jusqu’au {} est épuisé", quoted(line), local(*last))
        }
        Why::NoSite(line) => {
            format!("la ligne {} compte les places de chaque site : indiquez-en un", quoted(line))
        }
    }
}

fn documents(kinds: &[String], language: Language) -> String {
    kinds.iter().map(|kind| document(kind, language)).collect::<Vec<_>>().join(", ")
}

/// A day as French people write it.
fn local(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A list as people say it.
fn listed(parts: Vec<String>, and: &str) -> String {
    match parts.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} {and} {last}", before.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People read words, and codes that have none in quotes.
    #[test]
    fn no_code_stands_bare_in_a_sentence() {
        let day: NaiveDate = "2026-03-01".parse().unwrap();
        let line = || "places".to_string();
        for (why, expected_french, expected_english) in [
            (
                Why::NoDocument(vec!["order".into(), "scan-2".into()]),
                "il manque les documents suivants : l’ordonnance, «\u{a0}scan-2\u{a0}»",
                "these documents are missing: the medical order, “scan-2”",
            ),
            (
                Why::NotRegistered(day, "https://rpps.esante.gouv.fr".into()),
                "le 01/03/2026, le prescripteur n’est pas inscrit au RPPS",
                "on 2026-03-01 the prescriber is not on the RPPS",
            ),
            (
                Why::OtherService("36643-5".into()),
                "les prestations de la convention ne comprennent pas «\u{a0}36643-5\u{a0}»",
                "the convention's services do not cover “36643-5”",
            ),
            (
                Why::UsedUp(line(), day),
                "tout ce que la ligne «\u{a0}places\u{a0}» prévoit jusqu’au 01/03/2026 est réservé ou consommé",
                "all that line “places” commits until 2026-03-01 is reserved or used",
            ),
            (
                Why::TooLittleLeft(line(), 240),
                "il reste moins de 240 min sur la ligne «\u{a0}places\u{a0}»",
                "line “places” has less than 240 min left",
            ),
            (
                Why::BudgetUsedUp(line(), day),
                "le budget de la ligne «\u{a0}places\u{a0}» jusqu’au 01/03/2026 est épuisé",
                "the money of line “places” until 2026-03-01 is spent",
            ),
            (
                Why::NoSite(line()),
                "la ligne «\u{a0}places\u{a0}» compte les places de chaque site : indiquez-en un",
                "line “places” counts the places of each site: name one",
            ),
        ] {
            assert_eq!((french(&why), english(&why)), (expected_french.into(), expected_english.into()));
        }
    }
}
