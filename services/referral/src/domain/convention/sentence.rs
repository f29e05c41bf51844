//! What people are told of a rule that fails, in their language.

use chrono::NaiveDate;

use super::{Days, Failure, Why};
use crate::domain::language::Language;

/// The sentence of a failure.
pub fn sentence(failure: &Failure, language: Language) -> String {
    match language {
        Language::English => english(&failure.why),
        Language::French => french(&failure.why),
    }
}

fn english(why: &Why) -> String {
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
        Why::OtherService(code) => format!("the convention's services do not cover {code}"),
        Why::NoReferrer => "your organisation is no referrer of the convention".into(),
        Why::NoProvider => "the organisation that is asked is no provider of the convention".into(),
        Why::OtherSite => "under the convention no patients are received at this site".into(),
        Why::NoPrescriber => "the convention asks for a prescriber".into(),
        Why::NotRegistered(day, register) => format!("on {day} the prescriber is not on the register {register}"),
        Why::NotWithoutCover => "the convention is for people of whom it is said that they have no health cover".into(),
        Why::OtherStatus => "the convention is for people who have one of its statuses".into(),
        Why::OtherReason => "the convention asks for one of its reasons to be declared".into(),
        Why::NotWished => "the convention is for patients of whom it is said that they wish it".into(),
        Why::OtherTerritory => "the convention is for people who live in one of its territories".into(),
        Why::NoDocument(kinds) => format!("these documents are missing: {}", kinds.join(", ")),
        Why::UsedUp(line, last) => format!("all that line {line} commits until {last} is reserved or used"),
        Why::BudgetUsedUp(line, last) => format!("the money of line {line} until {last} is spent"),
        Why::NoSite(line) => format!("line {line} counts the places of each site: name one"),
    }
}

fn french(why: &Why) -> String {
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
        Why::OtherService(code) => format!("les prestations de la convention ne comprennent pas {code}"),
        Why::NoReferrer => "votre organisation n’est pas un adresseur de la convention".into(),
        Why::NoProvider => "l’organisation demandée n’est pas un prestataire de la convention".into(),
        Why::OtherSite => "la convention ne prévoit pas l’accueil de patients sur ce site".into(),
        Why::NoPrescriber => "la convention exige un prescripteur".into(),
        Why::NotRegistered(day, register) => {
            format!("le {}, le prescripteur n’est pas inscrit au registre {register}", local(*day))
        }
        Why::NotWithoutCover => "la convention s’adresse aux personnes déclarées sans couverture maladie".into(),
        Why::OtherStatus => "la convention s’adresse aux personnes qui ont l’un de ses statuts".into(),
        Why::OtherReason => "la convention exige que l’un de ses motifs soit déclaré".into(),
        Why::NotWished => "la convention exige que le souhait du patient soit déclaré".into(),
        Why::OtherTerritory => "la convention s’adresse aux personnes qui habitent l’un de ses territoires".into(),
        Why::NoDocument(kinds) => format!("il manque les documents suivants : {}", kinds.join(", ")),
        Why::UsedUp(line, last) => {
            let last = last.format("%d/%m/%Y");
            format!("tout ce que la ligne {line} prévoit jusqu’au {last} est réservé ou consommé")
        }
        Why::BudgetUsedUp(line, last) => {
            format!("le budget de la ligne {line} jusqu’au {} est épuisé", last.format("%d/%m/%Y"))
        }
        Why::NoSite(line) => format!("la ligne {line} compte les places de chaque site : indiquez-en un"),
    }
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
