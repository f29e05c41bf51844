//! What a used-up line says to a referral that is asked for.

use chrono::NaiveDate;
use relais_platform::ids::{Child, SiteId};

use super::{
    Acceptance, Ask, Convention, Failure, Line, LineScope, Measure, OnExhausted, ReserveAt, Rule, Standing, Terms, Why,
    place_of,
};

/// Each line on which nothing is left for what is asked, with what would pass: the next days on which something is left, another site,
/// somebody who lets it through. Lines on which a referral waits refuse nothing.
pub fn exhausted(convention: &Convention, ask: &Ask<'_>) -> Vec<Failure> {
    let terms = &convention.terms;
    terms.lines.iter().filter_map(|line| judge(terms, line, ask)).collect()
}

/// Whether a referral would be put on the waiting list: a line is used up, or what is left of it belongs to those who wait already.
pub fn lets_wait(convention: &Convention, ask: &Ask<'_>) -> bool {
    let waits = |line: &&Line| line.makes_wait() && takes(&convention.terms, line);
    let lacks = |standing: &Standing| !standing.held && (standing.left() < 1 || standing.awaited);
    let used_up = |line: &Line| standing(line, ask).is_some_and(lacks);
    convention.terms.lines.iter().filter(waits).any(used_up)
}

/// Whether a line refuses referrals when it is used up, of which `approved` says whether somebody answers for them.
pub(super) fn refuses(terms: &Terms, line: &Line, approved: bool) -> bool {
    let lets_in = match line.on_exhausted {
        OnExhausted::Refuse => false,
        OnExhausted::Waitlist => true,
        OnExhausted::LetThrough => approved,
    };
    is_budget(line) || takes(terms, line) && !lets_in
}

/// Whether money that is spent to its end refuses referrals.
pub fn is_budget(line: &Line) -> bool {
    line.is_firm() && line.measure == Measure::Money
}

/// Whether a referral takes a place of it when it is submitted.
fn takes(terms: &Terms, line: &Line) -> bool {
    let at_once = line.reserve_at == ReserveAt::Submission || terms.conditions.acceptance == Acceptance::Automatic;
    line.is_firm() && line.counts_referrals() && at_once
}

/// A line of which too little is left for a step.
#[derive(Debug, Clone)]
pub struct Short {
    /// Which.
    pub line: Line,
    /// The last day of the period of which too little is left.
    pub last_day: NaiveDate,
}

impl Short {
    /// What refuses the step.
    pub fn failure(&self) -> Failure {
        volume_exhausted(Why::UsedUp(self.line.line_id.clone(), self.last_day))
    }
}

/// That a line has less left than so many minutes of staff time.
pub fn too_few_minutes(line: &Line, minutes: i64) -> Failure {
    volume_exhausted(Why::TooLittleLeft(line.line_id.clone(), minutes))
}

fn volume_exhausted(why: Why) -> Failure {
    Failure { rule: Rule::VolumeExhausted, term: "terms.lines", why, passes: Vec::new() }
}

fn standing<'a>(line: &Line, ask: &Ask<'a>) -> Option<&'a Standing> {
    let place = place_of(line, ask.site);
    ask.standings.iter().find(|standing| standing.line_id == line.line_id && standing.site == place)
}

fn judge(terms: &Terms, line: &Line, ask: &Ask<'_>) -> Option<Failure> {
    let budget = is_budget(line);
    let takes = takes(terms, line);
    let failure = |rule, why, passes| Some(Failure { rule, term: "terms.lines", why, passes });
    if takes && line.scope == LineScope::Site && ask.site.is_none() {
        let sites = terms.sites.iter().map(ToString::to_string).collect();
        return failure(Rule::SiteNotInScope, Why::NoSite(line.line_id.clone()), sites);
    }
    let standing = standing(line, ask).filter(|_| budget || takes)?;
    if standing.held || standing.left() > 0 {
        return None;
    }
    if budget {
        let why = Why::BudgetUsedUp(line.line_id.clone(), standing.period.1);
        return failure(Rule::BudgetExhausted, why, later(line, standing, ask));
    }
    if !refuses(terms, line, ask.approved) {
        return None;
    }
    let mut passes = later(line, standing, ask);
    passes.extend(other_sites(terms, line, ask));
    passes.extend((line.on_exhausted == OnExhausted::LetThrough).then(|| "approver".to_string()));
    failure(Rule::VolumeExhausted, Why::UsedUp(line.line_id.clone(), standing.period.1), passes)
}

/// The first later period with something left; where there is none, the days of the conventions of the chain that follow.
fn later(line: &Line, standing: &Standing, ask: &Ask<'_>) -> Vec<String> {
    match ask.room.later.iter().find(|open| open.line_id == line.line_id) {
        Some(open) => vec![open.days.to_string()],
        None => {
            let after = ask.room.following.iter().filter(|days| days.first > standing.period.1);
            after.map(ToString::to_string).collect()
        }
    }
}

/// Other sites of the same provider at which something is left.
fn other_sites(terms: &Terms, line: &Line, ask: &Ask<'_>) -> Vec<String> {
    let has_left = |site: SiteId| {
        let mut there = ask.standings.iter().filter(|it| it.line_id == line.line_id && it.site == Some(site));
        there.any(|standing| standing.left() > 0)
    };
    let is_other = |site: &&Child<SiteId>| site.organisation == ask.provider && Some(**site) != ask.site;
    let scoped = terms.sites.iter().filter(|_| line.scope == LineScope::Site);
    scoped.filter(is_other).filter(|site| has_left(site.id)).map(ToString::to_string).collect()
}
