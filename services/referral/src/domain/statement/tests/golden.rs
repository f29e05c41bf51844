//! What a statement looks like, held against files that people have read. `RELAIS_WRITE_GOLDEN=1` writes them anew.

use std::{env, fs, path::Path};

use super::*;

/// A statement with something of everything.
fn sample() -> Statement {
    let first = closed(1, "2026-01", numbers().given(1, [1_040, 312, 3]), &[], vec![]);
    let mut counted = numbers().given(1, [1_052, 313, 3]).given(2, [1_180, 295, 0]);
    let steps = [
        ("submitted", [0, 0, 1_600]),
        ("accepted", [0, 0, 1_560]),
        ("scheduled", [1_230, 310, 0]),
        ("attended", [1_180, 295, 0]),
        ("no-show", [31, 6, 0]),
        ("results-available", [1_175, 293, 0]),
        ("completed", [1_170, 293, 0]),
        ("rejected", [0, 0, 23]),
        ("cancelled", [0, 0, 9]),
    ];
    let places = [Place::Site(site(1)), Place::Site(site(2)), Place::Nowhere];
    for (code, at) in steps {
        for (place, quantity) in places.into_iter().zip(at).filter(|(_, quantity)| *quantity > 0) {
            counted = counted.with(2, (Subject::Steps, code), place, quantity);
        }
    }
    for (code, quantity) in [
        ("rejected/no-capacity", 14),
        ("rejected/out-of-area", 6),
        ("rejected/duplicate", 3),
        ("cancelled/patient-declined", 9),
    ] {
        counted = counted.with(2, (Subject::Refusals, code), Place::Nowhere, quantity);
    }
    let seen = (Subject::Persons, "");
    counted = counted.with(2, seen, Place::Site(site(1)), 1_171).with(2, seen, Place::Site(site(2)), 294).with(
        2,
        seen,
        Place::All,
        1_462,
    );
    let took = |code: &str, place, count, p50, p90| Took { code: code.into(), place, count, p50, p90 };
    let took = vec![
        took("submitted/accepted", Place::All, 1_560, 32, 265),
        took("submitted/accepted", Place::Nowhere, 1_560, 32, 265),
        took("accepted/scheduled", Place::All, 1_540, 481, 1_680),
        took("accepted/scheduled", Place::Site(site(1)), 1_230, 450, 1_490),
        took("accepted/scheduled", Place::Site(site(2)), 310, 720, 2_405),
        took("scheduled/attended", Place::All, 1_475, 1_104, 2_616),
        took("scheduled/attended", Place::Site(site(1)), 1_180, 1_008, 2_400),
        took("scheduled/attended", Place::Site(site(2)), 4, 1_416, 3_000),
    ];
    closed(2, "2026-02", counted, &[first], took)
}

fn hold_against(name: &str, rendered: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/statement/golden").join(name);
    if env::var_os("RELAIS_WRITE_GOLDEN").is_some() {
        fs::write(&path, rendered).unwrap();
    }
    let kept = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(kept == rendered, "{name} is not what is rendered; RELAIS_WRITE_GOLDEN=1 writes it");
}

#[test]
fn rows_are_as_they_were_read() {
    for language in [Language::French, Language::English] {
        let rendered = csv::render(&sample(), language).unwrap();
        hold_against(&format!("statement.{}.csv", language.as_str()), &rendered);
    }
}

/// Every row has as many fields as the head, however it is quoted, and what is left out has no value.
#[test]
fn rows_are_read_again() {
    let rendered = csv::render(&sample(), Language::English).unwrap();
    assert!(rendered.ends_with(b"\r\n"));
    let mut reader = ::csv::Reader::from_reader(rendered.as_slice());
    let rows: Vec<::csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert!(rows.len() > 60);
    for row in &rows {
        assert_eq!(row.len(), 9);
        assert_eq!(row[5].is_empty(), &row[6] == "yes", "{row:?}");
    }
}

