//! Every referral stands where its appointments and reports have brought it, wherever one asks; and whoever is to hear of it
//! was told once.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::found::{Found, Referral, Version};

pub(super) fn check(found: &Found, broken: &mut Vec<Violation>) {
    let leads = Leads::of(found);
    for referral in &found.referrals {
        let expected = leads.lead(referral);
        if !expected.contains(&referral.state.as_str()) {
            let about = format!("referral {} is {}, and should be {expected:?}", referral.id, referral.state);
            broken.push(Violation::new(Kind::AtOdds, about));
        }
    }
    for (service, heard) in &found.heard {
        let heard: HashMap<Uuid, &str> = heard.iter().map(|heard| (heard.id, heard.state.as_str())).collect();
        for referral in &found.referrals {
            let state = heard.get(&referral.id).copied().unwrap_or("unknown");
            if state != referral.state {
                let about = format!("referral {} is {}, and {service} has it {state}", referral.id, referral.state);
                broken.push(Violation::new(Kind::AtOdds, about));
            }
        }
    }
    check_news(found, broken);
}

/// What happened to referrals elsewhere.
struct Leads {
    booked: HashSet<Uuid>,
    seen: HashSet<Uuid>,
    given_up: HashSet<Uuid>,
    reported: HashSet<Uuid>,
    acknowledged: HashSet<Uuid>,
}

impl Leads {
    fn of(found: &Found) -> Self {
        let appointments = &found.bookings.appointments;
        let standing = |states: &'static [&'static str]| {
            let there = appointments.iter().filter(|found| states.contains(&found.state.as_str()));
            there.map(|found| found.referral).collect()
        };
        let releases = found.reports.releases.iter().filter(|release| release.acknowledged);
        let read: HashSet<(Uuid, i64)> = releases.map(|release| (release.report, release.version)).collect();
        let versions = found.reports.versions.iter();
        // A version that follows opens the referral again, until somebody took note of that one, too.
        let settled = |v: &&Version| v.shown && v.is_whole() && read.contains(&(v.report, v.version));
        let acknowledged = versions.clone().filter(settled);
        Self {
            booked: standing(&["booked"]),
            seen: standing(&["arrived", "fulfilled"]),
            given_up: found.appointments.iter().filter(|found| found.given_up).map(|found| found.referral).collect(),
            reported: versions.map(|version| version.referral).collect(),
            acknowledged: acknowledged.map(|version| version.referral).collect(),
        }
    }

    /// Where that brings a referral.
    fn lead(&self, referral: &Referral) -> &'static [&'static str] {
        let id = &referral.id;
        if referral.closed {
            &["cancelled"]
        } else if self.acknowledged.contains(id) {
            &["completed"]
        } else if self.reported.contains(id) {
            &["results-available"]
        } else if self.seen.contains(id) {
            &["attended"]
        } else if self.booked.contains(id) {
            &["scheduled"]
        } else if self.given_up.contains(id) {
            &["appointment-cancelled"]
        } else {
            &["submitted", "accepted"]
        }
    }
}

/// Each piece of news is one message; of other kinds than these, [`super::effects`] asks.
fn check_news(found: &Found, broken: &mut Vec<Violation>) {
    let mut counts: HashMap<(Uuid, &str, &str), (i64, i64)> = HashMap::new();
    for news in &found.news {
        counts.entry((news.referral, &news.kind, &news.state)).or_default().0 += news.count;
    }
    let others = ["referral-submitted", "referral-cancelled"];
    let told = grouped(&found.messages, |message| (message.referral, message.kind.as_str(), message.state.as_str()));
    for (name, messages) in told.iter().filter(|((_, kind, _), _)| !others.contains(kind)) {
        counts.entry(*name).or_default().1 += i64::try_from(messages.len()).unwrap_or(i64::MAX);
    }
    for ((referral, kind, state), (happened, told)) in counts {
        let broke = match told - happened {
            0 => continue,
            ..0 => Kind::Lost,
            _ if happened == 0 => Kind::Unasked,
            _ => Kind::Doubled,
        };
        let about =
            format!("{told} messages say {kind} {state} of referral {referral}, and it happened {happened} times");
        broken.push(Violation::new(broke, about));
    }
}
