//! How a slot meets what a referral wishes for: facts beside each slot, so that people choose.

use super::Found;
use crate::domain::Referral;

/// What a referral may wish for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The site.
    Site,
    /// The day, or a later one.
    Date,
    /// Somebody who interprets.
    Interpreter,
    /// Access with a wheelchair.
    Wheelchair,
}

/// Each wish that a referral has, and whether a slot meets it.
pub fn facts(referral: &Referral, slot: &Found) -> Vec<(Wish, bool)> {
    let needs = &referral.needs;
    let language = &needs.interpreter_language;
    let wishes = [
        (referral.site.is_some(), Wish::Site, referral.site == Some(slot.time.site)),
        (true, Wish::Date, slot.day >= referral.requested_date),
        (!language.is_empty(), Wish::Interpreter, slot.interpreter_languages.contains(language)),
        (needs.wheelchair, Wish::Wheelchair, slot.wheelchair_access),
    ];
    wishes.into_iter().filter(|(wished, ..)| *wished).map(|(_, wish, met)| (wish, met)).collect()
}
