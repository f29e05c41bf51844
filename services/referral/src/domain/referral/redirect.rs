//! Sending a referral on: another one, to another provider of the same convention, replaces it.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{Child, OrganisationId, ReferralId, SiteId};

use super::{Capacity, Facts, Number, Party, Referral, State};
use crate::domain::convention::{Terms, booking_sites, booking_window};

/// The referral that replaces `sent_on`, in version 1: of the same referrer, under the same terms, to another provider, at
/// a site that is named or wherever. `last_day` is that of the convention, as it stands.
pub fn replacement(
    sent_on: &Referral,
    (id, number): (ReferralId, Number),
    (provider, site): (OrganisationId, Option<Child<SiteId>>),
    (terms, last_day): (&Terms, NaiveDate),
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
        site,
        parties: parties.collect(),
        appointment: None,
        facts: Facts::default(),
        previous: None,
        reason: String::new(),
        alternative: String::new(),
        overdue: false,
        done_time: None,
        replaces: Some(sent_on.id),
        booking_days: Some(booking_window(terms, last_day, sent_on.requested_date)),
        booking_sites: booking_sites(terms, provider, site),
        create_time: now,
        update_time: now,
        ..sent_on.clone()
    };
    replacing.standing(State::Submitted, &terms.conditions.deadlines, now)
}
