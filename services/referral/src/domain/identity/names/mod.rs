//! How a name is looked for: by what it sounds like and by its consonants, not by its letters.
//!
//! The same person is Mohamed, Muhammad and محمد; Lefèvre and Lefebvre; Gonçalves and Goncalves; Nguyễn Văn An and An Nguyen.
//! A name is taken apart into words without case, marks, hyphens and order ([`words`]); each word becomes a few keys by
//! rules ([`sound`], [`skeleton`]). Words are found by their keys alone, which the vault keeps as keyed hashes. There are no lists of
//! names here: `tests/names.csv` holds pairs that must match and pairs that must not, and a test counts.

mod letters;
mod skeleton;
mod sound;
mod words;

use std::collections::BTreeSet;

pub use letters::plain;
use words::Word;

/// A name taken apart for a search.
#[derive(Debug, Clone, Default)]
pub struct NameKeys {
    words: Vec<WordKeys>,
}

#[derive(Debug, Clone)]
struct WordKeys {
    /// As it was written, without case and marks.
    plain: String,
    /// A particle: it counts when it agrees, and is not missed when it is left out.
    optional: bool,
    /// What is stored of it.
    stored: BTreeSet<String>,
    /// What is looked for when it is asked.
    asked: BTreeSet<String>,
}

/// How well a word of a question agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordMatch {
    /// Its consonants agree with a word in another script.
    Script,
    /// It sounds alike.
    Sound,
    /// It is the same but for case and marks.
    Same,
}

/// How a question agrees with a name: for each word of the question that was found, how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The words that were found, as the question wrote them.
    pub words: Vec<(String, WordMatch)>,
    /// How many had to be found.
    pub needed: usize,
    /// Whether each side has a word that the other has not: then they are two people.
    pub conflict: bool,
}

impl Agreement {
    /// Whether it is enough to take one for the other.
    pub fn is_match(&self) -> bool {
        self.needed > 0 && !self.conflict && self.words.len() >= self.needed
    }
}

impl NameKeys {
    /// Takes a name apart: family and given names in any order.
    pub fn of(name: &str) -> Self {
        Self { words: words::of(name).iter().map(WordKeys::of).collect() }
    }

    /// All that is stored of it.
    pub fn stored(&self) -> BTreeSet<&str> {
        self.words.iter().flat_map(|word| word.stored.iter().map(String::as_str)).collect()
    }

    /// All that is looked for when it is asked.
    pub fn asked(&self) -> BTreeSet<&str> {
        self.words.iter().flat_map(|word| word.asked.iter().map(String::as_str)).collect()
    }

    /// How this question agrees with a stored name: by the keys alone, as the search does. All words of the shorter of both
    /// are needed, two at least where both have two.
    pub fn agree_with(&self, stored: &Self) -> Agreement {
        let mut free: Vec<&WordKeys> = stored.words.iter().collect();
        let (mut words, mut alone) = (Vec::new(), false);
        for word in &self.words {
            let best = free.iter().enumerate().filter_map(|(at, other)| Some((word.agrees(other)?, at))).max();
            match best {
                Some((how, at)) => {
                    free.remove(at);
                    words.push((word.plain.clone(), how));
                }
                None => alone |= !word.optional,
            }
        }
        let conflict = alone && free.iter().any(|word| !word.optional);
        let required = |name: &Self| name.words.iter().filter(|word| !word.optional).count();
        let shorter = self.words.len().min(stored.words.len());
        let needed = required(self).min(required(stored)).max(shorter.min(2));
        Agreement { words, needed, conflict }
    }
}

impl WordKeys {
    fn of(word: &Word) -> Self {
        let arabic = word.forms.iter().any(|form| skeleton::is_arabic(form));
        let (mut stored, mut asked) = (BTreeSet::new(), BTreeSet::new());
        for form in &word.forms {
            if arabic {
                let consonants = skeleton::of_arabic(form);
                stored.insert(format!("a:{consonants}"));
                asked.extend([format!("a:{consonants}"), format!("s:{consonants}")]);
                continue;
            }
            for sound in sound::of(form, sound::Ending::Silent) {
                stored.insert(format!("p:{sound}"));
                asked.insert(format!("p:{sound}"));
            }
            for full in sound::of(form, sound::Ending::Spoken) {
                let consonants = skeleton::of_sound(&full);
                stored.insert(format!("s:{consonants}"));
                asked.insert(format!("a:{consonants}"));
            }
        }
        Self { plain: word.plain.clone(), optional: word.optional, stored, asked }
    }

    fn agrees(&self, stored: &Self) -> Option<WordMatch> {
        let shared = || self.asked.intersection(&stored.stored);
        if self.plain == stored.plain {
            return Some(WordMatch::Same);
        }
        if shared().any(|key| key.starts_with("p:")) {
            return Some(WordMatch::Sound);
        }
        shared().next().map(|_| WordMatch::Script)
    }
}

#[cfg(test)]
mod tests;
