//! The words of a statement, in each language.

use crate::domain::language::Language;

/// Each word: its name or the code that it stands for, in French, in English.
const WORDS: &[(&str, &str, &str)] = &[
    ("statement", "Relevé", "Statement"),
    ("numbered", "Relevé n°", "Statement no."),
    ("convention", "Convention", "Convention"),
    ("terms-version", "Version des termes", "Version of the terms"),
    ("period", "Période", "Period"),
    ("from", "du", "from"),
    ("until", "au", "to"),
    ("closed", "Arrêté le", "Closed on"),
    ("threshold", "Seuil de masquage", "Threshold of suppression"),
    ("parties", "Parties", "Parties"),
    ("section", "rubrique", "section"),
    ("code", "code", "code"),
    ("label", "libellé", "label"),
    ("figure", "mesure", "figure"),
    ("site", "site", "site"),
    ("value", "valeur", "value"),
    ("suppressed", "masqué", "suppressed"),
    ("yes", "oui", "yes"),
    ("no", "non", "no"),
    ("all-sites", "Tous les sites", "All sites"),
    ("no-site", "Sans site", "No site named"),
    ("lines", "Volumes", "Volumes"),
    ("line", "Ligne", "Line"),
    ("committed", "Engagement", "Committed"),
    ("no-limit", "compté, sans limite", "counted, without a limit"),
    ("per-term", "pour toute la durée", "for the whole term"),
    ("per-year", "par an", "a year"),
    ("per-month", "par mois", "a month"),
    ("before", "Avant la période", "Before the period"),
    ("in-period", "Dans la période", "In the period"),
    ("to-date", "Cumul", "To date"),
    ("month", "Mois", "Month"),
    ("quantity", "Quantité", "Quantity"),
    ("of-statement", "relevé n°", "statement no."),
    ("months", "Volume par mois", "Volume by month"),
    ("persons", "Personnes reçues", "People seen"),
    (
        "persons-note",
        "Chaque personne compte une fois : le total peut être inférieur à la somme des sites.",
        "Each person counts once: the total may be less than the sum of the sites.",
    ),
    ("steps", "Orientations par état", "Referrals by state"),
    ("state", "État", "State"),
    (
        "steps-note",
        "Nombre de fois que chaque état a été atteint dans la période.",
        "How often each state was come to in the period.",
    ),
    ("refusals", "Refus et abandons par motif", "Refusals by reason"),
    ("reason", "Motif", "Reason"),
    ("no-refusals", "Aucun dans la période.", "None in the period."),
    (
        "refusals-note",
        "Ce que la convention refuse avant qu’une orientation n’existe n’est pas compté : il n’en reste pas de chiffre.",
        "What the convention refuses before there is a referral is not counted: it leaves no figure.",
    ),
    ("delays", "Délais, en heures", "Delays, in hours"),
    ("step", "Étape", "Step"),
    ("p50", "Médiane", "Median"),
    ("p90", "9 sur 10", "9 of 10"),
    ("p50-hours", "médiane en heures", "median in hours"),
    ("p90-hours", "9 sur 10 en heures", "9 of 10 in hours"),
    (
        "delays-note",
        "La moitié des orientations, et neuf sur dix, n’ont pas pris plus que cela (rang le plus proche).",
        "Half of the referrals, and nine of ten, took no longer than this (nearest rank).",
    ),
    ("corrections", "Corrections des relevés précédents", "Corrections of earlier statements"),
    ("no-corrections", "Aucune.", "None."),
    (
        "carried-over",
        "Des corrections trop petites pour être dites attendent un prochain relevé.",
        "Corrections too small to be told wait for a later statement.",
    ),
    ("corrects", "Relevé corrigé", "Corrects"),
    ("difference", "Différence", "Difference"),
    ("subject", "Objet", "Subject"),
    (
        "suppression-note",
        "Les nombres de personnes et d’orientations inférieurs au seuil sont masqués (\u{2022}), ainsi que ceux dont \
        on pourrait les déduire.",
        "Numbers of people and referrals below the threshold are left out (\u{2022}), and so are those from \
        which they could be computed.",
    ),
    ("months-chart", "Une barre par mois ; hachurée : masquée.", "A bar for each month; hatched: left out."),
    (
        "delays-chart",
        "Deux barres par étape : la médiane, puis neuf sur dix.",
        "Two bars for each step: the median, then nine of ten.",
    ),
    (
        "refusals-chart",
        "Une barre par motif, tous sites ; hachurée : masquée.",
        "A bar for each reason, all sites; hatched: left out.",
    ),
    ("acts", "actes", "acts"),
    ("money", "montants, en unités mineures", "amounts, in minor units"),
    ("staff-minutes", "minutes de personnel", "minutes of staff"),
    ("referrer", "Adresseur", "Referrer"),
    ("provider", "Prestataire", "Provider"),
    ("funder", "Financeur", "Funder"),
    ("coordinator", "Coordonnateur", "Coordinator"),
    ("submitted", "Transmise", "Submitted"),
    ("awaiting-information", "En attente d’information", "Awaiting information"),
    ("waitlisted", "En liste d’attente", "Waitlisted"),
    ("accepted", "Acceptée", "Accepted"),
    ("scheduled", "Rendez-vous fixé", "Scheduled"),
    ("no-show", "Rendez-vous manqué", "Missed appointment"),
    ("appointment-cancelled", "Rendez-vous annulé", "Appointment cancelled"),
    ("attended", "Personne reçue", "Attended"),
    ("results-available", "Résultats disponibles", "Results available"),
    ("completed", "Terminée", "Completed"),
    ("rejected", "Refusée", "Rejected"),
    ("redirected", "Réorientée", "Redirected"),
    ("cancel-requested", "Annulation demandée", "Cancellation requested"),
    ("cancelled", "Annulée", "Cancelled"),
    ("expired", "Expirée", "Expired"),
    ("failed", "Échouée", "Failed"),
    ("entered-in-error", "Saisie par erreur", "Entered in error"),
    ("not-stated", "non précisé", "not stated"),
    ("no-capacity", "pas de place", "no capacity"),
    ("not-eligible", "personne non éligible", "not eligible"),
    ("out-of-area", "hors territoire", "out of area"),
    ("missing-document", "document manquant", "missing document"),
    ("duplicate", "doublon", "duplicate"),
    ("wrong-service", "autre prestation visée", "wrong service"),
    ("patient-declined", "refus de la personne", "patient declined"),
    ("could-not-contact", "personne injoignable", "could not contact"),
    ("volume-exhausted", "volume épuisé", "volume exhausted"),
    ("budget-exhausted", "budget épuisé", "budget exhausted"),
    ("convention-not-in-force", "convention non en vigueur", "convention not in force"),
    ("service-not-covered", "prestation non couverte", "service not covered"),
    ("prescriber-not-entitled", "prescripteur non habilité", "prescriber not entitled"),
    ("site-not-in-scope", "site hors convention", "site not in scope"),
    ("own-doctor-available", "médecin traitant disponible", "own doctor available"),
    ("no-answer", "sans réponse", "no answer"),
];

/// A word in a language. A code that has none is shown as it is: a later version of the program may know more of them.
pub fn word(language: Language, name: &str) -> &str {
    let found = WORDS.iter().find(|(known, ..)| *known == name);
    found.map_or(name, |(_, french, english)| match language {
        Language::French => french,
        Language::English => english,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::referral::{CancelReason, Reason, State};

    #[test]
    fn every_state_and_every_reason_has_its_words() {
        let known: HashSet<_> = WORDS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(known.len(), WORDS.len(), "each stands once");
        let states = State::ALL.iter().map(|state| state.as_str());
        let reasons = ["no-capacity", "own-doctor-available", "no-answer"].into_iter();
        let parsed = WORDS.iter().filter(|(name, ..)| Reason::parse(name).is_some()).count();
        let cancelled = WORDS.iter().filter(|(name, ..)| CancelReason::parse(name).is_some()).count();
        assert_eq!((parsed, cancelled), (15, 4));
        assert!(states.chain(reasons).all(|code| known.contains(code)));
        assert_eq!(word(Language::French, "what-nobody-knows"), "what-nobody-knows");
    }
}
