//! Sending a referral on: another one, to another provider of the same convention, replaces it.

use chrono::{DateTime, Utc};
use relais_platform::ids::{OrganisationId, ReferralId};

use super::{Capacity, Deadlines, Facts, Number, Party, Referral, State};

/// The referral that replaces `sent_on`, in version 1: of the same referrer, under the same terms, to another provider.
pub fn replacement(
    sent_on: &Referral,
    (id, number): (ReferralId, Number),
    provider: OrganisationId,
    deadlines: &Deadlines,
    now: DateTime<Utc>,
) -> Referral {
    let parties = sent_on.parties.iter().map(|party| match party.capacity {
        Capacity::Provider => Party { organisation: provider, unit: None, ..*party },
        _ => *party,
    });
    let replacing = Referral {
        id,
        number,
        state: State::Submitted,
        version: 1,
        provider,
        site: None,
        parties: parties.collect(),
        appointment: None,
        facts: Facts::default(),
        previous: None,
        reason: String::new(),
        alternative: String::new(),
        overdue: false,
        done_time: None,
        replaces: Some(sent_on.id),
        create_time: now,
        update_time: now,
        ..sent_on.clone()
    };
    replacing.standing(State::Submitted, deadlines, now)
}
