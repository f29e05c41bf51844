//! What a word sounds like, for French ears and for Arabic, Portuguese and Vietnamese names as they are written in Latin
//! letters. Crates for French sounds exist (Soundex, Phonex, Double Metaphone), but they drop the vowels that tell Hassan
//! from Hussein, and know nothing of dj, gh, lh or nh.
//!
//! A sound is written in capitals: three vowels (A, I, U), consonants, X for `ch`, W for `gn`.

use std::collections::BTreeSet;

/// Whether the last consonants are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// French: Dupont is Dupond.
    Silent,
    /// All of them.
    Spoken,
}

/// When a rule applies.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// Before e, i or y.
    Front,
    /// At the end of the word.
    Last,
}

/// Letters, what they sound like, and when; the first that applies is taken. `E` is A or I, `Q` is G or R.
const RULES: &[(&str, &str, When)] = &[
    ("eau", "U", When::Always),
    ("tch", "X", When::Always),
    ("sch", "X", When::Always),
    ("chr", "KR", When::Always),
    ("chl", "KL", When::Always),
    ("ch", "X", When::Always),
    ("sh", "X", When::Always),
    ("ph", "F", When::Always),
    ("gn", "W", When::Always),
    ("nh", "W", When::Always),
    ("lh", "L", When::Always),
    ("gh", "Q", When::Always),
    ("kh", "K", When::Always),
    ("qu", "K", When::Always),
    ("ck", "K", When::Always),
    ("dj", "J", When::Always),
    ("dh", "D", When::Always),
    ("th", "T", When::Always),
    ("rh", "R", When::Always),
    ("bv", "V", When::Always),
    ("pt", "T", When::Always),
    ("ct", "T", When::Always),
    ("gu", "G", When::Front),
    ("g", "J", When::Front),
    ("sc", "S", When::Front),
    ("c", "S", When::Front),
    ("ç", "S", When::Always),
    ("c", "K", When::Always),
    ("q", "K", When::Always),
    ("x", "KS", When::Always),
    ("z", "S", When::Always),
    ("ñ", "W", When::Always),
    ("h", "", When::Last),
    ("ou", "U", When::Always),
    ("oo", "U", When::Always),
    ("au", "U", When::Always),
    ("oi", "UA", When::Always),
    ("oy", "UA", When::Always),
    ("ai", "I", When::Always),
    ("ei", "I", When::Always),
    ("ay", "I", When::Always),
    ("ey", "I", When::Always),
    ("ee", "I", When::Always),
    ("o", "U", When::Always),
    ("u", "U", When::Always),
    ("w", "U", When::Always),
    ("i", "I", When::Always),
    ("y", "I", When::Always),
    ("a", "A", When::Always),
    ("e", "E", When::Always),
];

/// What a word may sound like; more than one where the spelling does not say.
pub fn of(word: &str, ending: Ending) -> BTreeSet<String> {
    let (stem, feminine) = if ending == Ending::Silent { stem(word) } else { (word, false) };
    let stem = without_ault(stem);
    let mut codes = String::new();
    let mut at = 0;
    while let Some(c) = stem[at..].chars().next() {
        let rest = &stem[at..];
        match RULES.iter().find(|(letters, _, when)| rest.starts_with(letters) && applies(*when, rest, letters)) {
            Some((letters, code, _)) => {
                codes.push_str(code);
                at += letters.len();
            }
            None => {
                codes.extend(c.to_uppercase());
                at += c.len_utf8();
            }
        }
    }
    if feminine {
        codes.push('e');
    }
    let spoken = |e: &str, q: &str| collapse(&codes.replace('E', e).replace('Q', q));
    [spoken("A", "G"), spoken("A", "R"), spoken("I", "G"), spoken("I", "R")].into()
}

fn applies(when: When, rest: &str, letters: &str) -> bool {
    let after = &rest[letters.len()..];
    match when {
        When::Always => true,
        When::Front => after.starts_with(['e', 'i', 'y']),
        When::Last => after.is_empty(),
    }
}

/// A word without what French does not speak at its end, and whether it ends as feminine names do (Jeanne, Michelle).
fn stem(word: &str) -> (&str, bool) {
    if word.len() <= 3 || !word.is_ascii() {
        return (word, false);
    }
    let cut = |count: usize| &word[..word.len() - count];
    if ["nne", "lle", "tte", "sse"].iter().any(|ending| word.ends_with(ending)) {
        return (cut(1), true);
    }
    if word.ends_with("es") || word.ends_with("ez") {
        return (cut(2), false);
    }
    if word.ends_with('e') && !word.ends_with("ee") {
        return (cut(1), false);
    }
    let spoken = word.trim_end_matches(['t', 'd', 's', 'p', 'x', 'z']);
    (if spoken.len() < 2 { word } else { spoken }, false)
}

/// Thibault and Renault without the letters that nobody speaks.
fn without_ault(stem: &str) -> String {
    match stem.strip_suffix("aul") {
        Some(opening) if opening.len() > 2 => format!("{opening}au"),
        _ => stem.to_string(),
    }
}

/// Without letters that follow themselves.
fn collapse(codes: &str) -> String {
    let mut short = String::with_capacity(codes.len());
    for c in codes.chars() {
        if !short.ends_with(c) {
            short.push(c);
        }
    }
    short
}
