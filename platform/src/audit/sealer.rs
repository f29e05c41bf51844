//! The sealer: every second, one instance puts the rows that no seal holds yet into the chain; each exports the head it sees.

use std::path::Path;

use super::{chain::Seal, heads, store};
use crate::{Context, clock::machine_now, database::Database, error::Result, settings::millis};

/// Rows of one seal at the most.
const LARGEST: i64 = 1000;

/// Seals again and again; ends with its task.
pub(crate) async fn keep_sealing(context: Context) {
    let mut exported = 0;
    loop {
        if let Err(error) = seal_all(&context.database).await {
            tracing::warn!(%error, "the audit is sealed later");
        }
        match export(&context, exported).await {
            Ok(seq) => exported = seq,
            Err(error) => tracing::error!(error = format!("{error:#}"), "the head of the audit is not exported"),
        }
        tokio::time::sleep(millis(context.settings.audit.seal_ms)).await;
    }
}

/// Seals what there is, in a task that outlives this one: a transaction that is dropped while it begins loses writes.
async fn seal_all(database: &Database) -> Result<()> {
    let mut connection = database.quiet().acquire().await?;
    if !store::waits(&mut connection).await? {
        return Ok(());
    }
    drop(connection);
    let sealing = database.clone();
    database
        .detached(tracing::Span::none(), async move {
            while seal(&sealing).await? {}
            Ok(())
        })
        .await
}

/// Makes one seal; whether more may wait.
async fn seal(database: &Database) -> Result<bool> {
    let mut transaction = database.quiet().begin().await?;
    if !store::take_turn(&mut transaction).await? {
        return Ok(false);
    }
    let members = store::take_unsealed(&mut transaction, LARGEST).await?;
    if members.is_empty() {
        return Ok(false);
    }
    let more = i64::try_from(members.len()).is_ok_and(|taken| taken == LARGEST);
    let rows = store::rows(&mut transaction, &members).await?;
    let head = store::head(&mut transaction).await?;
    store::insert(&mut transaction, &Seal::new(head, machine_now(), members, &rows)).await?;
    transaction.commit().await?;
    Ok(more)
}

/// Exports the head if it is later than the last one exported. Answers with its number.
async fn export(context: &Context, exported: i64) -> anyhow::Result<i64> {
    let mut connection = context.database.quiet().acquire().await?;
    if store::head(&mut connection).await?.0 <= exported {
        return Ok(exported);
    }
    let Some(seal) = store::last(&mut connection).await? else { return Ok(exported) };
    drop(connection);
    let line = heads::line(context.service, &seal, context.fingerprints());
    let file = &context.settings.audit.heads_file;
    if !file.is_empty() {
        heads::append(Path::new(file), &line).await?;
    }
    tracing::info!(head = line, "the audit was sealed");
    Ok(seal.seq)
}
