//! The walls: read from the source, so that none falls unnoticed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use relais_tests::SERVICES;

/// What a domain may name: its own kind, ids, errors and values. No I/O crate, no other room.
const DOMAIN_MAY_USE: [&str; 19] = [
    "std::",
    "chrono::",
    "chrono_tz::",
    "csv::",
    "serde::",
    "relais_platform::ids",
    "relais_platform::error",
    "relais_platform::language::Language",
    "relais_platform::parties",
    "relais_platform::text_enum",
    "relais_platform::calls::caller::Purpose",
    "relais_platform::calls::Role",
    "relais_platform::vault::Sealed",
    "uuid::Uuid",
    "unicode_normalization::",
    "crate::domain",
    "self::",
    "super::",
    "proptest::",
];
/// How a statement is made with sqlx.
const SQL: [&str; 6] = ["sqlx::query", "query!(", "query_as!(", "query_scalar!(", "AssertSqlSafe", "raw_sql"];
/// The longest file, in lines.
const LONGEST: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            found.push((name, fs::read_to_string(&path).unwrap_or_default()));
        }
    }
    found
}

fn uses(source: &str) -> Vec<String> {
    let statements = source.split(';').filter_map(|statement| {
        let start = statement.find("use ").filter(|at| {
            statement[..*at].trim_end().is_empty()
                || statement[..*at].ends_with('\n')
                || statement[..*at].ends_with("pub ")
                || statement[..*at].ends_with("    ")
        })?;
        let body: String = statement[start + 4..].split_whitespace().collect();
        (!body.is_empty()).then_some(body)
    });
    statements.flat_map(|body| expand(&body)).collect()
}

/// `a::{b, c::d}` becomes `a::b` and `a::c::d`.
fn expand(path: &str) -> Vec<String> {
    let Some((head, rest)) = path.split_once('{') else { return vec![path.to_string()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in inner.chars() {
        match c {
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
    parts.push(part);
    parts.iter().filter(|part| !part.is_empty()).flat_map(|part| expand(&format!("{head}{part}"))).collect()
}

#[test]
fn uses_are_read_as_they_are_written() {
    let source = "use a::{b, c::{d, e}};\npub use f::g;\nfn x() { let used = 1; }";
    assert_eq!(uses(source), ["a::b", "a::c::d", "a::c::e", "f::g"]);
}

#[test]
fn the_domain_knows_no_sql_no_grpc_no_broker_and_no_clock() {
    for service in SERVICES {
        let files = sources(&root().join(format!("services/{service}/src/domain")));
        assert!(!files.is_empty(), "{service} has a domain");
        for (name, source) in files {
            let own = |path: &String| !path.contains("::") || DOMAIN_MAY_USE.iter().any(|may| path.starts_with(may));
            // A module of its own folder is named without a path.
            let local =
                |path: &String| source.contains(&format!("mod {};", path.split("::").next().unwrap_or_default()));
            let foreign: Vec<_> = uses(&source).into_iter().filter(|path| !own(path) && !local(path)).collect();
            assert_eq!(foreign, Vec::<String>::new(), "{name}");
            for word in ["Utc::now", "SystemTime", "sqlx", "tonic", "lapin", "async fn"] {
                assert!(!source.contains(word), "{name} names {word}");
            }
        }
    }
}

#[test]
fn no_service_knows_another() {
    for service in SERVICES {
        let manifest = fs::read_to_string(root().join(format!("services/{service}/Cargo.toml"))).expect("a manifest");
        for other in SERVICES.iter().filter(|other| **other != service) {
            assert!(!manifest.contains(&format!("relais-{other}")), "{service} depends on {other}");
        }
    }
}

#[test]
fn sql_stands_in_stores_alone() {
    for service in SERVICES {
        for (name, source) in sources(&root().join(format!("services/{service}/src"))) {
            let has = SQL.iter().any(|sql| source.contains(sql));
            assert!(!has || name.contains("/src/store/"), "{name} holds SQL");
        }
    }
}

#[test]
fn the_rooms_are_the_same_everywhere() {
    for service in SERVICES {
        let room = |path: &str| root().join(format!("services/{service}/{path}")).exists();
        for path in ["README.md", "migrations", "src/main.rs", "src/lib.rs", "src/consumers.rs"] {
            assert!(room(path), "{service} has no {path}");
        }
        for path in ["src/domain/mod.rs", "src/app/mod.rs", "src/store/mod.rs", "src/grpc/mod.rs"] {
            assert!(room(path), "{service} has no {path}");
        }
        let main = fs::read_to_string(root().join(format!("services/{service}/src/main.rs"))).expect("a main");
        assert!(main.lines().count() <= 25, "{service}: main.rs hands a name to the platform, no more");
    }
}

#[test]
fn use_cases_stand_one_a_file() {
    for service in SERVICES {
        for (name, source) in sources(&root().join(format!("services/{service}/src/app"))) {
            let count = source.matches("impl UseCase for ").count();
            assert!(count <= 1, "{name} holds {count} use cases");
        }
    }
}

#[test]
fn no_file_is_longer_than_can_be_read_at_a_sitting() {
    for folder in ["platform/src", "services", "tests/src", "tests/tests", "proto/src"] {
        for (name, source) in sources(&root().join(folder)) {
            let lines = source.lines().count();
            assert!(lines <= LONGEST, "{name} has {lines} lines");
        }
    }
}

#[test]
fn walls_stand_inside_the_referral_service() {
    let walls = ["network", "convention", "identity", "referral"];
    for room in ["app", "domain", "store"] {
        for wall in walls {
            for (name, source) in sources(&root().join(format!("services/referral/src/{room}/{wall}"))) {
                let past = |path: &String| {
                    let inside: Vec<_> = path.split("::").collect();
                    // crate::room::wall::name is a wall's public function; anything deeper reaches past it.
                    inside.len() > 4 && inside[0] == "crate" && walls.contains(&inside[2]) && inside[2] != wall
                };
                assert_eq!(uses(&source).into_iter().filter(past).collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
            }
        }
    }
}
