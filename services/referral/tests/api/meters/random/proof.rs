//! What must hold of all meters: after each round, and at the end.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_platform::ids::parse_uuid;
use uuid::Uuid;

use super::{super::*, agreed::Agreed};

/// Firm lines on which more is reserved and used than was committed. Facts that found no place may be beyond it, and those whom somebody
/// let through by name.
const OVERRUN: &str = "
    SELECT count(*) FROM meter m
    CROSS JOIN LATERAL (SELECT sum(reserved + used) AS taken FROM meter_stripe WHERE meter_id = m.id) AS s
    CROSS JOIN LATERAL (SELECT COALESCE(sum(greatest(0, reserved + used)), 0) AS facts FROM meter_entry
                        WHERE meter_id = m.id AND (used > 0 OR reserved > 0 AND approver <> '')) AS e
    WHERE s.taken > m.committed + e.facts AND EXISTS (
        SELECT FROM convention_line l WHERE (l.convention_id, l.version, l.line_id) = (m.convention_id, m.terms_version, m.line_id)
            AND l.kind = 'firm')";
/// Referrals that are closed and hold a place.
const KEPT: &str = "SELECT count(*) FROM meter_claim c JOIN referral r ON r.id = c.referral_id
                    WHERE c.reserved > 0 AND r.owner_id IS NULL";
/// Staff time that lapsed or was given back, and holds some; that is planned or was worked, and holds another amount.
const STAFF: &str = "
    SELECT count(*) FROM staff_time t
    CROSS JOIN LATERAL (SELECT state, worked_minutes FROM staff_time_step WHERE staff_time_id = t.id
                        ORDER BY version DESC LIMIT 1) AS s
    JOIN meter_claim c ON c.subject_id = t.id
    WHERE (c.reserved, c.used) <> (CASE s.state WHEN 'reserved' THEN t.planned_minutes ELSE 0 END, s.worked_minutes)";
/// Staff time that nobody confirmed in time.
const LAPSED: &str = "SELECT count(*) FROM staff_time t WHERE t.work_date < current_date - 5
    AND (SELECT state FROM staff_time_step WHERE staff_time_id = t.id ORDER BY version DESC LIMIT 1) = 'reserved'";
/// Referrals that are open and hold none, of a line where none is admitted without one.
const UNHELD: &str = "
    SELECT count(*) FROM referral r
    JOIN convention_line l ON (l.convention_id, l.version) = (r.convention_id, r.convention_version)
        AND l.measure IN ('acts', 'persons') AND l.kind = 'firm' AND l.on_exhausted = 'refuse' AND l.reserve_at = 'submission'
    LEFT JOIN meter_claim c ON c.subject_id = r.id AND c.line_id = l.line_id
    WHERE r.owner_id IS NOT NULL AND COALESCE(c.reserved + c.used, 0) = 0";
/// Meters whose stripes hold something that no claim asks for, or the other way round: who shares a place counts once.
const ASTRAY: &str = "
    SELECT count(*) FROM meter m
    CROSS JOIN LATERAL (SELECT sum(reserved) AS reserved, sum(used) AS used FROM meter_stripe WHERE meter_id = m.id) AS s
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(CASE WHEN h.used > 0 THEN 0 ELSE h.reserved END), 0) AS reserved, COALESCE(sum(h.used), 0) AS used
        FROM (SELECT max(c.reserved) AS reserved, max(c.used) AS used FROM meter_claim c
              WHERE c.meter_id = m.id GROUP BY c.holder_id) AS h) AS p
    WHERE (s.reserved, s.used) <> (p.reserved, p.used)";

/// Who waits for a place that is left.
const OVERLOOKED: &str = "
    SELECT count(*) FROM waiting w WHERE w.offer_expire_time IS NULL AND w.rest_until IS NULL AND EXISTS (
        SELECT FROM meter_stripe s WHERE s.meter_id = w.meter_id AND s.available > 0)";

/// Nothing is overrun at any moment.
pub async fn ensure_kept(agreed: &Agreed) -> Result<()> {
    let world = &agreed.metered.partners.world;
    assert_eq!(world.count(OVERRUN).await?, 0, "more is reserved and used than was committed");
    Ok(())
}

