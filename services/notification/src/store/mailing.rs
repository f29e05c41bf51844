//! What new messages mean for the mail: a delivery each where the mailbox wants one, or one more in the digest of its day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{DeliveryId, ReferralId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use super::{delivery, key, preference};
use crate::domain::{Delivery, Mailing, Message, Purpose, State, class};

/// The digest of a mailbox's day, as far as this unit adds to it.
struct Digest {
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    messages: i32,
    referral: ReferralId,
    number: String,
}

/// Queues what the mailboxes of these messages want by mail. A message about no referral is found in the inbox alone: addresses are
/// told for a referral.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub(super) async fn queue(unit: &mut Unit<'_>, messages: &[Message]) -> Result<()> {
    let mailed = |message: &&Message| class(message.kind, &message.facts).is_some();
    let mailboxes: Vec<_> = messages.iter().filter(mailed).map(|message| message.mailbox).collect();
    if mailboxes.is_empty() {
        return Ok(());
    }
    let wanted = preference::of(unit, &mailboxes).await?;
    let (mut alone, mut digests) = (Vec::new(), BTreeMap::<(Uuid, Uuid, NaiveDate), Digest>::new());
    for message in messages {
        let (Some(class), Some(referral)) = (class(message.kind, &message.facts), message.referral) else { continue };
        let (organisation, desk) = key(message.mailbox);
        let number = message.referral_number.clone();
        match wanted.get(&message.mailbox).and_then(|wanted| wanted.mailing(class, message.create_time)) {
            None => {}
            Some(Mailing::Alone(at)) => alone.push((message.id, delivery_of(message, referral, at))),
            Some(Mailing::Digest(day, at)) => {
                let now = message.create_time;
                let digest = digests.entry((organisation, desk, day));
                digest.or_insert(Digest { at, now, messages: 0, referral, number }).messages += 1;
            }
        }
    }
    delivery::insert_of_messages(unit, &alone).await?;
    insert_digests(unit, digests).await
}

fn delivery_of(message: &Message, referral: ReferralId, not_before: DateTime<Utc>) -> Delivery {
    Delivery {
        id: DeliveryId::draw(),
        purpose: Purpose::Message,
        state: State::Queued,
        reason: String::new(),
        mailbox: message.mailbox,
        referral,
        referral_number: message.referral_number.clone(),
        messages: 1,
        start_time: None,
        time_zone: String::new(),
        create_time: message.create_time,
        not_before,
        tries: 0,
        attempts: 0,
        withdrawn: false,
    }
}

/// In the order of their keys, so that none waits for another that waits for it. A digest that has gone out already is followed by
/// another, for nothing may be lost; on one clock that does not happen.
async fn insert_digests(unit: &mut Unit<'_>, digests: BTreeMap<(Uuid, Uuid, NaiveDate), Digest>) -> Result<()> {
    for ((organisation, desk, day), digest) in digests {
        let query = sqlx::query!(
            "INSERT INTO delivery (id, purpose, state, organisation_id, unit_id, referral_id, referral_number, digest_date,
                 messages, create_time, not_before)
             VALUES ($1, 'digest', 'queued', $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (organisation_id, unit_id, digest_date)
                 WHERE digest_date IS NOT NULL AND state = 'queued' AND attempts = 0
             DO UPDATE SET messages = delivery.messages + EXCLUDED.messages",
            DeliveryId::draw().0,
            organisation,
            desk,
            digest.referral.0,
            digest.number,
            day,
            digest.messages,
            digest.now,
            digest.at,
        );
        query.with_operation("INSERT", "delivery").execute(unit.sql()).await?;
    }
    Ok(())
}
