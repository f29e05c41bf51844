//! Languages that the product speaks.

use relais_platform::text_enum;

text_enum! {
    /// A language, by its code in ISO 639.
    #[derive(Default)]
    pub enum Language {
        /// French.
        #[default]
        French = "fr",
        /// English.
        English = "en",
    }
}

impl Language {
    /// The language of a tag like `fr-LU` (BCP 47), where the product speaks it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::parse(&tag.trim().split('-').next()?.to_ascii_lowercase())
    }

    /// The first that the product speaks of a list like `fr-LU, fr;q=0.9, en;q=0.8` (RFC 9110), by its weights.
    pub fn of_list(list: &str) -> Option<Self> {
        let mut wished: Vec<_> = list.split(',').filter_map(wish).collect();
        // Stable: of two that weigh the same, the first counts.
        wished.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        wished.into_iter().filter(|(_, weight)| *weight > 0).find_map(|(tag, _)| Self::of_tag(tag))
    }
}

/// A tag and its weight in thousandths.
fn wish(item: &str) -> Option<(&str, u32)> {
    let (tag, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
    let (whole, part) =
        parameter.trim().strip_prefix("q=")?.split_once('.').unwrap_or((parameter.trim().get(2..)?, ""));
    let thousandths: u32 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    Some((tag, whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(thousandths)?.min(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_spoken_counts() {
        let (french, english) = (Some(Language::French), Some(Language::English));
        for (list, expected) in [
            ("fr", french),
            ("fr-LU,fr;q=0.9,en;q=0.8", french),
            ("de, en;q=0.5, fr;q=0.75", french),
            ("EN-gb", english),
            ("fr;q=0, en;q=0.1", english),
            ("de", None),
            ("", None),
            ("fr;q=nonsense, *;;, é;q=0.ééé", None),
        ] {
            assert_eq!(Language::of_list(list), expected, "{list}");
        }
    }
}
