//! What people are told of a rule that fails, in their language.

use super::{Failure, Why};
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
        Why::OtherService(code) => format!("the convention's services do not cover {code}"),
        Why::NoReferrer => "your organisation is no referrer of the convention".into(),
        Why::NoProvider => "the organisation that is asked is no provider of the convention".into(),
        Why::OtherSite => "under the convention no patients are received at this site".into(),
        Why::NoPrescriber => "the convention asks for a prescriber".into(),
        Why::NotRegistered(day, register) => format!("on {day} the prescriber is not on the register {register}"),
        Why::NotWithoutCover => "the convention is for people of whom it is said that they have no health cover".into(),
        Why::OtherReason => "the convention asks for one of its reasons to be declared".into(),
        Why::NotWished => "the convention is for patients of whom it is said that they wish it".into(),
        Why::OtherTerritory => "the convention is for people who live in one of its territories".into(),
        Why::NoDocument(kinds) => format!("these documents are missing: {}", kinds.join(", ")),
    }
}

fn french(why: &Why) -> String {
    match why {
        Why::NotSigned => "la convention n’est pas encore signée".into(),
        Why::OutsideOfDates(from, to) => {
            format!("la convention admet du {} au {}", from.format("%d/%m/%Y"), to.format("%d/%m/%Y"))
        }
        Why::OtherService(code) => format!("les prestations de la convention ne comprennent pas {code}"),
        Why::NoReferrer => "votre organisation n’est pas un adresseur de la convention".into(),
        Why::NoProvider => "l’organisation demandée n’est pas un prestataire de la convention".into(),
        Why::OtherSite => "la convention ne prévoit pas l’accueil de patients sur ce site".into(),
        Why::NoPrescriber => "la convention exige un prescripteur".into(),
        Why::NotRegistered(day, register) => {
            format!("le {}, le prescripteur n’est pas inscrit au registre {register}", day.format("%d/%m/%Y"))
        }
        Why::NotWithoutCover => "la convention s’adresse aux personnes déclarées sans couverture maladie".into(),
        Why::OtherReason => "la convention exige que l’un de ses motifs soit déclaré".into(),
        Why::NotWished => "la convention exige que le souhait du patient soit déclaré".into(),
        Why::OtherTerritory => "la convention s’adresse aux personnes qui habitent l’un de ses territoires".into(),
        Why::NoDocument(kinds) => format!("il manque les documents suivants : {}", kinds.join(", ")),
    }
}
