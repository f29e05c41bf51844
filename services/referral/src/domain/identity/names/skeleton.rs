//! A word's consonants: what Arabic script and Latin letters have in common, since Arabic writes no short vowels.

/// Whether a word is written in Arabic letters.
pub fn is_arabic(word: &str) -> bool {
    word.chars().any(|c| ('\u{0620}'..='\u{06ff}').contains(&c))
}

/// The consonants of a word in Arabic letters. A vowel at the beginning is `*`, all others go.
pub fn of_arabic(word: &str) -> String {
    of_sound(&word.chars().map(sound).collect::<String>())
}

/// The consonants of a sound.
pub fn of_sound(sound: &str) -> String {
    let mut consonants = String::new();
    for (at, c) in sound.trim_end_matches('H').chars().enumerate() {
        match c {
            'A' | 'I' | 'U' | 'e' if at == 0 => consonants.push('*'),
            'A' | 'I' | 'U' | 'e' => {}
            _ if consonants.ends_with(c) => {}
            _ => consonants.push(c),
        }
    }
    consonants
}

fn sound(c: char) -> char {
    match c {
        'ب' => 'B',
        'ت' | 'ث' | 'ط' => 'T',
        'ج' | 'ژ' => 'J',
        'ح' | 'ه' => 'H',
        'خ' | 'ق' | 'ك' | 'ک' => 'K',
        'د' | 'ذ' | 'ض' => 'D',
        'ر' => 'R',
        'ز' | 'س' | 'ص' | 'ظ' => 'S',
        'ش' | 'چ' => 'X',
        'غ' | 'گ' => 'G',
        'ف' => 'F',
        'ل' => 'L',
        'م' => 'M',
        'ن' => 'N',
        'پ' => 'P',
        'ڤ' => 'V',
        // Alif, waw, ya, ayn, hamza and what else is no consonant to Latin letters.
        _ => 'A',
    }
}
