//! The terms that judge a day on a line.

use chrono::NaiveDate;
use relais_platform::{Result, database::Unit};

use crate::{
    domain::convention::{Convention, State, Terms},
    store::convention,
};

/// A convention as it stands now, with the terms that judge a day on a line of it: what is signed for later days changes nothing before
/// them. Its end is the one that was agreed last, so that a period is the same by all of them. Where no such line is signed, it is what
/// it was.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub(super) async fn terms_on(
    unit: &mut Unit<'_>,
    agreed: Convention,
    (line_id, day): (&str, NaiveDate),
) -> Result<Convention> {
    if agreed.state == State::Draft {
        return Ok(agreed);
    }
    let number = convention::judging_version(unit, agreed.id, line_id, day).await?;
    let Some(number) = number.filter(|number| *number != agreed.terms_version) else { return Ok(agreed) };
    let judge = convention::get_version(unit, agreed.id, number).await?;
    let terms = Terms { end_date: agreed.terms.end_date, ..judge.terms };
    Ok(Convention { terms_version: number, terms, effective_date: judge.effective_date, ..agreed })
}
