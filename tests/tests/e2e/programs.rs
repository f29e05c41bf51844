//! The programs' command line: settings printed and checked.

use std::collections::HashMap;

use anyhow::Result;
use relais_tests::{Options, SERVICES, Suite, eventually, partnership::Partners};
use tonic_health::pb::health_check_response::ServingStatus;

#[tokio::test]
async fn settings_are_printed_without_secrets_and_checked() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    for service in SERVICES {
        let output = suite.command(service).arg("--print-config").output().await?;
        let printed = String::from_utf8(output.stdout)?;
        assert!(output.status.success() && printed.contains(&format!("schema = \"{service}\"")), "{printed}");
        assert!(printed.contains("url = \"[secret]\"") && printed.contains("token_key = \"[secret]\""), "{printed}");
        for secret in ["postgres://", "amqp://", "pages and fingerprints"] {
            assert!(!printed.contains(secret), "{secret} is printed");
        }
    }
    let output = suite.command("referral").arg("--check").output().await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("database: reached, migrated") && said.contains("broker: reached"), "{said}");
    suite.stop().await
}

#[tokio::test]
async fn what_is_wrong_is_said_by_name() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let output = suite.command("referral").env("RELAIS__SERVER__ADRESS", "127.0.0.1:1").output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && said.contains("adress"), "{said}");

    let bare = ["RELAIS__DATABASE__URL", "RELAIS__BROKER__URL", "RELAIS__AUTH__TOKEN_KEY", "RELAIS__AUTH__JWKS_FILE"];
    let mut command = suite.command("referral");
    bare.iter().for_each(|key| {
        command.env(key, "");
    });
    let output = command.output().await?;
    let said = String::from_utf8(output.stderr)?;
    let named = ["database.url", "broker.url", "auth.token_key", "auth.jwks_file and auth.jwks_url"]
        .iter()
        .all(|key| said.contains(key));
    assert!(!output.status.success() && named, "{said}");

    // A missing master key is told in the same round.
    let mut command = suite.command("referral");
    command.arg("--check").env("RELAIS__VAULT__MASTER_KEYS", "");
    bare.iter().for_each(|key| {
        command.env(key, "");
    });
    let said = String::from_utf8(command.output().await?.stdout)?;
    assert!(said.contains("vault.master_key_file") && said.contains("database.url"), "{said}");

    let unreachable = "postgres://nobody:nothing@127.0.0.1:1/none";
    let output = suite.command("referral").arg("--check").env("RELAIS__DATABASE__URL", unreachable).output().await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(!output.status.success() && said.contains("database:") && !said.contains("nothing"), "{said}");
    suite.stop().await
}

#[tokio::test]
async fn the_development_issuer_is_refused_in_production() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let serve = async |pairs: &[(&str, &str)]| -> Result<String> {
        let mut command = suite.command("scheduling");
        command
            .env("RELAIS__ENVIRONMENT", "production")
            .env("RELAIS__TLS__ELSEWHERE", "grpc,broker,database")
            .envs(pairs.iter().copied());
        let output = tokio::time::timeout(std::time::Duration::from_secs(20), command.output()).await??;
        assert!(!output.status.success(), "it serves: {pairs:?}");
        Ok(String::from_utf8(output.stderr)?)
    };
    let said = serve(&[]).await?;
    assert!(said.contains("auth.issuer is the development issuer"), "{said}");
    let own = ("RELAIS__AUTH__ISSUER", "https://issuer.example");
    let said = serve(&[own]).await?;
    assert!(said.contains("auth.service_key_file") && said.contains("never taken in production"), "{said}");
    let no_key = ("RELAIS__AUTH__SERVICE_KEY_FILE", "");
    let said = serve(&[own, no_key]).await?;
    assert!(said.contains("auth.services_jwks_file") && said.contains("never taken in production"), "{said}");
    let no_keys = ("RELAIS__AUTH__SERVICES_JWKS_FILE", "");
    let said = serve(&[own, no_key, no_keys]).await?;
    assert!(said.contains("auth.jwks_file") && said.contains("never taken in production"), "{said}");
    let url = [("RELAIS__AUTH__JWKS_FILE", ""), ("RELAIS__AUTH__JWKS_URL", "http://issuer.example/jwks.json")];
    let said = serve(&[own, no_key, no_keys, url[0], url[1]]).await?;
    assert!(said.contains("auth.jwks_url must begin with https://"), "{said}");
    suite.stop().await
}

#[tokio::test]
async fn a_service_draws_its_own_key() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let file = suite.servers.state.join(suite.servers.unique("drawn"));
    let draw = async || suite.command("results").arg("draw-key").arg(&file).output().await;
    let output = draw().await?;
    let public = String::from_utf8(output.stdout)?;
    assert!(output.status.success() && public.contains("results:1") && !public.contains("\"d\""), "{public}");
    assert!(!draw().await?.status.success(), "a key is never drawn over");
    let keys = file.with_extension("jwks");
    std::fs::write(&keys, format!("{{\"keys\":[{public}]}}"))?;
    let check = async |service: &'static str| {
        let mut command = suite.command(service);
        command
            .arg("--check")
            .env("RELAIS__AUTH__SERVICE_KEY_FILE", &file)
            .env("RELAIS__AUTH__SERVICES_JWKS_FILE", &keys);
        command.output().await
    };
    let own = check("results").await?;
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stdout));
    let said = String::from_utf8(check("scheduling").await?.stdout)?;
    assert!(said.contains("is not of the scheduling service"), "{said}");
    suite.stop().await
}

/// The verifier as an operator runs it: beside a service that goes on, and with a file of heads that somebody forged.
#[tokio::test]
async fn the_audit_is_verified_from_the_command_line() -> Result<()> {
    let heads = std::env::temp_dir().join(format!("relais-heads-{}", uuid::Uuid::now_v7()));
    let setting = ("RELAIS__AUDIT__HEADS_FILE".to_string(), heads.display().to_string());
    let mut suite = Suite::prepare(Options { settings: HashMap::from([setting]) }).await?;
    suite.launch("referral")?;
    suite.until_health("referral", "", ServingStatus::Serving).await?;
    Partners::meet(&suite).await?;
    eventually("the head is exported", || async { Ok(heads.exists().then_some(())) }).await?;
    let output = suite.command("referral").arg("verify-audit").output().await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success() && said.starts_with("sound: "),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let forged = heads.with_extension("forged");
    std::fs::write(&forged, std::fs::read_to_string(&heads)?.replacen(" 1 ", " 9 ", 1))?;
    let output = suite.command("referral").arg("verify-audit").arg("--heads").arg(&forged).output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && said.contains("line 1 is not signed"), "{said}");
    std::fs::remove_file(forged)?;
    std::fs::remove_file(heads)?;
    suite.stop().await
}