/// Whoever reads rows by program knows each by codes, whatever language it was rendered in.
#[test]
fn rows_are_known_by_codes_in_every_language() {
    let read = |language| {
        let rendered = csv::render(&sample(), language).unwrap();
        let mut reader = ::csv::Reader::from_reader(rendered.as_slice());
        let head: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
        assert_eq!(head[7..], ["section_code", "figure_code"]);
        let rows = reader.records().map(Result::unwrap);
        rows.map(|row| [7, 1, 8].map(|at| row[at].to_string())).collect::<Vec<_>>()
    };
    let (french, english) = (read(Language::French), read(Language::English));
    assert_eq!(french, english);
    let of_line = |section: &str| {
        let rows = english.iter().filter(|[of, code, _]| of == section && code == "chest-x-rays");
        rows.map(|[_, _, figure]| figure.as_str()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(of_line("lines").into_iter().collect::<Vec<_>>(), ["before", "in-period", "to-date"]);
    assert_eq!(of_line("months").into_iter().collect::<Vec<_>>(), ["quantity"]);
    let slug = |code: &String| code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    assert!(english.iter().all(|[section, _, figure]| slug(section) && slug(figure) && !figure.is_empty()));
}

#[test]
fn no_cell_is_a_formula() {
    let mut statement = sample();
    statement.document.sites[0].display_name = "=HYPERLINK(\"http://evil\")".into();
    statement.document.convention = "@SUM(A1)".into();
    let rendered = String::from_utf8(csv::render(&statement, Language::French).unwrap()).unwrap();
    assert!(rendered.contains("'=HYPERLINK") && rendered.contains("'@SUM"));
    assert!(!rendered.contains(",=") && !rendered.contains(",@") && !rendered.contains(",\"="));
}

#[test]
fn pages_are_as_they_were_read() {
    for language in [Language::French, Language::English] {
        let rendered = page::render(&sample(), language);
        hold_against(&format!("statement.{}.html", language.as_str()), rendered.as_bytes());
    }
}

#[test]
fn a_page_is_well_formed_whole_in_itself_and_told_to_whoever_does_not_see_it() {
    let mut statement = sample();
    statement.document.convention = "</title><script>alert(1)</script>".into();
    statement.document.sites[0].display_name = "\u{0}<b onclick='x'>&amp;".into();
    for language in [Language::French, Language::English] {
        let rendered = page::render(&statement, language);
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
        let page = roxmltree::Document::parse_with_options(&rendered, options).unwrap();
        let all = |name: &'static str| page.descendants().filter(move |node| node.tag_name().name() == name);
        assert_eq!(page.root_element().attribute("lang"), Some(language.as_str()));
        assert_eq!(all("script").count() + all("link").count() + all("img").count() + all("b").count(), 0);
        assert_eq!(all("svg").count(), 3);
        for chart in all("svg") {
            let named = chart.attribute("aria-labelledby").unwrap();
            for id in named.split(' ') {
                let told = chart.children().find(|node| node.attribute("id") == Some(id));
                assert!(told.and_then(|node| node.text()).is_some_and(|text| !text.is_empty()), "{id}");
            }
            let section = chart.ancestors().find(|node| node.tag_name().name() == "section").unwrap();
            assert!(section.descendants().any(|node| node.tag_name().name() == "table"), "a table beside it");
        }
        let ids: Vec<_> = page.descendants().filter_map(|node| node.attribute("id")).collect();
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{ids:?}");
        for table in all("table") {
            let rows: Vec<_> = table.descendants().filter(|node| node.tag_name().name() == "tr").collect();
            let cells = |row: &roxmltree::Node<'_, '_>| row.children().filter(roxmltree::Node::is_element).count();
            assert!(rows.iter().all(|row| cells(row) == cells(&rows[0])), "{:?}", table.range());
        }
        assert!(!rendered.contains("http://evil") && !rendered.contains("src="));
    }
}

#[test]
fn a_page_without_anything_is_a_page() {
    let rendered = page::render(&closed(1, "2026-01", numbers(), &[], vec![]), Language::English);
    assert!(
        roxmltree::Document::parse_with_options(
            &rendered,
            roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() }
        )
        .is_ok()
    );
}
