//! Admission: whether a referral is taken under a convention's terms.
//!
//! A pure function over one table of rules. It answers with the version that admits, or with all the rules that fail, each with
//! the term it comes from, why, and what would pass; [`sentence`](super::sentence) says it to people.

use chrono::NaiveDate;
use relais_platform::{
    ids::{Child, OrganisationId, SiteId},
    text_enum,
};

use super::{Convention, Cover, Days, Role, Room, Standing, State, exhausted};
use crate::domain::{
    network::Registration,
    referral::{HealthCover, Situation},
};

/// What is asked of a convention.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who sends.
    pub referrer: OrganisationId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The service's system and code.
    pub service: (&'a str, &'a str),
    /// The day that is wished for; it judges at submission.
    pub date: NaiveDate,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// Where the doctor who asks is registered; none: nobody is named.
    pub prescriber: Option<&'a [Registration]>,
    /// The day on which that doctor asks.
    pub today: NaiveDate,
    /// The patient's situation.
    pub situation: &'a Situation,
    /// The days on which a convention of the chain admits.
    pub chain: &'a [Days],
    /// What stands on the convention's lines; empty: nobody looked, and whoever takes a place decides.
    pub standings: &'a [Standing],
    /// When something is left again of lines that are used up; empty: nobody looked.
    pub room: &'a Room,
    /// Whether somebody answers for it where a line is used up.
    pub approved: bool,
}

/// What admits a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The version of the convention's terms.
    pub convention_version: i64,
}

text_enum! {
    /// The rules of admission.
    pub enum Rule {
        /// Signed, and the day lies between its dates.
        ConventionNotInForce = "convention-not-in-force",
        /// The service is one of the convention's.
        ServiceNotCovered = "service-not-covered",
        /// Who sends is a referrer.
        ReferrerNotParty = "referrer-not-party",
        /// Who is asked is a provider.
        ProviderNotParty = "provider-not-party",
        /// The site is one where patients are received.
        SiteNotInScope = "site-not-in-scope",
        /// The prescriber is named, and registered on the day, as the convention asks.
        PrescriberNotEntitled = "prescriber-not-entitled",
        /// The patient is one of those for whom the convention is.
        NotEligible = "not-eligible",
        /// The patient lives in one of the convention's territories.
        OutOfArea = "out-of-area",
        /// All documents of the checklist come along.
        MissingDocument = "missing-document",
        /// Something is left of what was committed.
        VolumeExhausted = "volume-exhausted",
        /// Some of the money is left.
        BudgetExhausted = "budget-exhausted",
    }
}

/// Why a rule fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is a draft.
    NotSigned,
    /// The day lies outside of its dates.
    OutsideOfDates(NaiveDate, NaiveDate),
    /// The day lies outside of the dates of all conventions of its chain.
    OutsideOfChain(Vec<Days>),
    /// It is suspended.
    Suspended,
    /// It was terminated, and this was its last day.
    Terminated(NaiveDate),
    /// It was terminated while it was suspended.
    Halted,
    /// This code is none of its services.
    OtherService(String),
    /// Who sends is no referrer.
    NoReferrer,
    /// Who is asked is no provider.
    NoProvider,
    /// Patients are not received at this site.
    OtherSite,
    /// Nobody is named.
    NoPrescriber,
    /// On this day the prescriber is not on this register.
    NotRegistered(NaiveDate, String),
    /// It is for people without health cover.
    NotWithoutCover,
    /// The patient has none of its statuses.
    OtherStatus,
    /// None of its reasons is declared.
    OtherReason,
    /// Nobody says that the patient wishes it.
    NotWished,
    /// The patient lives in none of its territories.
    OtherTerritory,
    /// These do not come along.
    NoDocument(Vec<String>),
    /// This line has no place left until this day.
    UsedUp(String, NaiveDate),
    /// Too few minutes are left on a line for so many.
    TooLittleLeft(String, i64),
    /// This line has no money left until this day.
    BudgetUsedUp(String, NaiveDate),
    /// This line counts each site, and none is named.
    NoSite(String),
}

/// A rule that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub rule: Rule,
    /// The term that it comes from, such as `terms.services`.
    pub term: &'static str,
    /// Why.
    pub why: Why,
    /// What would pass, where that is simple: days as `2017-03-20/2019-12-31`, codes, names.
    pub passes: Vec<String>,
}

