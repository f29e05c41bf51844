use super::*;

#[test]
fn delays_double_up_to_the_largest() {
    let seconds: Vec<_> = (0..6).map(|before| doubled(1_000, 10_000, before).as_secs()).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
    assert_eq!(doubled(1_000, 10_000, u32::MAX).as_secs(), 10);
}

fn load(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (*k, (*v).to_string())).collect();
    Settings::load_with("[server]\naddress = \"127.0.0.1:50051\"\n[database]\nschema = \"referral\"", &pairs)
}

#[test]
fn the_environment_wins_over_defaults() -> Result<(), ConfigError> {
    let settings = load(&[("RELAIS__SERVER__DRAIN_MS", "7"), ("RELAIS__ENVIRONMENT", "development")])?;
    assert_eq!(settings.server.drain_ms, 7);
    assert_eq!(settings.environment, EnvironmentKind::Development);
    assert_eq!(settings.database.schema, "referral");
    Ok(())
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = load(&[("RELAIS__SERVER__DRAINS", "7")]).expect_err("refused").to_string();
    assert!(error.contains("drains"), "{error}");
}

#[test]
fn a_secret_is_never_printed() -> Result<(), ConfigError> {
    let settings = load(&[("RELAIS__DATABASE__URL", "postgres://u:hunter2@h/d")])?;
    let printed = format!("{}{settings:?}", settings.printable());
    assert!(!printed.contains("hunter2") && printed.contains("[secret]"), "{printed}");
    Ok(())
}

#[test]
fn what_is_missing_is_named_all_at_once() -> Result<(), ConfigError> {
    let faults = load(&[("RELAIS__AUTH__TOKEN_KEY", "short"), ELSEWHERE])?.faults();
    assert_eq!(faults.len(), 5, "{faults:?}");
    Ok(())
}

#[test]
fn what_only_development_may_do_is_refused_in_production() -> Result<(), ConfigError> {
    let (issuer, url) = ("https://issuer.relais.invalid", "http://issuer.example/jwks.json");
    let pairs = [
        ("RELAIS__AUTH__ISSUER", issuer),
        ("RELAIS__AUTH__JWKS_URL", url),
        ("RELAIS__AUTH__TOKEN_KEY", "0123456789abcdef0123456789abcdef"),
        ("RELAIS__DATABASE__URL", "postgres://u@h/d"),
        ("RELAIS__BROKER__URL", "amqp://h"),
        ELSEWHERE,
    ];
    let faults = load(&pairs)?.faults();
    assert!(faults.len() == 2 && faults[0].contains("auth.issuer") && faults[1].contains("https://"), "{faults:?}");
    let development = load(&[&pairs[..], &[("RELAIS__ENVIRONMENT", "development")]].concat())?;
    assert_eq!(development.faults(), Vec::<String>::new());
    let both = load(&[&pairs[..], &[("RELAIS__AUTH__JWKS_FILE", "jwks.json")]].concat())?.faults();
    assert!(both.iter().any(|fault| fault.contains("set one of")), "{both:?}");
    Ok(())
}

/// Something else encrypts everything.
const ELSEWHERE: (&str, &str) = ("RELAIS__TLS__ELSEWHERE", "grpc, broker, database");

#[test]
fn in_production_every_way_is_encrypted_or_named() -> Result<(), ConfigError> {
    let pairs = [
        ("RELAIS__AUTH__ISSUER", "https://issuer.example"),
        ("RELAIS__AUTH__JWKS_FILE", "jwks.json"),
        ("RELAIS__AUTH__TOKEN_KEY", "0123456789abcdef0123456789abcdef"),
        ("RELAIS__DATABASE__URL", "postgres://u@h/d"),
        ("RELAIS__BROKER__URL", "amqp://h"),
        ("RELAIS__PEERS__REFERRAL", "http://referral:50051"),
    ];
    let with = |more: &[(&str, &str)]| faults(&[&pairs[..], more].concat());
    for (number, named) in [(0, "tls.cert_file"), (1, "peers"), (2, "amqps://"), (3, "sslmode=verify-full")] {
        assert!(with(&[])?[number].contains(named), "{:?}", with(&[])?);
    }
    assert_eq!(with(&[ELSEWHERE])?, Vec::<String>::new());
    assert_eq!(with(&[("RELAIS__TLS__ELSEWHERE", "grpc")])?.len(), 2);
    assert!(with(&[("RELAIS__TLS__ELSEWHERE", "all")])?[0].contains("is none of"));
    assert_eq!(with(&[("RELAIS__ENVIRONMENT", "development")])?, Vec::<String>::new());
    let encrypted = [
        ("RELAIS__TLS__CERT_FILE", "c"),
        ("RELAIS__TLS__KEY_FILE", "k"),
        ("RELAIS__TLS__CA_FILE", "ca"),
        ("RELAIS__DATABASE__URL", "postgres://u@h/d?sslmode=verify-full"),
        ("RELAIS__BROKER__URL", "amqps://h"),
        ("RELAIS__PEERS__REFERRAL", "https://referral:50051"),
    ];
    assert_eq!(with(&encrypted)?, Vec::<String>::new());
    assert!(with(&[&encrypted[..], &[("RELAIS__TLS__KEY_FILE", "")]].concat())?[0].contains("together"));
    Ok(())
}

fn faults(pairs: &[(&str, &str)]) -> Result<Vec<String>, ConfigError> {
    Ok(load(pairs)?.faults())
}

#[test]
fn a_secret_comes_out_of_a_file() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join(format!("relais-secret-{}", uuid::Uuid::now_v7()));
    std::fs::write(&file, "postgres://u:hunter2@h/d\n")?;
    let path = file.display().to_string();
    let settings = load(&[("RELAIS__DATABASE__URL_FILE", &path)])?;
    assert_eq!(settings.database.url.expose(), "postgres://u:hunter2@h/d");
    let both = load(&[("RELAIS__DATABASE__URL_FILE", &path), ("RELAIS__DATABASE__URL", "postgres://u@h/d")]);
    let said = both.expect_err("one alone").to_string();
    assert!(said.contains("RELAIS__DATABASE__URL_FILE") && !said.contains("hunter2"), "{said}");
    std::fs::remove_file(&file)?;
    let said = load(&[("RELAIS__DATABASE__URL_FILE", &path)]).expect_err("it is gone").to_string();
    assert!(said.contains("RELAIS__DATABASE__URL_FILE"), "{said}");
    Ok(())
}
