//! Terms that commit less commit no less than was reserved and used already.

use relais_platform::{Error, Result, database::Unit, error::Violation};

use crate::{domain::convention::Convention, store::convention};

/// Refuses terms of which a line commits less than before, and less than is reserved and used, in a period that they judge. They are
/// signed in the unit already; nobody takes any more of those lines until it ends, so that the answer holds, and
/// [`adopt_terms`](convention::adopt_terms) then brings the meters to them.
///
/// # Errors
/// FAILED_PRECONDITION with each such line.
pub async fn ensure_not_below_use(unit: &mut Unit<'_>, signed: &Convention) -> Result<()> {
    let short = convention::list_shortfalls(unit, signed).await?;
    if short.is_empty() {
        return Ok(());
    }
    let rule = |(line, committed, taken): (String, i64, i64)| {
        let told = format!("line {line} would commit {committed}, and {taken} are reserved or used");
        Violation::new("committed-below-use", told).of("terms.lines", vec![taken.to_string()])
    };
    Err(Error::refused("COMMITTED_BELOW_USE", short.into_iter().map(rule).collect()))
}