/// Looks whether a rule holds; otherwise why it fails, and what would pass.
type Judge = fn(&Convention, &Ask<'_>) -> Option<(Why, Vec<String>)>;

/// All rules with the terms that they come from, in the order in which they are told.
const RULES: [(Rule, &str, Judge); 12] = [
    (Rule::ConventionNotInForce, "terms.start_date", in_force),
    (Rule::ServiceNotCovered, "terms.services", service),
    (Rule::ReferrerNotParty, "terms.parties", referrer),
    (Rule::ProviderNotParty, "terms.parties", provider),
    (Rule::SiteNotInScope, "terms.sites", site),
    (Rule::PrescriberNotEntitled, "terms.prescribers", prescriber),
    (Rule::NotEligible, "terms.eligibility.patient_statuses", status),
    (Rule::NotEligible, "terms.eligibility.health_cover", cover),
    (Rule::NotEligible, "terms.eligibility.declared_reasons", reason),
    (Rule::NotEligible, "terms.eligibility.patient_wish", wish),
    (Rule::OutOfArea, "terms.eligibility.territories", territory),
    (Rule::MissingDocument, "terms.checklist", documents),
];

/// Admits, or names every rule that fails.
///
/// # Errors
/// Each failure.
pub fn admit(convention: &Convention, ask: &Ask<'_>) -> Result<Admission, Vec<Failure>> {
    let judged = RULES.iter().filter_map(|(rule, term, judge)| {
        judge(convention, ask).map(|(why, passes)| Failure { rule: *rule, term, why, passes })
    });
    let failed: Vec<_> = judged.chain(exhausted(convention, ask)).collect();
    if failed.is_empty() { Ok(Admission { convention_version: convention.terms_version }) } else { Err(failed) }
}

/// Nothing fails when `holds`.
fn unless(holds: bool, why: impl FnOnce() -> (Why, Vec<String>)) -> Option<(Why, Vec<String>)> {
    (!holds).then(why)
}

fn in_force(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let held = convention.days().is_some_and(|days| days.contains(ask.date));
    let (start, last) = (convention.terms.start_date, convention.last_day);
    let why = match convention.state {
        _ if held && convention.admits() => return None,
        State::Draft => Why::NotSigned,
        State::Suspended if held => Why::Suspended,
        State::Terminated if held => Why::Halted,
        State::Terminated if ask.date > last && ask.date <= convention.terms.end_date => Why::Terminated(last),
        _ if ask.chain.len() > 1 => Why::OutsideOfChain(ask.chain.to_vec()),
        _ => Why::OutsideOfDates(start, last),
    };
    Some((why, ask.chain.iter().map(Days::to_string).collect()))
}

fn service(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let services = &convention.terms.services;
    let covered = services.iter().any(|service| service.code.is_same(ask.service.0, ask.service.1));
    let codes = || services.iter().map(|service| format!("{}|{}", service.code.system, service.code.code)).collect();
    unless(covered, || (Why::OtherService(ask.service.1.into()), codes()))
}

fn referrer(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    unless(convention.terms.is_party(ask.referrer, Role::Referrer), || (Why::NoReferrer, Vec::new()))
}

fn provider(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let parties = convention.terms.parties.iter().filter(|party| party.role == Role::Provider);
    let holds = convention.terms.is_party(ask.provider, Role::Provider);
    unless(holds, || (Why::NoProvider, parties.map(|party| party.organisation.to_string()).collect()))
}

fn site(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let sites = &convention.terms.sites;
    let received = sites.is_empty() || ask.site.is_none_or(|site| sites.contains(&site));
    unless(received, || (Why::OtherSite, sites.iter().map(ToString::to_string).collect()))
}

fn prescriber(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let wanted = &convention.terms.conditions.prescribers;
    let register = || Some(wanted.register.clone()).filter(|register| !register.is_empty());
    let Some(registrations) = ask.prescriber else {
        return unless(!wanted.required, || (Why::NoPrescriber, register().into_iter().collect()));
    };
    let register = register()?;
    let entitled =
        registrations.iter().any(|entry| entry.identifier.system == register && entry.is_valid_on(ask.today));
    unless(entitled, || (Why::NotRegistered(ask.today, register.clone()), vec![register]))
}

fn status(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let statuses = &convention.terms.conditions.eligibility.patient_statuses;
    let has_one = statuses.is_empty() || statuses.contains(&ask.situation.patient_status);
    unless(has_one, || (Why::OtherStatus, statuses.clone()))
}

fn cover(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let holds = match convention.terms.conditions.eligibility.health_cover {
        Cover::Any => true,
        Cover::None => ask.situation.health_cover == HealthCover::None,
    };
    unless(holds, || (Why::NotWithoutCover, vec![HealthCover::None.as_str().into()]))
}

fn reason(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let reasons = &convention.terms.conditions.eligibility.declared_reasons;
    let declared = reasons.is_empty() || reasons.contains(&ask.situation.declared_reason);
    unless(declared, || (Why::OtherReason, reasons.clone()))
}

fn wish(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let asked = convention.terms.conditions.eligibility.patient_wish;
    unless(!asked || ask.situation.patient_wish, || (Why::NotWished, Vec::new()))
}

fn territory(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let territories = &convention.terms.conditions.eligibility.territories;
    let within = territories.is_empty() || territories.contains(&ask.situation.territory);
    unless(within, || (Why::OtherTerritory, territories.clone()))
}

fn documents(convention: &Convention, ask: &Ask<'_>) -> Option<(Why, Vec<String>)> {
    let wanted = convention.terms.conditions.checklist.iter();
    let missing: Vec<_> = wanted.filter(|kind| !ask.situation.documents.contains(kind)).cloned().collect();
    unless(missing.is_empty(), || (Why::NoDocument(missing.clone()), missing))
}

#[cfg(test)]
mod tests;
