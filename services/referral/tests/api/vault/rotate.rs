//! The master key is rotated while people are read, and the old one can be taken away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use anyhow::Result;
use relais_platform::settings::Secret;
use relais_proto::referral::v1::RotateKeysRequest;
use relais_tests::{Identity, MASTER_KEY, Session, partnership};
use tonic::Code;

use super::{enter, get};
use crate::partners::Partners;

const NEW: &str = "2:isi6fZ5Uhp34X/KvE7y1AVuOr6ixl7WJjB1h9XLO+gc=";

/// Reads again and again until told to end; counts what was read and what failed.
async fn keep_reading(session: Session, name: String, end: Arc<AtomicBool>) -> (u32, Vec<tonic::Status>) {
    let (read, mut failed) = (AtomicU32::new(0), Vec::new());
    while !end.load(Ordering::Relaxed) {
        match get(&session, &name).await {
            Ok(patient) if patient.identity.is_some() => drop(read.fetch_add(1, Ordering::Relaxed)),
            Ok(_) => failed.push(tonic::Status::not_found("no identity")),
            Err(status) => failed.push(status),
        }
    }
    (read.into_inner(), failed)
}

#[tokio::test]
async fn no_read_fails_while_keys_are_rotated_and_the_old_key_can_go() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let name = enter(&partners.desk, "Weber", "Anne").await?.name;
    // More organisations than one batch.
    for at in 0..120 {
        let organisation = partnership::organisation(&partners.operator, &format!("O{at}")).await?;
        let desk = partners.world.session(&Identity::new("d", "desk").of(&organisation))?;
        enter(&desk, "Weber", "Anne").await?;
    }
    let stale = "SELECT count(*) FROM organisation_key WHERE master_key_version = 1";
    assert_eq!(partners.world.count(stale).await?, 121);

    partners.world.settings.vault.master_keys = Secret::new(format!("{MASTER_KEY},{NEW}"));
    partners.world = partners.world.while_stopped(async |_| Ok(())).await?;
    let desk = partners.world.session(&Identity::new("desk", "desk").of(&partners.mdm).at(&partners.centre))?;
    let operator = partners.world.session(&Identity::new("operator", "operator"))?;
    let end = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4).map(|_| tokio::spawn(keep_reading(desk.clone(), name.clone(), end.clone()))).collect();
    let rotated = operator.vault().rotate_keys(RotateKeysRequest {}).await?.into_inner();
    assert_eq!((rotated.rewrapped_count, rotated.master_key_version), (121, 2));
    let again = operator.vault().rotate_keys(RotateKeysRequest {}).await?.into_inner();
    assert_eq!(again.rewrapped_count, 0);
    end.store(true, Ordering::Relaxed);
    for reader in readers {
        let (read, failed) = reader.await?;
        assert!(read > 0 && failed.is_empty(), "{read} read, failed: {failed:?}");
    }
    assert_eq!(desk.vault().rotate_keys(RotateKeysRequest {}).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(partners.world.count(stale).await?, 0);

    // The old master key is taken away.
    partners.world.settings.vault.master_keys = Secret::new(NEW);
    partners.world = partners.world.while_stopped(async |_| Ok(())).await?;
    let desk = partners.world.session(&Identity::new("desk", "desk").of(&partners.mdm).at(&partners.centre))?;
    assert!(get(&desk, &name).await?.identity.is_some());

    // With the old one alone a person cannot be read for now; nothing is told of keys.
    partners.world.settings.vault.master_keys = Secret::new(MASTER_KEY);
    partners.world = partners.world.while_stopped(async |_| Ok(())).await?;
    let desk = partners.world.session(&Identity::new("desk", "desk").of(&partners.mdm).at(&partners.centre))?;
    let refused = get(&desk, &name).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::Unavailable, "try again in a moment"));
    partners.world.end().await
}
