//! The life of a convention after it was entered: edited while it is a draft, amended once it is signed, suspended, resumed,
//! terminated. Each change is the next version of the convention; signed terms never change.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use relais_platform::{
    error::{Error, Result, Violation},
    text_enum,
};

use super::{Convention, Party, State, Terms, Version};

text_enum! {
    /// Why a convention is suspended or terminated.
    pub enum Reason {
        /// The partners agree on it.
        Agreement = "agreement",
        /// A partner does not keep to what was agreed.
        Breach = "breach",
        /// Patients would not be safe.
        Safety = "safety",
        /// Nobody pays any more.
        Funding = "funding",
        /// There is no capacity.
        Capacity = "capacity",
        /// A law or an authority demands it.
        Law = "law",
        /// Another one.
        Other = "other",
    }
}

text_enum! {
    /// Where a convention stands on a day.
    pub enum Stage {
        /// It is not signed.
        Draft = "draft",
        /// Its first day is to come.
        NotYet = "not-yet",
        /// It admits.
        InForce = "in-force",
        /// It admits nothing until it is resumed.
        Suspended = "suspended",
        /// It is over, and what was admitted before may still be done.
        RunOff = "run-off",
        /// It is over.
        Expired = "expired",
        /// It is over, and another one renews it.
        Renewed = "renewed",
        /// It is over, or admits no more: it was terminated.
        Terminated = "terminated",
    }
}

impl Convention {
    /// The last day on which what was admitted may still be done.
    pub fn run_off_until(&self) -> NaiveDate {
        let days = u64::try_from(self.terms.conditions.run_off_days).unwrap_or_default();
        self.last_day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
    }

    /// Where it stands on a day.
    pub fn stage(&self, today: NaiveDate) -> Stage {
        let over = today > self.last_day;
        match self.state {
            State::Draft => Stage::Draft,
            State::Suspended if !over => Stage::Suspended,
            State::Terminated if !over && (self.halted || self.days().is_none()) => Stage::Terminated,
            _ if !over && today < self.terms.start_date => Stage::NotYet,
            _ if !over => Stage::InForce,
            _ if today <= self.run_off_until() => Stage::RunOff,
            State::Terminated => Stage::Terminated,
            _ if self.renewed => Stage::Renewed,
            _ => Stage::Expired,
        }
    }

    fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }
}

fn refused<T>(reason: &'static str, rule: &str, told: &str) -> Result<T> {
    Err(Error::refused(reason, vec![Violation::new(rule, told)]))
}

fn not_signed<T>(told: &str) -> Result<T> {
    refused("CONVENTION_NOT_SIGNED", "convention-not-signed", told)
}

/// The draft with another name or other terms.
///
/// # Errors
/// FAILED_PRECONDITION when it is signed: that never changes.
pub fn edit(draft: Convention, display_name: Option<String>, terms: Option<Terms>) -> Result<Convention> {
    if draft.state != State::Draft {
        return refused("CONVENTION_SIGNED", "convention-signed", "what was signed does not change: it is amended");
    }
    let draft = Convention { display_name: display_name.unwrap_or(draft.display_name.clone()), ..draft.next() };
    Ok(match terms {
        None => draft,
        Some(terms) => Convention {
            effective_date: terms.start_date,
            last_day: terms.end_date,
            terms,
            entered: draft.entered + 1,
            ..draft
        },
    })
}

