//! Meters as referrals go through their states. Every step comes through here: none is forgotten, and none counts twice.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    calls::check::date_to_proto,
    database::Unit,
    ids::{Child, ConventionId, SiteId},
    planted::Bug,
};
use relais_proto::events::v1::{self, party::Capacity};
use uuid::Uuid;

use super::metered_now::{metered_now, metered_on};
use crate::{
    app::network::local_day_at,
    domain::{
        convention::{
            CountedFrom, Crossing, Line, LineScope, Measure, OnExhausted, Party, Role, Short, Want, place_of, wants,
            wants_at_submission,
        },
        referral::{Cause, Referral, State, Step},
    },
    store::convention::{Asked, Metered, Moving, meter_site, metered, settle_meters},
};

/// How lines are settled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How<'a> {
    /// Whether it follows from what happened elsewhere: what was used by it may go beyond what is committed.
    fact: bool,
    /// Who lets it through; empty: nobody.
    approver: &'a str,
    /// The day whose period counts, where a place moves to it.
    moves: Option<NaiveDate>,
    /// The site at which it counts; none: that of its appointment, or the one that is wished for.
    site: Option<Child<SiteId>>,
    /// The version of a report that tells it: that may be no step of the referral.
    report: Option<(Uuid, i64)>,
}

impl How<'_> {
    /// In the period of a day.
    pub(super) fn on(day: NaiveDate) -> Self {
        Self { moves: Some(day), ..Self::default() }
    }
}

/// Takes the places that a referral asks for when it is submitted; at once for one that is accepted with its submission. Answers with
/// the lines on which none is left, of which nothing was taken.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn reserve(unit: &mut Unit<'_>, referral: &Referral, approver: &str, accepted: bool) -> Result<Vec<Short>> {
    let metered = metered(unit, referral.convention, referral.convention_version).await?;
    let at_once = |line: &Line| accepted.then(|| wants(line, State::Accepted, Cause::Call));
    let asked: Vec<_> = metered
        .lines
        .iter()
        .filter_map(|line| at_once(line).unwrap_or_else(|| wants_at_submission(line)).map(|want| (line, want)))
        .collect();
    let how = How { approver, ..How::default() };
    settle(unit, referral, &metered, asked, how).await
}

/// Brings what a referral holds to what it asks for after a step. Answers as [`reserve`]; what follows from facts is never refused.
///
/// # Errors
/// As there.
pub async fn settle_step(unit: &mut Unit<'_>, referral: &Referral, step: &Step) -> Result<Vec<Short>> {
    let fact = !matches!(step.cause, Cause::Call | Cause::Undo);
    let how = How { fact, ..How::default() };
    let metered = if is_seen_at_site(referral, how) {
        // The day of the visit may be one of a period that later terms added.
        metered_now(unit, (referral.convention, referral.convention_version)).await?
    } else {
        metered(unit, referral.convention, referral.convention_version).await?
    };
    let asked = metered.lines.iter().filter_map(|line| Some((line, wants(line, referral.state, step.cause)?)));
    let short = settle(unit, referral, &metered, asked.collect(), how).await?;
    // A booking that scheduling made for somebody who waits has no place until one is free, or until the patient is seen.
    Ok(if fact { Vec::new() } else { short })
}

/// Whether reports move meters of a referral's convention: then what they told is to be written before.
///
/// # Errors
/// As [`reserve`].
pub async fn counts_reports(unit: &mut Unit<'_>, referral: &Referral) -> Result<bool> {
    let metered = metered(unit, referral.convention, referral.convention_version).await?;
    Ok(metered.lines.iter().any(by_report))
}

/// Counts on meters what reports told of a referral, this version of a report at the last.
///
/// # Errors
/// As [`reserve`].
pub async fn settle_reports(unit: &mut Unit<'_>, referral: &Referral, report: (Uuid, i64)) -> Result<()> {
    let metered = metered(unit, referral.convention, referral.convention_version).await?;
    let lines = metered.lines.iter().filter(|line| by_report(line));
    let asked = lines.map(|line| (line, wants(line, referral.state, Cause::Fact).unwrap_or(Want::TOLD)));
    let how = How { fact: true, report: Some(report), ..How::default() };
    settle(unit, referral, &metered, asked.collect(), how).await.map(|_| ())
}

/// Moves the places of a referral to the periods of a day, at a site. Answers as [`reserve`]: where one is short, nothing of it is moved.
///
/// # Errors
/// As there.
pub async fn move_places(
    unit: &mut Unit<'_>,
    referral: &Referral,
    (day, site): (NaiveDate, Option<Child<SiteId>>),
) -> Result<Vec<Short>> {
    let metered = metered_on(unit, (referral.convention, referral.convention_version), day).await?;
    let asked = metered.lines.iter().filter_map(|line| Some((line, wants(line, referral.state, Cause::Call)?)));
    // What was used already was so then and there, wherever another appointment is to be.
    let kept = asked.filter(|(_, want)| want.used != Some(1));
    settle(unit, referral, &metered, kept.collect(), How { site, ..How::on(day) }).await
}

fn by_report(line: &Line) -> bool {
    line.counted_from == CountedFrom::Report
}

