//! Languages: those that the product speaks, and codes of those that people speak.

use http::{HeaderMap, header::ACCEPT_LANGUAGE};

use crate::text_enum;

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
    /// The language that a caller wishes to be answered in (`accept-language`); English when the product speaks none that is wished
    /// for.
    pub fn wished(headers: &HeaderMap) -> Self {
        let list = headers.get(ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok());
        list.and_then(Self::of_list).unwrap_or(Self::English)
    }

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

/// The codes of ISO 639-1.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka \
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk \
    tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether a text is the code of a language (ISO 639): one of the two-letter codes; of three letters, all that have the form, for
/// there are thousands of them.
pub fn is_code(text: &str) -> bool {
    let letters = text.bytes().all(|b| b.is_ascii_lowercase());
    letters && (text.len() == 3 || TWO_LETTERS.split(' ').any(|code| code == text))
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

    #[test]
    fn a_call_wishes_by_its_header_and_else_for_english() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::wished(&headers), Language::English);
        for (list, expected) in [("lb, FR-LU;q=0.8, en;q=0.5", Language::French), ("lb", Language::English)] {
            headers.insert(ACCEPT_LANGUAGE, list.parse().unwrap());
            assert_eq!(Language::wished(&headers), expected, "{list}");
        }
    }

    #[test]
    fn codes_of_languages_are_known() {
        for (text, known) in
            [("fr", true), ("ti", true), ("lb", true), ("rcf", true), ("xx", false), ("", false), ("FR", false)]
        {
            assert_eq!(is_code(text), known, "{text}");
        }
        for no in ["f", "french", "a b", "é1", "fr zh"] {
            assert!(!is_code(no), "{no}");
        }
    }
}
