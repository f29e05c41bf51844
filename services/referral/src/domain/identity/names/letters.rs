//! Letters without case and marks.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What stands between the parts of a name as an apostrophe, or for the Arabic letters that Latin has not.
const APOSTROPHES: [char; 9] = ['\'', '’', '‘', 'ʼ', 'ʻ', 'ʾ', 'ʿ', '`', '´'];

/// A name without case and marks: letters, single spaces between words, `'` for every kind of apostrophe. `keep` leaves `ç`
/// and `ñ`, which sound otherwise than `c` and `n`.
pub fn plain(name: &str, keep: bool) -> String {
    let mut text = String::with_capacity(name.len());
    // Composed first, so that a letter with its mark is one character however it was typed.
    for c in name.nfc().flat_map(char::to_lowercase) {
        match c {
            'ç' | 'ñ' if keep => text.push(c),
            _ if APOSTROPHES.contains(&c) => text.push('\''),
            _ => match unmarked(c) {
                Some(letters) => text.push_str(letters),
                None => text.extend(c.nfkd().filter(|part| !is_combining_mark(*part) && *part != 'ـ')),
            },
        }
    }
    let spaced: String = text.chars().map(|c| if c.is_alphabetic() || c == '\'' { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that Unicode does not take apart.
fn unmarked(c: char) -> Option<&'static str> {
    Some(match c {
        'đ' | 'ð' => "d",
        'ø' => "o",
        'ł' => "l",
        'œ' => "oe",
        'æ' => "ae",
        'ß' => "ss",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}
