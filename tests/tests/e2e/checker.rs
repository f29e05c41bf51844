//! The kill checker finds what it is there to find: under the load alone, with nothing killed.

use anyhow::Result;
use relais_tests::faults::{Options, broken, check::Kind};

#[tokio::test]
#[ignore = "long: ./dev test --long"]
async fn a_line_that_nobody_holds_is_found_by_the_kill_checker() -> Result<()> {
    let planted = Some("unheld-line".into());
    let found = broken(&Options { kills: 0, seed: 1, outage: None, planted }).await?;
    assert!(found.iter().any(|violation| violation.kind == Kind::Overrun), "{found:?}");
    Ok(())
}
