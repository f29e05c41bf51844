//! The programs' command line: settings printed and checked.

use anyhow::Result;
use relais_tests::{Options, SERVICES, Suite};

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
