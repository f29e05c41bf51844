//! Meters as expenses and staff time move them: of their own accord, and for no referral.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, SiteId},
};
use uuid::Uuid;

use super::settle::tell_crossing;
use crate::{
    domain::convention::{Convention, Line, place_of},
    store::convention::{Asked, Moving, meter_site, settle_meters},
};

/// What something takes of a line by itself.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// Which: the expense, the staff time.
    pub subject: Uuid,
    /// What made it take that, such as its version: once for each.
    pub source: String,
    /// The version of the terms of whose line it is.
    pub terms_version: i64,
    /// The day that it counts for.
    pub date: NaiveDate,
    /// Where.
    pub site: Option<Child<SiteId>>,
    /// What is to be reserved.
    pub reserved: i64,
    /// What is used. That happened already: it may go beyond what is committed.
    pub used: i64,
}

/// Brings the meter of a line to what something takes of it; says whether it could: a firm line refuses what is to be reserved and is not
/// left.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub(super) async fn settle_own(unit: &mut Unit<'_>, agreed: &Convention, line: &Line, own: Own) -> Result<bool> {
    let terms = &agreed.terms;
    let period = line.period((terms.start_date, terms.end_date), own.date);
    let asked = Asked {
        line_id: line.line_id.clone(),
        terms_version: own.terms_version,
        period_start: period.0,
        period_end: period.1,
        site: meter_site(line, place_of(line, own.site)),
        committed: line.committed,
        holder: own.subject,
        reserved: Some(own.reserved),
        used: Some(own.used),
        exceeds: !line.is_firm() || own.reserved == 0,
        fact: own.used > 0,
        moves: false,
        local_date: own.date,
        place: own.site.map(|site| site.id.0),
        approver: String::new(),
        percents: terms.conditions.thresholds.clone(),
        in_turn: false,
    };
    let moving = Moving { convention: agreed.id, subject: own.subject, referral: None, source: own.source };
    let settled = settle_meters(unit, &moving, &[asked]).await?;
    for crossing in &settled.crossed {
        let site = own.site.filter(|site| site.id == crossing.site);
        let named = (agreed.id, agreed.display_name.as_str());
        tell_crossing(unit, named, &terms.parties, crossing, site.map(|site| site.to_string()));
    }
    Ok(settled.short.is_empty())
}
