//! The background: wraps providers' keys under the newest master key, again and again. One pass at start would not do: the database
//! may be away then, and while old and new instances run side by side an old one still draws keys under the master key before.
//! How many are left is a metric: at 0 the old master key can go.

use std::time::Duration;

use relais_platform::{Context, Result, vault};

use crate::{
    app::{RewrapKeys, Vault},
    store::key::count_stale_keys,
};

/// How often it is looked for keys that an older master key wraps.
const POLL: Duration = Duration::from_secs(5);

/// Wraps anew what an older key wraps; ends with its task.
pub async fn run(context: Context) {
    loop {
        if let Err(error) = rewrap(&context).await {
            tracing::warn!(%error, "keys are wrapped anew later: the old master key is needed until then");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn rewrap(context: &Context) -> Result<()> {
    let keys = context.key_service()?;
    let newest = keys.newest();
    let left = tell_left(context, newest).await?;
    if left > 0 {
        tracing::info!(left, "keys are wrapped under the newest master key");
        let _busy = context.activity().busy();
        while context.database.work(RewrapKeys(Vault::new(keys.clone()))).await? > 0 {}
        tell_left(context, newest).await?;
    }
    Ok(())
}

/// How many are left, counted and told.
async fn tell_left(context: &Context, newest: i32) -> Result<i64> {
    let left = context.database.look(move |connection| Box::pin(count_stale_keys(connection, newest))).await?;
    vault::tell_stale(left);
    Ok(left)
}
