//! A name's words, with the forms in which each may have been written: `Ben Ali` is `Benali`, `Abd el-Kader` is
//! `Abdelkader`, `Nour Eddine` is `Noureddine`, `Le Roy` is `Leroy`.

use super::letters::plain;

/// Sons and daughters, in Arabic names: one word with what follows.
const CHILD_OF: [(&str, &str); 7] =
    [("ben", "ben"), ("bin", "ben"), ("ibn", "ben"), ("bint", "bent"), ("bent", "bent"), ("بن", "بن"), ("ابن", "بن")];
/// Fathers of: one word with what follows.
const FATHER_OF: [(&str, &str); 4] = [("abou", "abu"), ("abu", "abu"), ("bou", "abu"), ("ابو", "ابو")];
/// The Arabic article, also as it sounds before some letters.
const ARTICLES: [&str; 11] = ["al", "el", "ul", "il", "ar", "er", "as", "es", "ed", "ad", "ال"];
/// "of the faith", the end of many Arabic names.
const OF_THE_FAITH: [&str; 9] = ["eddine", "eddin", "addine", "addin", "uddine", "uddin", "aldin", "dine", "din"];
/// Little words that are often left out.
const PARTICLES: [&str; 15] =
    ["de", "da", "do", "dos", "das", "du", "des", "d", "la", "le", "les", "van", "von", "e", "y"];

/// A word of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// As it was written, without case and marks.
    pub plain: String,
    /// As it may have been written otherwise.
    pub forms: Vec<String>,
    /// Whether it is often left out.
    pub optional: bool,
}

/// The words of a name.
pub fn of(name: &str) -> Vec<Word> {
    // With and without what is lost on a keyboard that has no `ç`. Both have the same words.
    let (bare, kept) = (split(&plain(name, false)), split(&plain(name, true)));
    let mut words = join(&bare);
    for (word, kept) in words.iter_mut().zip(join(&kept)) {
        word.forms.extend(kept.forms);
        word.forms.sort();
        word.forms.dedup();
    }
    words
}

/// Words at spaces; `d'` and `l'` are words of their own, other apostrophes are none.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let word = match word.split_once('\'') {
            Some((particle @ ("d" | "l"), rest)) => {
                words.push(particle.to_string());
                rest
            }
            _ => word,
        };
        words.push(word.replace('\'', ""));
    }
    words.retain(|word| !word.is_empty());
    words
}

fn join(parts: &[String]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let rest = &parts[at + 1..];
        let (word, taken) = with_next(part, rest);
        match (words.last_mut(), of_the_faith(part, rest)) {
            (Some(before), Some(taken)) => {
                before.forms = before.forms.iter().map(|form| format!("{form}din")).collect();
                before.plain.push_str("din");
                at += 1 + taken;
            }
            _ => {
                words.push(word);
                at += 1 + taken;
            }
        }
    }
    words
}

/// The word that begins with `part`, and how many of the next it takes.
fn with_next(part: &str, rest: &[String]) -> (Word, usize) {
    let next = rest.first().map(String::as_str);
    let known = |list: &[(&str, &'static str)]| list.iter().find(|(from, _)| *from == part).map(|(_, to)| *to);
    if let (Some(opening), Some(_)) = (known(&CHILD_OF).or_else(|| known(&FATHER_OF)), next) {
        // "Ben el-Hadj": the article goes.
        let skipped = usize::from(rest.len() > 1 && next.is_some_and(is_article));
        let forms = forms_of(&rest[skipped]).into_iter().map(|form| format!("{opening}{form}")).collect();
        return (Word { plain: format!("{opening}{}", rest[skipped]), forms, optional: false }, 1 + skipped);
    }
    if let (true, Some(_)) = (is_servant(part), next) {
        let skipped = usize::from(rest.len() > 1 && next.is_some_and(is_article));
        let whole = servant(&format!("{part}{}", rest[skipped].trim_start_matches("ال")));
        return (Word { plain: whole.clone(), forms: vec![whole], optional: false }, 1 + skipped);
    }
    if let (true, Some(next)) = (is_article(part), next) {
        let mut forms = forms_of(next);
        forms.push(format!("al{next}"));
        return (Word { plain: next.to_string(), forms, optional: false }, 1);
    }
    let optional = PARTICLES.contains(&part) || part == "l";
    let mut forms = forms_of(part);
    // "Le Roy" may be "Leroy", "De Almeida" may be "Dalmeida".
    if let (true, Some(next)) = (optional, next) {
        forms.push(format!("{part}{next}"));
        forms.extend((part == "de").then(|| format!("d{next}")));
    }
    (Word { plain: part.to_string(), forms, optional }, 0)
}

fn is_article(part: &str) -> bool {
    ARTICLES.contains(&part)
}

/// How many more words "of the faith" takes, when it begins here.
fn of_the_faith(part: &str, rest: &[String]) -> Option<usize> {
    let is = |part: &str| OF_THE_FAITH.contains(&part);
    match rest.first() {
        _ if is(part) => Some(0),
        Some(next) if is_article(part) && is(next) => Some(1),
        _ => None,
    }
}

/// "Servant of", the beginning of many Arabic names.
fn is_servant(part: &str) -> bool {
    part == "عبد" || (part.starts_with("abd") && part.len() <= 5 && part != "abdou" && part != "abdi")
}

/// `abdelkader`, `abdulkader`, `abd kader`: without the article, which sounds in many ways.
fn servant(word: &str) -> String {
    let Some(rest) = word.strip_prefix("abd") else { return word.to_string() };
    let bare = rest.trim_start_matches(['a', 'e', 'o', 'u']);
    let bare = bare.strip_prefix('l').unwrap_or(bare);
    if bare.len() < 2 { word.to_string() } else { format!("abd{bare}") }
}

/// One word as it may have been written.
fn forms_of(word: &str) -> Vec<String> {
    let mut word = word.to_string();
    if word.starts_with("abd") && word.len() > 6 {
        word = servant(&word);
    }
    if let Some(bare) = word.strip_prefix("عبدال") {
        word = format!("عبد{bare}");
    }
    let ending = OF_THE_FAITH.iter().find(|ending| word.len() > ending.len() + 2 && word.ends_with(**ending));
    if let Some(ending) = ending {
        word = format!("{}din", &word[..word.len() - ending.len()]);
    }
    let mut forms = vec![word.clone()];
    let article = ["el", "al"].iter().find_map(|article| word.strip_prefix(article));
    forms.extend(article.filter(|bare| bare.len() > 4).map(str::to_string));
    forms.extend(word.strip_prefix("ال").filter(|bare| bare.chars().count() > 1).map(str::to_string));
    forms
}