/// The convention with an amendment that is open: other terms between the same parties from the same first day, which judge from
/// a day on. Another circle of partners, or another beginning, is another convention.
///
/// # Errors
/// FAILED_PRECONDITION with every rule that fails.
pub fn amend(signed: Convention, terms: Terms, effective_date: NaiveDate, today: NaiveDate) -> Result<Convention> {
    if !matches!(signed.state, State::Signed | State::Suspended) {
        return not_signed("only a signed convention is amended; a draft is edited");
    }
    let mut faults = Vec::new();
    let mut ensure = |holds: bool, rule: &str, told: &str| {
        if !holds {
            faults.push(Violation::new(rule, told));
        }
    };
    ensure(signed.amendment.is_none(), "amendment-open", "another amendment is open: sign or discard it first");
    ensure(
        terms.start_date == signed.terms.start_date,
        "amendment-keeps-start",
        "the first day stays as it was agreed",
    );
    let parties = |terms: &Terms| terms.parties.iter().copied().collect::<HashSet<Party>>();
    let same = parties(&terms) == parties(&signed.terms);
    ensure(same, "amendment-keeps-parties", "the parties stay: others agree on a convention of their own");
    let kept = signed.terms.lines.iter().all(|line| terms.lines.iter().any(|new| new.counts_as(line)));
    ensure(kept, "amendment-keeps-lines", "each line stays, and what it counts; how much it commits may change");
    let in_turn = (signed.effective_date..=terms.end_date).contains(&effective_date);
    let told = "it judges from a day on that is not before that of the version signed last, nor after its own end";
    ensure(in_turn, "amendment-effective-date", told);
    let ends = terms.end_date >= today.min(signed.last_day);
    ensure(ends, "amendment-ends-in-past", "a convention does not end before today");
    if !faults.is_empty() {
        return Err(Error::refused("AMENDMENT_REFUSED", faults));
    }
    let entered = signed.entered + 1;
    let open = Version { number: entered, effective_date, signature_date: None, terms };
    Ok(Convention { amendment: Some(Box::new(open)), entered, ..signed.next() })
}

/// The convention without its open amendment.
///
/// # Errors
/// FAILED_PRECONDITION when there is none.
pub fn discard(amended: Convention) -> Result<Convention> {
    if amended.amendment.is_none() {
        return refused("NO_AMENDMENT", "no-amendment", "no amendment is open");
    }
    Ok(Convention { amendment: None, ..amended.next() })
}

/// The convention, suspended.
///
/// # Errors
/// FAILED_PRECONDITION unless it is signed and neither suspended nor terminated.
pub fn suspend(signed: Convention, reason: Reason) -> Result<Convention> {
    if signed.state != State::Signed {
        return not_signed("only a signed convention that is neither suspended nor terminated can be suspended");
    }
    Ok(Convention { state: State::Suspended, reason: Some(reason), ..signed.next() })
}

/// The convention, resumed.
///
/// # Errors
/// FAILED_PRECONDITION unless it is suspended.
pub fn resume(suspended: Convention) -> Result<Convention> {
    if suspended.state != State::Suspended {
        return refused("CONVENTION_NOT_SUSPENDED", "convention-not-suspended", "only a suspended one can be resumed");
    }
    Ok(Convention { state: State::Signed, reason: None, ..suspended.next() })
}

/// The convention, ended sooner; what was open of it is discarded.
///
/// # Errors
/// INVALID_ARGUMENT for a day that lies before today or after its last one; FAILED_PRECONDITION when it is a draft, is over, or was
/// terminated for that day already.
pub fn terminate(signed: Convention, last_day: NaiveDate, today: NaiveDate, reason: Reason) -> Result<Convention> {
    let invalid = |rule: &str| Err(Error::invalid(vec![Violation::new("last_day", rule)]));
    match signed.state {
        State::Draft => return not_signed("only a signed convention can be terminated"),
        State::Terminated if last_day >= signed.last_day => {
            return refused("CONVENTION_TERMINATED", "convention-terminated", "it ends no later than that already");
        }
        _ if today > signed.last_day => return refused("CONVENTION_OVER", "convention-over", "it is over"),
        _ if last_day < today => return invalid("must not be before today"),
        _ if last_day > signed.last_day => return invalid("must not be after the last day as it stands"),
        _ => {}
    }
    let halted = signed.halted || signed.state == State::Suspended;
    let (state, amendment) = (State::Terminated, None);
    Ok(Convention { state, halted, last_day, amendment, reason: Some(reason), ..signed.next() })
}

#[cfg(test)]
mod tests;
