//! Asks referral who receives the result of a referral now: as the service itself, outside of any transaction.

use std::time::{Duration, Instant};

use relais_platform::{
    Context, Error, Result,
    calls::Check,
    ids::{Child, PractitionerId, ReferralId, UnitId},
};
use relais_proto::referral::v1::{self, ResolveRecipientsRequest, recipient_service_client::RecipientServiceClient};
use tokio::time::{sleep_until, timeout};
use tonic::Code;

use crate::domain::report::Recipient;

/// How long referral may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Asks who receives the result of a referral now: nobody, when nobody may. `deadline` is that of the call that waits for it, if one does.
///
/// # Errors
/// UNAVAILABLE while referral does not answer.
pub async fn ask(context: &Context, referral: ReferralId, deadline: Option<Instant>) -> Result<Vec<Recipient>> {
    let mut client = RecipientServiceClient::new(context.peer("referral")?);
    let request = ResolveRecipientsRequest { referral: referral.to_string() };
    let request = context.itself("referral", deadline, request)?;
    let answer = timeout(ANSWER, client.resolve_recipients(request)).await;
    let answer = answer.map_err(|_| Error::peer_away(anyhow::anyhow!("referral does not answer")))?;
    if let (Err(status), Some(end)) = (&answer, deadline)
        && status.code() == Code::DeadlineExceeded
    {
        // Referral ends a little before the caller's deadline, and it is that one that is over: the layer says so then.
        sleep_until(end.into()).await;
    }
    let answer = answer.map_err(|status| Error::peer_away(anyhow::anyhow!("referral: {status}")))?;
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
