//! In which language the caller reads.

use relais_platform::{Error, Result, error::Violation, language::Language as Spoken};
use tonic::metadata::MetadataMap;

use crate::domain::Language;

/// The language of the request's field, else the first one of `accept-language` that the product speaks, else English.
pub(super) fn asked(field: &str, metadata: &MetadataMap) -> Result<Language> {
    if !field.is_empty() {
        let unknown = || Error::invalid(vec![Violation::new("language", "must be fr or en")]);
        return Language::parse(field).ok_or_else(unknown);
    }
    Ok(match Spoken::wished(metadata) {
        Spoken::French => Language::Fr,
        Spoken::English => Language::En,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_goes_before_the_metadata() {
        let accepts = |value: &'static str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("accept-language", value.parse().unwrap());
            metadata
        };
        assert_eq!(asked("", &accepts("lb, FR-LU;q=0.8, en;q=0.5")).unwrap(), Language::Fr);
        assert_eq!(asked("en", &accepts("fr")).unwrap(), Language::En);
        assert_eq!(asked("", &accepts("lb")).unwrap(), Language::En);
        assert_eq!(asked("", &MetadataMap::new()).unwrap(), Language::En);
        assert!(asked("lb", &accepts("fr")).is_err());
    }
}
