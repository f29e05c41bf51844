//! Slots of a rule, made some days at a time, up to its horizon.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use relais_platform::{
    Result,
    database::Unit,
    timers::{self, Timer, Urgency},
};

use crate::{
    domain::opening::{OpeningRule, Site, slots},
    store,
    timers::MAKE_SLOTS,
};

/// The most days of which slots are made in one unit.
const STRETCH: u64 = 31;

/// Makes the slots of a rule's next days, and sets the timer for those after. The site is locked: so that no closure is
/// overlooked.
pub(super) async fn make(unit: &mut Unit<'_>, rule: &OpeningRule, site: &Site) -> Result<()> {
    let now = unit.now();
    let today = local_day(site, now);
    let next = rule.made_until.map_or(today, |made| made.max(today - Days::new(1)) + Days::new(1));
    let from = next.max(rule.valid_from);
    let horizon = today + Days::new(rule.advance_days.unsigned_abs().into());
    let last = rule.valid_until.map_or(horizon, |until| until.min(horizon));
    let until = last.min(from + Days::new(STRETCH - 1));
    if from <= until {
        let closures = store::closure::list_between(unit, rule.site.id, from, until).await?;
        let mut openings = slots(rule, site, &closures, from..=until)?;
        openings.retain(|opening| opening.start > now);
        store::slot::insert(unit, rule, &openings).await?;
        store::opening_rule::note_made(unit, rule.id, until).await?;
    }
    let due_at = if until < last { Some(now) } else { again(rule, horizon, now) };
    match due_at {
        Some(due_at) => {
            let timer = Timer { kind: MAKE_SLOTS.into(), subject: rule.id.0, due_at, urgency: Urgency::Routine };
            timers::set(unit, &timer);
            Ok(())
        }
        None => timers::clear(unit, MAKE_SLOTS, rule.id.0).await,
    }
}

/// When the horizon has reached another day of the rule; never, when the rule ends before.
fn again(rule: &OpeningRule, horizon: NaiveDate, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ends = rule.valid_until.is_some_and(|until| until <= horizon);
    let days = (rule.valid_from - horizon).num_days().max(1);
    (!ends).then(|| now + TimeDelta::days(days))
}

/// The day by the clocks of a site; of a zone that this program does not know, by UTC.
fn local_day(site: &Site, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Tz::from_str(&site.time_zone).unwrap_or(Tz::UTC)).date_naive()
}
