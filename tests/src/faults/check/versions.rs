//! Versions and numbers run from one on: none is missing, none comes twice, none is passed over by who hears of it.

use std::collections::{BTreeMap, HashMap};

use relais_platform::broker::topology::HEARS;
use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::found::Found;

/// An aggregate, by kind and id.
type Aggregate<'f> = (&'f str, Uuid);

pub(super) fn check(found: &Found, broken: &mut Vec<Violation>) {
    let latest = check_sent(found, broken);
    let committed = committed(found);
    for (aggregate, version) in &committed {
        let sent = latest.get(aggregate).copied().unwrap_or_default();
        if sent < *version {
            let about = format!("{} is at version {version}, but events were sent up to {sent}", shown(*aggregate));
            broken.push(Violation::new(Kind::Lost, about));
        }
    }
    for (aggregate, sent) in &latest {
        let version = committed.get(aggregate).copied().unwrap_or_default();
        if *sent > version {
            let about = format!("{} is at version {version}, but events were sent up to {sent}", shown(*aggregate));
            broken.push(Violation::new(Kind::Unasked, about));
        }
    }
    check_consumed(found, &latest, broken);
    check_mailboxes(found, broken);
}

fn shown((kind, id): Aggregate<'_>) -> String {
    format!("{kind} {id}")
}

/// What each aggregate has come to, by its own row.
fn committed(found: &Found) -> BTreeMap<Aggregate<'_>, i64> {
    let referrals = found.referrals.iter().map(|row| (("relais.referral.referral", row.id), row.version));
    let appointments = found.appointments.iter().map(|row| (("relais.scheduling.appointment", row.id), row.version));
    let orders = found.orders.iter().map(|row| (("relais.results.order", row.id), row.version));
    let messages = found.messages.iter().map(|row| (("relais.notification.message", row.id), 1));
    let reports = found.reports.versions.iter().map(|row| (("relais.results.report", row.report), row.revision));
    let meters = found.meters.meters.iter().map(|row| (("relais.referral.meter", row.id), row.version));
    let sites = found.sites.iter().map(|site| (("relais.referral.site", *site), 1));
    referrals.chain(appointments).chain(orders).chain(messages).chain(reports).chain(meters).chain(sites).collect()
}

/// Every version was sent and is kept once; says how far each aggregate has come. In which order they were sent does not
/// count: who hears of them puts them into theirs.
fn check_sent<'f>(found: &'f Found, broken: &mut Vec<Violation>) -> HashMap<Aggregate<'f>, i64> {
    let mut latest = HashMap::new();
    for (aggregate, mut sent) in grouped(&found.sent, |sent| (sent.kind.as_str(), sent.aggregate)) {
        sent.sort_by_key(|sent| sent.version);
        let versions: Vec<i64> = sent.iter().map(|sent| sent.version).collect();
        check_run(&format!("sent of {}", shown(aggregate)), &versions, broken);
        latest.insert(aggregate, versions.last().copied().unwrap_or_default());
    }
    latest
}

/// Sorted numbers are 1, 2, 3 …
fn check_run(what: &str, numbers: &[i64], broken: &mut Vec<Violation>) {
    let mut expected = 1;
    for number in numbers {
        match number - expected {
            ..0 => broken.push(Violation::new(Kind::Doubled, format!("number {number} {what}"))),
            0 => {}
            _ => broken.push(Violation::new(Kind::Gap, format!("numbers {expected} to {} {what}", number - 1))),
        }
        expected = expected.max(number + 1);
    }
}

/// Everybody has come as far as what they hear of.
fn check_consumed(found: &Found, latest: &HashMap<Aggregate<'_>, i64>, broken: &mut Vec<Violation>) {
    let consumed: HashMap<(&str, Aggregate<'_>), i64> = found
        .consumed
        .iter()
        .map(|row| ((row.consumer.as_str(), (row.kind.as_str(), row.aggregate)), row.version))
        .collect();
    for (consumer, kinds) in HEARS {
        for (aggregate, version) in latest.iter().filter(|((kind, _), _)| kinds.contains(kind)) {
            let come = consumed.get(&(*consumer, *aggregate)).copied().unwrap_or_default();
            if come != *version {
                let kind = if come < *version { Kind::Lost } else { Kind::Unasked };
                let about = format!("{consumer} has come to version {come} of {}, not to {version}", shown(*aggregate));
                broken.push(Violation::new(kind, about));
            }
        }
    }
}

/// Messages of a mailbox are numbered without gaps, up to the last number it gave.
fn check_mailboxes(found: &Found, broken: &mut Vec<Violation>) {
    let messages = grouped(&found.messages, |message| (message.organisation, message.unit));
    for mailbox in &found.mailboxes {
        let of = messages.get(&(mailbox.organisation, mailbox.unit)).map_or(&[][..], Vec::as_slice);
        let mut numbers: Vec<i64> = of.iter().map(|message| message.sequence).collect();
        numbers.sort_unstable();
        let what = format!("in the mailbox of {}", mailbox.organisation);
        check_run(&what, &numbers, broken);
        let last = numbers.last().copied().unwrap_or_default();
        if last < mailbox.last {
            broken.push(Violation::new(Kind::Gap, format!("numbers {} to {} {what}", last + 1, mailbox.last)));
        }
    }
}