/// Brings meters to what is wanted of lines; answers with those on which too little is left.
pub(super) async fn settle(
    unit: &mut Unit<'_>,
    referral: &Referral,
    metered: &Metered,
    wanted: Vec<(&Line, Want)>,
    how: How<'_>,
) -> Result<Vec<Short>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let seen = wanted.iter().any(|(_, want)| want.used == Some(1));
    let local_date = local_date(unit, referral, seen).await?;
    let unheld = unit.has_bug(Bug::UnheldLine);
    let ask = |(line, want): &(&Line, Want)| {
        let asked = asked(metered, referral, (line, *want), how, local_date);
        Asked { exceeds: asked.exceeds || unheld, ..asked }
    };
    let moved = how.moves.map(|day| format!("/{day}")).unwrap_or_default();
    let step = || format!("step/{}{moved}", referral.version);
    let moving = Moving {
        convention: referral.convention,
        subject: referral.id.0,
        referral: Some(referral.id.0),
        source: how.report.map_or_else(step, |(report, version)| format!("report/{report}/{version}")),
    };
    let asked: Vec<_> = wanted.iter().map(ask).collect();
    let settled = settle_meters(unit, &moving, &asked).await?;
    for crossing in &settled.crossed {
        let site = (!crossing.site.0.is_nil()).then(|| Child::new(referral.provider, crossing.site).to_string());
        tell_crossing(unit, (referral.convention, &metered.display_name), &metered.parties, crossing, site);
    }
    let lacking = wanted.iter().zip(&asked).filter(|(_, asked)| settled.short.contains(&asked.line_id));
    Ok(lacking.map(|((line, _), asked)| Short { line: (*line).clone(), last_day: asked.period_end }).collect())
}

fn asked(
    metered: &Metered,
    referral: &Referral,
    (line, want): (&Line, Want),
    how: How<'_>,
    local_date: NaiveDate,
) -> Asked {
    let site = how.site.or(referral.place());
    // Where each site counts, a visit counts at the one where it was, whichever site its place was kept at.
    let seen_there = line.scope == LineScope::Site && want.used == Some(1) && is_seen_at_site(referral, how);
    let moves = how.moves.or(seen_there.then_some(local_date));
    let period = line.period(metered.dates, moves.unwrap_or(referral.requested_date));
    let place = place_of(line, site);
    let lets_through = line.on_exhausted == OnExhausted::LetThrough && !how.approver.is_empty();
    // Where each site counts and none is named, there is nothing to hold it against.
    let nowhere = line.scope == LineScope::Site && place.is_none();
    Asked {
        line_id: line.line_id.clone(),
        terms_version: referral.convention_version,
        period_start: period.0,
        period_end: period.1,
        site: meter_site(line, place),
        committed: line.committed.filter(|_| !nowhere),
        holder: if line.measure == Measure::Persons { referral.patient.0 } else { referral.id.0 },
        reserved: want.reserved,
        used: want.used,
        exceeds: !line.is_firm() || lets_through,
        fact: how.fact,
        moves: moves.is_some(),
        local_date,
        place: site.map(|site| site.id.0),
        approver: if lets_through { how.approver.into() } else { String::new() },
        percents: metered.thresholds.clone(),
        in_turn: line.makes_wait(),
    }
}

/// Whether this step is a visit of which is known when and where it was.
fn is_seen_at_site(referral: &Referral, how: How<'_>) -> bool {
    let facts = &referral.facts;
    let known = facts.appointment_site.is_some() && facts.appointment_end.is_some();
    known && how.fact && referral.state == State::Attended
}

/// The day that a step counts for: that on which the patient was seen, by the clocks there; before, the one that is wished for.
async fn local_date(unit: &mut Unit<'_>, referral: &Referral, seen: bool) -> Result<NaiveDate> {
    if !seen {
        return Ok(referral.requested_date);
    }
    let at = referral.facts.appointment_end.unwrap_or(unit.now());
    let place = (referral.provider, referral.place().map(|site| site.id));
    local_day_at(unit, referral.provider, place, at).await
}

/// Tells the parties that send, see or watch; funders read figures.
pub(super) fn tell_crossing(
    unit: &mut Unit<'_>,
    (convention, display_name): (ConventionId, &str),
    parties: &[Party],
    crossing: &Crossing,
    site: Option<String>,
) {
    let event = v1::MeterThresholdCrossed {
        convention: convention.to_string(),
        convention_display_name: display_name.into(),
        line_id: crossing.line_id.clone(),
        period_start: Some(date_to_proto(crossing.period_start)),
        period_end: Some(date_to_proto(crossing.period_end)),
        site: site.unwrap_or_default(),
        percent: crossing.percent,
        committed: crossing.committed,
        reserved: crossing.reserved,
        used: crossing.used,
        parties: parties.iter().filter_map(party).collect(),
    };
    unit.emit(crossing.meter, crossing.version, event);
}

fn party(party: &Party) -> Option<v1::Party> {
    let capacity = match party.role {
        Role::Referrer => Capacity::Referrer,
        Role::Provider => Capacity::Provider,
        Role::Coordinator => Capacity::Coordinator,
        Role::Funder => return None,
    };
    let organisation = party.organisation.to_string();
    Some(v1::Party { organisation, unit: String::new(), capacity: capacity.into() })
}
