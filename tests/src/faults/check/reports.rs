//! Every version that was acknowledged is there and says what it said, was laid before its prescriber once, and was counted.

use std::collections::{HashMap, HashSet};

use relais_proto::results::v1::report::Status;
use uuid::Uuid;

use super::{Kind, Violation, grouped};
use crate::faults::{
    found::{Found, Noticed, Release, Reports, Version},
    record::{Act, Deed, Journey, Record, Told},
};

pub(super) fn check(record: &Record, found: &Found, broken: &mut Vec<Violation>) {
    let reports = &found.reports;
    let versions = grouped(&reports.versions, |version| (version.report, version.version));
    let releases = grouped(&reports.releases, |release| (release.report, release.version));
    for journey in &record.journeys {
        for (act, told) in journey.done() {
            match act.deed.reports() {
                Some(status) => check_version(act, told, status, &versions, reports, broken),
                None if act.deed == Deed::Acknowledge => check_acknowledged(journey, told, &releases, broken),
                None => {}
            }
        }
    }
    for version in &reports.versions {
        check_released(version, &releases, reports, broken);
    }
    check_noticed(reports, &releases, broken);
    check_counted(record, reports, broken);
}

type Of<'f, T> = HashMap<(Uuid, i64), Vec<&'f T>>;

fn check_version(
    act: &Act,
    told: &Told,
    status: Status,
    versions: &Of<'_, Version>,
    reports: &Reports,
    broken: &mut Vec<Violation>,
) {
    let what = format!("version {} of report {}", told.version, told.id);
    match versions.get(&(told.id, told.version)).map(Vec::as_slice) {
        Some([found]) if found.status == spoken(status) => {}
        Some([found]) => broken.push(Violation::new(Kind::Lost, format!("{what}: it is {}", found.status))),
        Some(many) => broken.push(Violation::new(Kind::Doubled, format!("{what}: {} of them", many.len()))),
        None => broken.push(Violation::new(Kind::Lost, what.clone())),
    }
    if reports.said.get(&(told.id, told.version)) != Some(&act.request.to_string()) {
        broken.push(Violation::new(Kind::Lost, format!("what {what} says")));
    }
}

/// A status as the vocabulary writes it.
fn spoken(status: Status) -> String {
    status.as_str_name().trim_start_matches("STATUS_").to_lowercase().replace('_', "-")
}

/// The version that readers see was laid before its prescriber, once, who reads in it what the laboratory reads. One that
/// another followed at once may have been laid before nobody.
fn check_released(version: &Version, releases: &Of<'_, Release>, reports: &Reports, broken: &mut Vec<Violation>) {
    let name = (version.report, version.version);
    let what = format!("version {} of report {}", version.version, version.report);
    let count = releases.get(&name).map_or(0, Vec::len);
    if count > 1 {
        broken.push(Violation::new(Kind::Doubled, format!("the release of {what}: {count} of them")));
    }
    if !version.shown {
        return;
    }
    if count == 0 {
        broken.push(Violation::new(Kind::Lost, format!("the release of {what}")));
    } else if !reports.read.contains_key(&name) || reports.read.get(&name) != reports.said.get(&name) {
        broken.push(Violation::new(Kind::Lost, format!("{what}, for its prescriber")));
    }
}

fn check_acknowledged(journey: &Journey, told: &Told, releases: &Of<'_, Release>, broken: &mut Vec<Violation>) {
    let report = journey.done().find(|(act, _)| act.deed.reports().is_some()).map(|(_, told)| told.id);
    let name = (report.unwrap_or_default(), told.version);
    if !releases.get(&name).is_some_and(|found| found.iter().any(|release| release.acknowledged)) {
        let about = format!("the acknowledgement of version {} of report {}", name.1, name.0);
        broken.push(Violation::new(Kind::Lost, about));
    }
}

/// The referral service has noted of each report what is shown of it.
fn check_noticed(reports: &Reports, releases: &Of<'_, Release>, broken: &mut Vec<Violation>) {
    let noticed: HashMap<Uuid, &Noticed> = reports.noticed.iter().map(|noticed| (noticed.report, noticed)).collect();
    for version in reports.versions.iter().filter(|version| version.shown && !version.referral.is_nil()) {
        let releases = releases.get(&(version.report, version.version));
        let acknowledged = releases.is_some_and(|found| found.iter().any(|release| release.acknowledged));
        let (report, status) = (version.report, version.status.clone());
        let expected = Noticed { report, version: version.version, status, acknowledged };
        let found = noticed.get(&report).copied();
        if found != Some(&expected) {
            let about = format!("referral has noted {found:?}, and results has {expected:?}");
            broken.push(Violation::new(Kind::AtOdds, about));
        }
    }
}

/// Each analysis that was reported is an entry of the ledger, once; and what is reported of the ledger is what it amounts to.
fn check_counted(record: &Record, reports: &Reports, broken: &mut Vec<Violation>) {
    let entries = grouped(&reports.entries, |entry| (entry.report, entry.version));
    for version in &reports.versions {
        let counted: i64 =
            entries.get(&(version.report, version.version)).into_iter().flatten().map(|e| e.quantity).sum();
        if counted != version.acts {
            let kind = if counted < version.acts { Kind::Lost } else { Kind::Doubled };
            let what = format!("version {} of report {}", version.version, version.report);
            broken.push(Violation::new(
                kind,
                format!("{counted} acts are counted of {what}, which told of {}", version.acts),
            ));
        }
    }
    let known: HashSet<Uuid> = reports.versions.iter().map(|version| version.report).collect();
    for entry in reports.entries.iter().filter(|entry| !known.contains(&entry.report)) {
        broken
            .push(Violation::new(Kind::Unasked, format!("an entry of report {}, which does not exist", entry.report)));
    }
    let acts = grouped(&reports.versions, |version| version.report);
    for (report, told) in record.journeys.iter().filter_map(reported) {
        let found: i64 = acts.get(&report).into_iter().flatten().map(|version| version.acts).sum();
        if found != told {
            broken.push(Violation::new(Kind::AtOdds, format!("report {report} tells of {found} acts, and had {told}")));
        }
    }
    check_recount(reports, broken);
}

/// The report of a journey, and of how many analyses it told: a partial one of one, any other of both.
fn reported(journey: &Journey) -> Option<(Uuid, i64)> {
    let whole = journey.acts.iter().filter(|act| act.answer.done().is_some()).filter_map(|act| act.deed.reports());
    let acts = if whole.clone().any(|status| status != Status::Partial) { 2 } else { 1 };
    let report = journey.done().find(|(act, _)| act.deed.reports().is_some()).map(|(_, told)| told.id)?;
    // What was asked and not answered may have been done.
    let certain = journey.acts.iter().all(|act| act.deed.reports().is_none() || act.answer.done().is_some());
    certain.then_some((report, acts))
}

fn check_recount(reports: &Reports, broken: &mut Vec<Violation>) {
    let total: i64 = reports.entries.iter().map(|entry| entry.quantity).sum();
    match reports.recount {
        Some(recount) if recount.differences == 0 && (recount.total, recount.reported) == (total, total) => {}
        other => broken.push(Violation::new(Kind::AtOdds, format!("the ledger has {total} acts, and says {other:?}"))),
    }
}
