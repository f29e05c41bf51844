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
    let named = ["database.url", "broker.url", "auth.token_key", "auth.jwks_file"].iter().all(|key| said.contains(key));
    assert!(!output.status.success() && named, "{said}");

    let unreachable = "postgres://nobody:nothing@127.0.0.1:1/none";
    let output = suite.command("referral").arg("--check").env("RELAIS__DATABASE__URL", unreachable).output().await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(!output.status.success() && said.contains("database:") && !said.contains("nothing"), "{said}");
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
    assert!(output.status.success() && said.starts_with("sound: "), "{said}{}", String::from_utf8_lossy(&output.stderr));

    let forged = heads.with_extension("forged");
    std::fs::write(&forged, std::fs::read_to_string(&heads)?.replacen(" 1 ", " 9 ", 1))?;
    let output = suite.command("referral").arg("verify-audit").arg("--heads").arg(&forged).output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && said.contains("line 1 is not signed"), "{said}");
    std::fs::remove_file(forged)?;
    std::fs::remove_file(heads)?;
    suite.stop().await
}
