//! What a search reads: places of a provider, whether they have a slot, and slots in the order of [`crate::domain::matching`].
//!
//! Slots are read rule by rule in the order of time, each as far as it is needed, and brought together: one walk over all of a
//! provider's slots would be planned as a sort of them, with every seat counted before. What no slot meets costs a walk over the
//! days that are searched.

use chrono::{DateTime, Days, NaiveDate, Utc};
use relais_platform::{
    Result,
    database::Unit,
    ids::{Child, OpeningRuleId, SiteId},
};
use sqlx::types::Json;
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::{
    Referral, Time,
    matching::{Access, Key, Place, Seen, Window},
    opening::Found,
};

/// Days that are searched, by the clocks of each site.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub until: NaiveDate,
}

impl Span {
    /// No clock is further from UTC than a day: so the index ends the scan.
    fn end(self) -> NaiveDate {
        self.until.checked_add_days(Days::new(2)).unwrap_or(self.until)
    }
}

/// Lists the places of the referral's provider at which what it asks for is done on some of these days; of one site when that is
/// given.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_places(
    unit: &mut Unit<'_>,
    referral: &Referral,
    site: Option<SiteId>,
    span: Span,
) -> Result<Vec<Place>> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.site_id, r.wheelchair_access, r.interpreter_languages, t.access AS "access: Json<Access>"
           FROM site t JOIN opening_rule r ON r.site_id = t.id
           WHERE t.organisation_id = $1 AND ($2::uuid IS NULL OR t.id = $2)
             AND r.valid_from <= $4 AND (r.valid_until IS NULL OR r.valid_until >= $3)
             AND EXISTS (SELECT FROM opening_rule_service v WHERE v.rule_id = r.id AND v.system = $5 AND v.code = $6)
           ORDER BY r.site_id, r.id"#,
        referral.provider.0,
        site.map(|site| site.0),
        span.from,
        span.until,
        referral.service_system,
        referral.service_code,
    );
    let rows = query.with_operation("SELECT", "site").fetch_all(unit.sql()).await?;
    let place = |row| {
        let Row { id, site_id, wheelchair_access, interpreter_languages, access } = row;
        let (rule, site) = (id.into(), Child::new(referral.provider, site_id.into()));
        Place { rule, site, wheelchair_access, interpreter_languages, access: access.0 }
    };
    Ok(rows.into_iter().map(place).collect())
}

/// Windows as arrays, each with the number of what it belongs to.
#[derive(Debug, Default)]
struct Windows {
    of: Vec<i32>,
    weekdays: Vec<i16>,
    from: Vec<i16>,
    until: Vec<i16>,
    latest: Vec<NaiveDate>,
}

impl Windows {
    fn new<'a>(windows: impl IntoIterator<Item = (i32, &'a Window)>) -> Self {
        let mut all = Self::default();
        for (of, window) in windows {
            all.of.push(of);
            all.weekdays.push(window.weekdays);
            all.from.push(window.from);
            all.until.push(window.until);
            all.latest.push(window.latest);
        }
        all
    }
}

/// A question: which is the first free slot of this rule within all of these windows?
#[derive(Debug, Clone)]
pub struct Probe {
    /// The rule.
    pub rule: OpeningRuleId,
    /// The windows.
    pub windows: Vec<Window>,
}

