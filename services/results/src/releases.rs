//! The background: asks referral who receives what was handed in, and releases it. Referral is asked as the service itself,
//! outside of any transaction; while it is away, or names nobody, what there is waits, and nobody reads it.

use std::time::Duration;

use futures::future::join_all;
use relais_platform::{
    Context, Error, Result,
    calls::Check,
    ids::{Child, PractitionerId, UnitId},
};
use relais_proto::referral::v1::{self, ResolveRecipientsRequest, recipient_service_client::RecipientServiceClient};
use tokio::time::timeout;

use crate::{
    app::{
        RewrapKeys, Vault,
        report::{HoldRelease, SettleRelease, TakeDue},
    },
    domain::report::Recipient,
    store::report::{Due, is_any_due},
};

/// How often the queue is looked at.
const POLL: Duration = Duration::from_millis(250);
/// After a failure of our own, such as the database being away.
const REST: Duration = Duration::from_secs(2);
/// How long referral may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Releases what waits, again and again; ends with its task.
pub async fn run(context: Context) {
    if let Err(error) = rewrap(&context).await {
        // Old and new master keys are both there until all are wrapped anew: nothing is lost by waiting for the next start.
        tracing::warn!(%error, "keys were not wrapped anew");
    }
    loop {
        match release_due(&context).await {
            // There may be more than were taken.
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(POLL).await,
            Err(error) => {
                tracing::warn!(%error, "releases wait");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Wraps providers' keys under the newest master key, at start.
async fn rewrap(context: &Context) -> Result<()> {
    let vault = Vault::new(context.key_service()?);
    while context.database.work(RewrapKeys(vault.clone())).await? > 0 {}
    Ok(())
}

/// Releases what is due; says whether there was any.
async fn release_due(context: &Context) -> Result<bool> {
    let now = context.clock.now();
    let any = context.database.look(move |connection| Box::pin(is_any_due(connection, now))).await?;
    if !any {
        return Ok(false);
    }
    let _busy = context.activity().busy();
    let taken = context.database.work(TakeDue).await?;
    let settled = join_all(taken.iter().map(|due| settle(context, *due))).await;
    settled.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(!taken.is_empty())
}

async fn settle(context: &Context, due: Due) -> Result<()> {
    match ask(context, due).await {
        Ok(entitled) => context.database.work(SettleRelease { due, entitled }).await,
        Err(error) => {
            tracing::warn!(report = %due.report, %error, "referral does not say who receives it");
            let error = format!("{}: {}", error.reason, error.message);
            context.database.work(HoldRelease { due, error }).await
        }
    }
}

/// Asks who receives the result of a referral now.
async fn ask(context: &Context, due: Due) -> Result<Vec<Recipient>> {
    let mut client = RecipientServiceClient::new(context.peer("referral")?);
    let request = ResolveRecipientsRequest { referral: due.referral.to_string() };
    let request = context.itself("referral", request)?;
    let answer = timeout(ANSWER, client.resolve_recipients(request)).await;
    let answer = answer.map_err(|_| Error::unavailable(anyhow::anyhow!("referral does not answer")))?;
    let answer = answer.map_err(|status| Error::unavailable(anyhow::anyhow!("referral: {status}")))?;
    let mut check = Check::default();
    let recipients = answer.into_inner().recipients.iter().map(|told| recipient(&mut check, told)).collect();
    check.finish().map(|()| recipients)
}

fn recipient(check: &mut Check, told: &v1::Recipient) -> Recipient {
    let unit: Option<Child<UnitId>> = check.optional_child("recipients.unit", &told.unit);
    let practitioner: Option<Child<PractitionerId>> =
        check.optional_child("recipients.practitioner", &told.practitioner);
    Recipient {
        organisation: check.name("recipients.organisation", &told.organisation),
        unit: unit.map(|unit| unit.id),
        practitioner: practitioner.map(|practitioner| practitioner.id),
        substitute_for: told.substitute_for.clone(),
    }
}
