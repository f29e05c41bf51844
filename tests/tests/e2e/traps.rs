//! docs/traps.md says which tests keep which faults out. It is held against the sources, so that it does not say what was once so.

use std::{
    fs,
    path::{Path, PathBuf},
};

use relais_tests::SERVICES;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files under a folder: name and text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()));
        }
    }
    found
}

/// The names of the tests of a source: each a function right after the attribute that makes it one.
fn tests(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let signature = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
        match signature {
            Some(rest) if is_test => {
                names.extend(rest.split('(').next());
                is_test = false;
            }
            Some(_) => {}
            None => is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
        }
    }
    names
}

/// What a line says between backticks that names a test: the file and the test.
fn named(line: &str) -> Vec<(&str, &str)> {
    line.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(".rs::")).collect()
}

#[test]
fn tests_are_read_as_they_are_written() {
    let source =
        "#[test]\n#[ignore]\nfn one() {}\nfn two() {}\n    #[tokio::test(flavor = \"x\")]\n    async fn three() {}";
    assert_eq!(tests(source), ["one", "three"]);
    assert_eq!(named("| a | b | `x/y.rs::one`, `z`, `w.rs::two` |"), [("x/y", "one"), ("w", "two")]);
}

#[test]
fn every_fault_has_tests_and_each_of_them_is_there() {
    let page = fs::read_to_string(root().join("docs/traps.md")).expect("the page of faults");
    let folders = ["platform/src", "services", "tests/src", "tests/tests"];
    let all: Vec<_> = folders.iter().flat_map(|folder| sources(&root().join(folder))).collect();
    let is_there = |file: &str, test: &str| {
        let end = format!("/{file}.rs");
        all.iter().any(|(name, source)| name.ends_with(&end) && tests(source).contains(&test))
    };
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| fault ");
    let rows: Vec<_> = page.lines().filter(is_row).collect();
    assert!(rows.len() > 50, "{} faults", rows.len());
    for row in rows {
        let tests = named(row);
        assert!(!tests.is_empty(), "no test keeps it out: {row}");
        for (file, test) in tests {
            assert!(is_there(file, test), "{file}.rs has no test {test}");
        }
    }
}

/// Statuses are names. None is compared with another but for being the same, in the domains or in SQL.
#[test]
fn no_status_is_before_another() {
    for service in SERVICES {
        let folder = root().join(format!("services/{service}/src"));
        for (name, source) in sources(&folder) {
            for (head, rest) in source.split("text_enum! {").skip(1).filter_map(|text| text.split_once("enum ")) {
                let what = rest.split_whitespace().next().unwrap_or_default();
                let ordered = head.lines().any(|line| line.trim().starts_with("#[") && line.contains("Ord"));
                assert!(!ordered || !(what.contains("State") || what.contains("Status")), "{name} orders {what}");
            }
            for comparison in ["state < ", "state > ", "state <= ", "state >= ", "status < ", "status > "] {
                assert!(!source.contains(comparison), "{name} compares statuses: {comparison}");
            }
        }
    }
}