/// Answers probes, each with its first free slot that has not begun, and its position among them; those without one are left out.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn probe(unit: &mut Unit<'_>, span: Span, probes: &[Probe]) -> Result<Vec<(usize, Seen)>> {
    let now = unit.now();
    let rules: Vec<_> = probes.iter().map(|probe| probe.rule.0).collect();
    let windows = probes.iter().zip(0..).flat_map(|(probe, of)| probe.windows.iter().map(move |window| (of, window)));
    let windows = Windows::new(windows);
    let query = sqlx::query_as!(
        Hit,
        r#"SELECT q.of AS "of!", f.id AS "id!", f.start_time AS "start_time!", f.local_date AS "local_date!",
                  f.time_zone AS "time_zone!"
           FROM unnest($1::uuid[]) WITH ORDINALITY AS q(rule_id, of)
           CROSS JOIN LATERAL (
               SELECT s.id, s.start_time, s.local_date, t.time_zone FROM slot s JOIN site t ON t.id = s.site_id
               WHERE s.rule_id = q.rule_id AND s.local_date BETWEEN $2 AND $3 AND s.start_time > $4 AND s.start_time < $5::date
                 AND NOT EXISTS (
                     SELECT FROM unnest($6::int[], $7::int2[], $8::int2[], $9::int2[], $10::date[])
                         AS w(of, weekdays, from_minute, until_minute, last_day)
                     WHERE w.of = q.of - 1 AND NOT slot_fits(s.local_date, s.start_time, t.time_zone, w.weekdays,
                         w.from_minute, w.until_minute, w.last_day))
                 AND EXISTS (
                     SELECT FROM seat e WHERE e.slot_id = s.id AND NOT e.walk_in AND NOT EXISTS (
                         SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number
                             AND (c.held_until IS NULL OR c.held_until > $4)))
               ORDER BY s.start_time LIMIT 1) AS f"#,
        &rules,
        span.from,
        span.until,
        now,
        span.end(),
        &windows.of,
        &windows.weekdays,
        &windows.from,
        &windows.until,
        &windows.latest,
    );
    let rows = query.with_operation("SELECT", "slot").fetch_all(unit.sql()).await?;
    let seen = |row| {
        let Hit { of, id, start_time, local_date, time_zone } = row;
        (usize::try_from(of - 1).unwrap_or_default(), Seen::new(id.into(), start_time, local_date, &time_zone))
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// Slots of one score.
#[derive(Debug)]
pub struct Stretch<'a> {
    /// On which days.
    pub span: Span,
    /// Of which rules; each with what wishes for a time must add to make the score, and how far its site is on foot.
    pub rules: Vec<(OpeningRuleId, i32, i32)>,
    /// Windows that hold them.
    pub musts: &'a [Window],
    /// Windows that are wished for, each with its weight.
    pub wishes: &'a [(Window, i32)],
    /// Slots after this one.
    pub after: Option<Key>,
    /// At most so many.
    pub limit: i64,
}

/// Lists slots of one score with a free seat, that have not begun: by their beginning, the way on foot, the site and the id.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_slots(unit: &mut Unit<'_>, referral: &Referral, stretch: Stretch<'_>) -> Result<Vec<Found>> {
    let rules = i64::try_from(stretch.rules.len()).unwrap_or(i64::MAX).max(1);
    // Rules share a page: a few of each are enough, unless one of them gave all that it was asked for.
    let few = (2 * stretch.limit / rules + 2).min(stretch.limit);
    let found = read_slots(unit, referral, &stretch, few).await?;
    let gave = |rule| found.iter().filter(|slot| slot.rule == rule).count();
    let whole = stretch.rules.iter().all(|(rule, ..)| i64::try_from(gave(*rule)).is_ok_and(|gave| gave < few));
    if whole || few == stretch.limit { Ok(found) } else { read_slots(unit, referral, &stretch, stretch.limit).await }
}

