//! In which language the caller reads.

use relais_platform::{Error, Result, error::Violation, language::Language as Spoken};

use crate::domain::Language;

/// The language of the request's field, else the one that the call wishes for.
pub(super) fn asked(field: &str, wished: Spoken) -> Result<Language> {
    if !field.is_empty() {
        let unknown = || Error::invalid(vec![Violation::new("language", "must be fr or en")]);
        return Language::parse(field).ok_or_else(unknown);
    }
    Ok(match wished {
        Spoken::French => Language::Fr,
        Spoken::English => Language::En,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_goes_before_what_the_call_wishes() {
        assert_eq!(asked("", Spoken::French).unwrap(), Language::Fr);
        assert_eq!(asked("en", Spoken::French).unwrap(), Language::En);
        assert_eq!(asked("", Spoken::English).unwrap(), Language::En);
        assert!(asked("lb", Spoken::French).is_err());
    }
}
