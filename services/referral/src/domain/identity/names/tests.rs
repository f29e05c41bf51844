use super::*;

const PAIRS: &str = include_str!("../../../../tests/names.csv");

struct Pair {
    same: bool,
    language: &'static str,
    one: &'static str,
    other: &'static str,
}

fn pairs() -> Vec<Pair> {
    let rows = PAIRS.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let [verdict, language, one, other] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        Pair { same: verdict == "same", language, one, other }
    })
    .collect()
}

/// As the search decides: what is asked on one side, what is stored of the other.
fn finds(asked: &str, stored: &str) -> bool {
    let (asked, stored) = (NameKeys::of(asked), NameKeys::of(stored));
    // The search sees only those whose keys meet at all.
    let candidate = asked.asked().intersection(&stored.stored()).next().is_some();
    candidate && asked.agree_with(&stored).is_match()
}

#[test]
fn recall_and_precision_are_nine_tenths() {
    let (mut found, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for pair in pairs() {
        for (asked, stored) in [(pair.one, pair.other), (pair.other, pair.one)] {
            match (pair.same, finds(asked, stored)) {
                (true, true) => found += 1,
                (true, false) => missed.push(format!("{}: {asked} / {stored}", pair.language)),
                (false, true) => wrong.push(format!("{}: {asked} / {stored}", pair.language)),
                (false, false) => {}
            }
        }
    }
    let (same, differ) = pairs().iter().fold((0, 0), |(s, d), p| (s + i32::from(p.same), d + i32::from(!p.same)));
    assert!(same >= 50 && differ >= 50, "{same} and {differ} pairs");
    let recall = f64::from(found) / f64::from(2 * same);
    let precision = f64::from(found) / (f64::from(found) + wrong.len() as f64);
    println!("recall {recall:.3}, precision {precision:.3}\nmissed {missed:#?}\nwrong {wrong:#?}");
    assert!(recall >= 0.9, "recall {recall:.3}; missed {missed:#?}");
    assert!(precision >= 0.9, "precision {precision:.3}; wrong {wrong:#?}");
}

#[test]
fn each_language_is_found_by_itself() {
    for language in ["french", "arabic", "portuguese", "vietnamese"] {
        let of: Vec<_> = pairs().into_iter().filter(|pair| pair.same && pair.language == language).collect();
        let found = of.iter().filter(|pair| finds(pair.one, pair.other)).count();
        assert!(of.len() >= 8 && found * 10 >= of.len() * 8, "{language}: {found} of {}", of.len());
    }
}

#[test]
fn one_word_finds_whoever_bears_it() {
    assert!(finds("Nguyen", "Nguyễn Văn An"));
    assert!(finds("carvallo", "José Carvalho"));
    assert!(!finds("Carvalho", "José Cardoso"));
    assert!(NameKeys::of(" - ' ").asked().is_empty());
}

#[test]
fn a_question_tells_which_words_agreed() {
    let agreement = NameKeys::of("Mouhamed benali").agree_with(&NameKeys::of("Mohamed Ben Ali"));
    assert_eq!(agreement.words, [("mouhamed".into(), WordMatch::Sound), ("benali".into(), WordMatch::Same)]);
    assert!(agreement.is_match());
}