/// Reads the first slots of a stretch, at most `each` of a rule.
async fn read_slots(unit: &mut Unit<'_>, referral: &Referral, stretch: &Stretch<'_>, each: i64) -> Result<Vec<Found>> {
    let (now, windows) = (unit.now(), stretch.windows());
    let (rules, needed, walking) = stretch.columns();
    let (start, way, site, slot) = stretch.place(now);
    let query = sqlx::query_as!(
        Slot,
        r#"SELECT s.id, r.site_id, r.id AS rule_id, s.start_time, s.end_time, s.local_date, t.time_zone,
                  r.wheelchair_access, r.interpreter_languages, s.free AS "free!"
           FROM unnest($1::uuid[], $2::int[], $3::int[]) AS p(rule_id, needed, walking)
           JOIN opening_rule r ON r.id = p.rule_id JOIN site t ON t.id = r.site_id
           CROSS JOIN LATERAL (
               SELECT s.id, s.start_time, s.end_time, s.local_date, f.free FROM slot s
               CROSS JOIN LATERAL (
                   SELECT COALESCE(sum(w.weight) FILTER (WHERE h.holds), 0) AS score,
                          COALESCE(bool_and(h.holds) FILTER (WHERE w.weight = 0), true) AS held
                   FROM unnest($4::int[], $5::int2[], $6::int2[], $7::int2[], $8::date[]) AS w(weight, days, since, until, last)
                   CROSS JOIN LATERAL (SELECT slot_fits(s.local_date, s.start_time, t.time_zone, w.days, w.since, w.until,
                       w.last) AS holds) AS h) AS w
               CROSS JOIN LATERAL (
                   SELECT count(*) AS free FROM seat e WHERE e.slot_id = s.id AND NOT e.walk_in AND NOT EXISTS (
                       SELECT FROM seat_claim c WHERE c.slot_id = e.slot_id AND c.number = e.number
                           AND (c.held_until IS NULL OR c.held_until > $9))) AS f
               WHERE s.rule_id = p.rule_id AND s.local_date BETWEEN $10 AND $11 AND s.start_time > $9
                 AND s.start_time < $12::date AND s.start_time >= $13
                 AND (s.start_time, p.walking, s.site_id, s.id) > ($13, $14, $15, $16)
                 AND w.held AND w.score = p.needed AND f.free > 0
               ORDER BY s.start_time LIMIT $17) AS s
           ORDER BY s.start_time, p.walking, r.site_id, s.id LIMIT $18"#,
        &rules,
        &needed,
        &walking,
        &windows.of,
        &windows.weekdays,
        &windows.from,
        &windows.until,
        &windows.latest,
        now,
        stretch.span.from,
        stretch.span.until,
        stretch.span.end(),
        start,
        way,
        site,
        slot,
        each,
        stretch.limit,
    );
    let rows = query.with_operation("SELECT", "slot").fetch_all(unit.sql()).await?;
    Ok(rows.into_iter().map(|row| row.found(referral)).collect())
}

impl Stretch<'_> {
    /// Its windows: those that hold a slot have no weight, and each of them must.
    fn windows(&self) -> Windows {
        let musts = self.musts.iter().map(|window| (0, window));
        Windows::new(musts.chain(self.wishes.iter().map(|(window, weight)| (*weight, window))))
    }

    /// Its rules, by columns.
    fn columns(&self) -> (Vec<Uuid>, Vec<i32>, Vec<i32>) {
        self.rules.iter().map(|(rule, needed, walking)| (rule.0, *needed, *walking)).collect()
    }

    /// After which place it goes on; before all that begins from now on, when it begins.
    fn place(&self, now: DateTime<Utc>) -> (DateTime<Utc>, i32, Uuid, Uuid) {
        let after = self.after.map(|key| (key.start, key.walking, key.site.0, key.slot.0));
        after.unwrap_or((now, -1, Uuid::nil(), Uuid::nil()))
    }
}

struct Row {
    id: Uuid,
    site_id: Uuid,
    wheelchair_access: bool,
    interpreter_languages: Vec<String>,
    access: Json<Access>,
}

struct Hit {
    of: i64,
    id: Uuid,
    start_time: DateTime<Utc>,
    local_date: NaiveDate,
    time_zone: String,
}

struct Slot {
    id: Uuid,
    site_id: Uuid,
    rule_id: Uuid,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    local_date: NaiveDate,
    time_zone: String,
    wheelchair_access: bool,
    interpreter_languages: Vec<String>,
    free: i64,
}

impl Slot {
    fn found(self, referral: &Referral) -> Found {
        Found {
            time: Time {
                slot: self.id.into(),
                site: Child::new(referral.provider, self.site_id.into()),
                start: self.start_time,
                end: self.end_time,
                time_zone: self.time_zone,
            },
            rule: self.rule_id.into(),
            free: self.free,
            day: self.local_date,
            wheelchair_access: self.wheelchair_access,
            interpreter_languages: self.interpreter_languages,
        }
    }
}