/// A meter: its line, its first day, its site; committed, reserved, used, left, beyond.
type Stands = (String, NaiveDate, Uuid, [i64; 5]);

/// Everybody holds what they should, and what is told of each meter is the sum of its entries, added up here.
pub async fn ensure_told(agreed: &Agreed) -> Result<()> {
    let world = &agreed.metered.partners.world;
    world.until_count(OVERLOOKED, 0).await?;
    world.until_count(LAPSED, 0).await?;
    let lapsed = "SELECT least(1, count(*)) FROM staff_time_step WHERE state = 'lapsed'";
    assert_eq!(world.count(lapsed).await?, 1, "nothing lapsed");
    for (wrong, what) in [
        (KEPT, "closed, and holds a place"),
        (UNHELD, "open, and holds none"),
        (STAFF, "staff time holds what it should not"),
        (ASTRAY, "what is held is not what is taken"),
    ] {
        assert_eq!(world.count(wrong).await?, 0, "{what}");
    }
    let kinds = "SELECT count(DISTINCT kind) FROM meter_entry";
    assert_eq!(world.count(kinds).await?, 5, "committed, reserved, used, released, countered");
    let moved = "SELECT count(DISTINCT (m.line_id, m.period_start)) FROM meter m WHERE m.line_id = 'monthly'";
    assert!(world.count(moved).await? >= 3, "months");
    let at_sites = "SELECT count(DISTINCT (m.line_id, m.site_id)) FROM meter m WHERE m.line_id IN ('at-site', 'staff')";
    assert!(world.count(at_sites).await? >= 4, "places of two sites or more, and staff of two");
    for convention in agreed.conventions() {
        let (told, entered) = (told(agreed, convention).await?, entered(agreed, convention).await?);
        assert!(!entered.is_empty(), "nothing was entered of {convention}");
        for meter in entered {
            assert!(told.contains(&meter), "{meter:?} was entered, and told are {told:?}");
        }
    }
    Ok(())
}

/// What parties are told of the periods that hold this day.
async fn told(agreed: &Agreed, convention: &str) -> Result<Vec<Stands>> {
    let request = GetUsageRequest { name: convention.into(), ..GetUsageRequest::default() };
    let usage = agreed.metered.partners.lab.conventions().get_usage(request).await?.into_inner();
    let stands = |meter: Meter| {
        let start = meter.period_start.unwrap_or_default();
        let first = NaiveDate::from_ymd_opt(start.year, start.month.try_into()?, start.day.try_into()?);
        let site = meter.site.rsplit('/').next().and_then(parse_uuid).unwrap_or_default();
        let figures = [meter.committed, meter.reserved, meter.used, meter.left, meter.beyond];
        Ok((meter.line_id, first.context("no day")?, site, figures))
    };
    usage.meters.into_iter().map(stands).collect()
}

/// What the entries of those meters amount to.
async fn entered(agreed: &Agreed, convention: &str) -> Result<Vec<Stands>> {
    let id = convention.strip_prefix("conventions/").and_then(parse_uuid).context("no convention")?;
    let entries: Vec<(String, NaiveDate, Uuid, i64, i64, i64)> = sqlx::query_as(
        "SELECT m.line_id, m.period_start, m.site_id, sum(e.committed)::bigint, sum(e.reserved)::bigint, sum(e.used)::bigint
         FROM meter m JOIN meter_entry e ON e.meter_id = m.id
         WHERE m.convention_id = $1 AND $2 BETWEEN m.period_start AND m.period_end GROUP BY m.id",
    )
    .bind(id)
    .bind(agreed.metered.partners.today)
    .fetch_all(&agreed.metered.partners.world.database)
    .await?;
    let stands = |(line, first, site, committed, reserved, used): (String, NaiveDate, Uuid, i64, i64, i64)| {
        // A line that is only counted commits nothing, and has nothing left or beyond.
        let spare = if committed == 0 { 0 } else { committed - reserved - used };
        (line, first, site, [committed, reserved, used, spare.max(0), (-spare).max(0)])
    };
    Ok(entries.into_iter().map(stands).collect())
}
