//! What people call the codes of a convention's terms, in their language. Partners may agree on codes of their own: those are told as they
//! are, in quotes.

use crate::domain::language::Language;

/// Kinds of documents of a checklist: the code, in French, in English. Proto names them as well.
const DOCUMENTS: &[(&str, &str, &str)] = &[
    ("order", "l’ordonnance", "the medical order"),
    ("prescription", "la prescription médicale", "the prescription"),
    ("referral-letter", "la lettre d’adressage", "the referral letter"),
    ("summons", "la convocation", "the summons"),
    ("consent", "le consentement signé", "the signed consent"),
    ("identity-document", "la pièce d’identité", "the identity document"),
    ("photo", "la photographie", "the photograph"),
    ("imaging-report", "le compte rendu d’imagerie", "the imaging report"),
    ("pathology-report", "le compte rendu d’anatomopathologie", "the pathology report"),
];

/// Registers of professionals, as they stand after "inscrit" and after "on".
const REGISTERS: &[(&str, &str, &str)] = &[
    ("https://rpps.esante.gouv.fr", "au RPPS", "the RPPS"),
    (
        "urn:relais:lu:college-medical",
        "au registre du Collège médical du Luxembourg",
        "the register of the Collège médical of Luxembourg",
    ),
];

/// A kind of document.
pub(super) fn document(code: &str, language: Language) -> String {
    find(DOCUMENTS, code, language).map_or_else(|| quoted(code, language), str::to_string)
}

/// A register, as it stands after "inscrit" and after "on".
pub(super) fn register(system: &str, language: Language) -> String {
    let unknown = || match language {
        Language::French => format!("au registre {}", quoted(system, language)),
        Language::English => format!("the register {}", quoted(system, language)),
    };
    find(REGISTERS, system, language).map_or_else(unknown, str::to_string)
}

/// A code that nobody has words for, as people of a language quote it.
pub(super) fn quoted(code: &str, language: Language) -> String {
    match language {
        Language::French => format!("«\u{a0}{code}\u{a0}»"),
        Language::English => format!("“{code}”"),
    }
}

fn find(words: &[(&str, &'static str, &'static str)], code: &str, language: Language) -> Option<&'static str> {
    let (_, french, english) = words.iter().find(|(of, ..)| *of == code)?;
    Some(match language {
        Language::French => french,
        Language::English => english,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_in_each_language_and_others_are_quoted() {
        for (at, (code, french, english)) in DOCUMENTS.iter().enumerate() {
            assert_eq!(
                (document(code, Language::French), document(code, Language::English)),
                (french.to_string(), english.to_string())
            );
            assert!(french != english && !DOCUMENTS[..at].iter().any(|(before, ..)| before == code), "{code}");
        }
        assert_eq!(document("scan-2", Language::French), "«\u{a0}scan-2\u{a0}»");
        assert_eq!(document("scan-2", Language::English), "“scan-2”");
        assert_eq!(register("https://rpps.esante.gouv.fr", Language::French), "au RPPS");
        assert_eq!(register("urn:relais:x", Language::English), "the register “urn:relais:x”");
    }
}
