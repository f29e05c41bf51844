//! Terms that change: a meter promises what the terms commit that judge its period, whoever opens it, and when.

use std::time::Duration;

use anyhow::Result;
use chrono::{Datelike, Days, Months, TimeDelta};
use relais_platform::{
    calls::check::time_to_proto,
    events::Event,
    ids::{AppointmentId, parse_uuid},
};
use relais_proto::{
    convention::v1::{Expense, Party, RecordExpenseRequest, ReserveStaffTimeRequest, StaffTime, party},
    events::v1::AppointmentMoved,
    referral::v1::{RedirectReferralRequest, referral::Reason},
};
use relais_tests::{date, rules};
use uuid::Uuid;

use super::{waiting::waits, *};
use crate::lifecycle::{accept_referral, advance};

const JUDGED: &str = "SELECT count(*) FROM referral_transition WHERE cause = 'judgement'";

fn monthly(line: Line) -> Line {
    Line { per: line::Per::Month.into(), ..line }
}

/// The first day of the month after so many.
fn month_in(today: NaiveDate, months: u32) -> NaiveDate {
    today.with_day(1).and_then(|first| first.checked_add_months(Months::new(months))).unwrap_or(today)
}

fn commit(committed: i64) -> impl FnOnce(&mut Terms) {
    move |terms| terms.lines[0].committed = committed
}

impl Metered {
    /// An accepted referral that wishes for one day, and is asked to come on another.
    async fn wish_and_ask(&self, wished: NaiveDate, asked: NaiveDate) -> Result<()> {
        let sent = self.submit(Referral { requested_date: day(wished), ..self.ask() }).await?;
        self.booked_for(&sent, asked).await
    }

    /// Accepts a referral, whose appointment asks for a day.
    async fn booked_for(&self, sent: &Referral, asked: NaiveDate) -> Result<()> {
        accept_referral(&self.partners.lab, &sent.name).await?;
        let (id, start) = (AppointmentId::draw(), asked.and_hms_opt(9, 0, 0).unwrap_or_default().and_utc());
        let moved = AppointmentMoved {
            appointment: id.to_string(),
            referral: sent.name.clone(),
            state: "pending".into(),
            previous: "proposed".into(),
            start_time: Some(time_to_proto(start)),
            end_time: Some(time_to_proto(start + TimeDelta::minutes(10))),
            time_zone: "Europe/Luxembourg".into(),
            local_date: Some(date(asked)),
            ..AppointmentMoved::default()
        };
        self.partners.world.tap.publish(id.0, 1, moved).await?;
        Ok(())
    }

    fn id(&self) -> Result<Uuid> {
        self.convention.strip_prefix("conventions/").and_then(parse_uuid).context("no convention")
    }

    /// What is committed and reserved in the period that begins on a day.
    async fn period(&self, starts: NaiveDate) -> Result<(i64, i64)> {
        let query = sqlx::query_as(
            "SELECT m.committed, sum(s.reserved)::bigint FROM meter m JOIN meter_stripe s ON s.meter_id = m.id
             WHERE m.period_start = $1 GROUP BY m.id",
        );
        Ok(query.bind(starts).fetch_one(&self.partners.world.database).await?)
    }
}

/// Whoever was admitted by the terms of before comes to a month that later ones judge.
#[tokio::test]
async fn a_month_has_the_places_of_the_terms_that_judge_it_whoever_comes_there_first() -> Result<()> {
    for (before, after, fit) in [(3, 1, 1), (1, 3, 2)] {
        let metered = Metered::agree(vec![monthly(firm(before))]).await?;
        let today = metered.partners.today;
        let (next, later) = (month_in(today, 1), month_in(today, 2));
        metered.amend(later, commit(after)).await?;
        for (wished, judged) in [(today, 1), (next, 2)] {
            metered.wish_and_ask(wished, later + Days::new(9)).await?;
            metered.partners.world.until_count(JUDGED, judged).await?;
        }
        assert_eq!(metered.period(later).await?, (after, fit), "{before}, then {after}");
        // What is left is the first's whom the new terms admit, and no more.
        let ask = || Referral { requested_date: day(later), ..metered.ask() };
        for _ in fit..after {
            metered.submit(ask()).await?;
        }
        assert_eq!(rules(&metered.submit(ask()).await.unwrap_err()), ["volume-exhausted"]);
        metered.end().await?;
    }
    Ok(())
}

/// Terms that judge from the middle of a month on judge it, as those do that meet a meter which is there.
#[tokio::test]
async fn terms_that_begin_within_a_period_judge_it_whether_its_meter_is_there_or_not() -> Result<()> {
    let metered = Metered::agree(vec![monthly(firm(5)), Line { line_id: "other".into(), ..monthly(firm(5)) }]).await?;
    let today = metered.partners.today;
    let next = month_in(today, 1);
    metered.amend(next + Days::new(9), |terms| terms.lines[0].committed = 2).await?;
    metered.submit(Referral { requested_date: day(next), ..metered.ask() }).await?;
    metered.send().await?;
    let committed: Vec<(NaiveDate, i64)> =
        sqlx::query_as("SELECT period_start, committed FROM meter WHERE line_id = 'places' ORDER BY period_start")
            .fetch_all(&metered.partners.world.database)
            .await?;
    assert_eq!(committed, [(month_in(today, 0), 5), (next, 2)]);
    metered.amend(next + Days::new(9), |terms| terms.lines[1].committed = 3).await?;
    let committed: Vec<(NaiveDate, i64)> =
        sqlx::query_as("SELECT period_start, committed FROM meter WHERE line_id = 'other' ORDER BY period_start")
            .fetch_all(&metered.partners.world.database)
            .await?;
    assert_eq!(committed, [(month_in(today, 0), 5), (next, 3)]);
    metered.end().await
}

/// Of a year in which nothing was taken, its own promise is told.
#[tokio::test]
async fn what_nobody_took_is_told_by_the_terms_that_judge_it() -> Result<()> {
    let metered = Metered::agree(vec![Line { per: line::Per::Year.into(), ..firm(5) }]).await?;
    metered.amend(metered.partners.today - Days::new(200) + Months::new(12), commit(50)).await?;
    assert_eq!((metered.meter().await?.committed, metered.stands().await?), (5, (0, 0, 5, 0)));
    metered.end().await
}

/// Whoever opens a meter while terms are signed that judge its period is waited for.
#[tokio::test]
async fn a_meter_that_is_opened_while_terms_are_signed_promises_what_they_commit() -> Result<()> {
    let metered = Metered::agree(vec![monthly(firm(5))]).await?;
    let next = month_in(metered.partners.today, 1);
    let mut opens = metered.partners.world.database.begin().await?;
    let open = sqlx::query("SELECT meter_open($1, 'places', $2, $2, $3, 5, 1, now())");
    open.bind(metered.id()?).bind(next).bind(Uuid::nil()).execute(&mut *opens).await?;
    let commits = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        opens.commit().await
    };
    let (committed, signed) = tokio::join!(commits, metered.amend(next, commit(2)));
    committed?;
    signed?;
    assert_eq!(metered.period(next).await?, (2, 0));
    metered.end().await
}

/// With a new month, as many are offered a place as the terms commit that judge it.
#[tokio::test]
async fn a_new_period_offers_what_its_own_terms_commit() -> Result<()> {
    let mut metered = Metered::agree(vec![monthly(waits(1))]).await?;
    let sent = [metered.send().await?, metered.send().await?, metered.send().await?, metered.send().await?];
    accept_referral(&metered.partners.lab, &sent[0].name).await?;
    metered.amend(month_in(metered.partners.today, 1), commit(2)).await?;
    advance(&mut metered.partners, TimeDelta::days(32)).await?;
    let offered = "SELECT count(*) FROM waiting WHERE offer_expire_time IS NOT NULL";
    metered.partners.world.until_count(offered, 2).await?;
    metered.end().await
}

/// What is spent this year is counted by the terms of this year, whatever is signed for the next.
#[tokio::test]
async fn an_expense_is_counted_by_the_terms_of_its_day() -> Result<()> {
    let money = |committed| Line {
        line_id: "salaries".into(),
        measure: line::Measure::Money.into(),
        currency: "EUR".into(),
        per: line::Per::Year.into(),
        ..firm(committed)
    };
    let metered = Metered::agree(vec![money(100_000)]).await?;
    let (today, by) = (metered.partners.today, &metered.partners.coordinator);
    let record = |amount| RecordExpenseRequest {
        expense: Some(Expense {
            convention: metered.convention.clone(),
            line_id: "salaries".into(),
            amount,
            currency: "EUR".into(),
            expense_date: day(today),
            code: "salary".into(),
            ..Expense::default()
        }),
        request_id: request_id(),
    };
    by.expenses().record_expense(record(60_000)).await?;
    let next_year = today - Days::new(200) + Months::new(12);
    metered.amend(next_year, commit(50_000)).await?;
    by.expenses().record_expense(record(1)).await?;
    assert_eq!(metered.stands().await?, (0, 60_001, 39_999, 0));
    let by_later = "SELECT count(*) FROM expense WHERE convention_version > 1";
    assert_eq!(metered.partners.world.count(by_later).await?, 0);
    metered.send().await?;
    metered.end().await
}

/// A line that is to be a target from a day on refuses before it.
#[tokio::test]
async fn staff_time_is_reserved_by_the_terms_of_its_day() -> Result<()> {
    let staff = Line {
        line_id: "staff".into(),
        measure: line::Measure::StaffMinutes.into(),
        counted_from: line::CountedFrom::Attendance.into(),
        ..firm(60)
    };
    let metered = Metered::agree(vec![staff]).await?;
    let (today, by) = (metered.partners.today, &metered.partners.coordinator);
    metered.amend(today + Days::new(9), |terms| terms.lines[0].kind = line::Kind::Soft.into()).await?;
    let reserve = |date| ReserveStaffTimeRequest {
        staff_time: Some(StaffTime {
            convention: metered.convention.clone(),
            line_id: "staff".into(),
            planned_minutes: 61,
            work_date: day(date),
            ..StaffTime::default()
        }),
        request_id: request_id(),
    };
    let refused = by.staff_times().reserve_staff_time(reserve(today + Days::new(8))).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    by.staff_times().reserve_staff_time(reserve(today + Days::new(9))).await?;
    assert_eq!(metered.stands().await?, (61, 0, 0, 1));
    metered.end().await
}

/// The database itself asks the signed terms what they commit, whatever a program says.
#[tokio::test]
async fn no_program_makes_a_meter_promise_more_than_is_signed() -> Result<()> {
    let metered = Metered::agree(vec![monthly(firm(5))]).await?;
    let world = &metered.partners.world;
    let (this, next) = (month_in(metered.partners.today, 0), month_in(metered.partners.today, 1));
    metered.send().await?;
    metered.enter(metered.partners.today, commit(50)).await?;
    let runtime = sqlx::PgPool::connect(world.settings.database.url.expose()).await?;
    let open = |line: &'static str, starts: NaiveDate| {
        let query = sqlx::query("SELECT referral.meter_open($1, $2, $3, $3, $4, 50, 2, now())");
        metered.id().map(|id| query.bind(id).bind(line).bind(starts).bind(Uuid::nil()).execute(&runtime))
    };
    for starts in [this, next] {
        open("places", starts)?.await?;
        assert_eq!(metered.period(starts).await?.0, 5, "{starts}");
    }
    let refused = open("nothing", next)?.await.unwrap_err();
    let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
    assert_eq!(code.as_deref(), Some("42501"), "{refused}");
    runtime.close().await;
    metered.end().await
}

/// Terms that end with the month.
fn until_month_end(today: NaiveDate) -> impl FnOnce(Terms) -> Terms {
    let last = month_in(today, 1) - Days::new(1);
    move |terms| Terms { end_date: day(last), ..terms }
}

/// Whoever was admitted before the end was put off has, in a month of the time that was added, a place of that month.
#[tokio::test]
async fn a_booking_in_the_time_that_was_added_has_a_place_there() -> Result<()> {
    let partners = Partners::meet().await?;
    let today = partners.today;
    let metered = Metered::under(partners, vec![monthly(firm(1))], until_month_end(today)).await?;
    let (next, later) = (month_in(today, 1), today + Days::new(200));
    let sent = metered.send().await?;
    metered.amend(today, |terms| terms.end_date = day(later)).await?;
    metered.booked_for(&sent, next + Days::new(9)).await?;
    metered.partners.world.until_count(JUDGED, 1).await?;
    assert_eq!(metered.period(next).await?, (1, 1));
    let ask = Referral { requested_date: day(next), ..metered.ask() };
    assert_eq!(rules(&metered.submit(ask).await.unwrap_err()), ["volume-exhausted"]);
    metered.end().await
}

/// Whoever waits when the end is put off is led to the months that were added.
#[tokio::test]
async fn who_waits_goes_on_to_the_time_that_was_added() -> Result<()> {
    let partners = Partners::meet().await?;
    let today = partners.today;
    let mut metered = Metered::under(partners, vec![monthly(waits(1))], until_month_end(today)).await?;
    let sent = [metered.send().await?, metered.send().await?];
    accept_referral(&metered.partners.lab, &sent[0].name).await?;
    metered.amend(today, |terms| terms.end_date = day(today + Days::new(200))).await?;
    let next = month_in(today, 1);
    let sleep = next.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc() - relais_platform::clock::machine_now();
    advance(&mut metered.partners, sleep).await?;
    let offered = "SELECT count(*) FROM waiting WHERE offer_expire_time IS NOT NULL";
    metered.partners.world.until_count(offered, 1).await?;
    assert_eq!(metered.period(next).await?, (1, 1));
    metered.end().await
}

/// A target is firm from a day on, or the other way round: that of the day of the booking counts, whoever was admitted by what.
#[tokio::test]
async fn a_place_that_moves_is_refused_by_a_line_that_is_firm_there() -> Result<()> {
    let (firm, soft) = (line::Kind::Firm, line::Kind::Soft);
    for (before, after, fit) in [(soft, firm, 1), (firm, soft, 2)] {
        let metered = Metered::agree(vec![Line { kind: before.into(), ..monthly(super::firm(1)) }]).await?;
        let today = metered.partners.today;
        let (next, later) = (month_in(today, 1), month_in(today, 2));
        metered.amend(later, |terms| terms.lines[0].kind = after.into()).await?;
        for (wished, judged) in [(today, 1), (next, 2)] {
            metered.wish_and_ask(wished, later + Days::new(9)).await?;
            metered.partners.world.until_count(JUDGED, judged).await?;
        }
        assert_eq!(metered.period(later).await?, (1, fit), "{before:?}, then {after:?}");
        metered.end().await?;
    }
    Ok(())
}

/// By whatever terms somebody is admitted or sent on, the convention ends when it was agreed last that it does.
#[tokio::test]
async fn the_days_of_bookings_end_with_the_convention_whichever_terms_admit() -> Result<()> {
    let partners = Partners::meet().await?;
    let (today, other) = (partners.today, partnership::organisation(&partners.operator, "Another laboratory").await?);
    let provider = Party { organisation: other.clone(), role: party::Role::Provider.into() };
    let mut metered = Metered::under(partners, vec![firm(5)], |mut terms| {
        terms.parties.push(provider);
        terms
    })
    .await?;
    let end = today + Days::new(20);
    metered.amend(today + Days::new(10), |terms| terms.end_date = day(end)).await?;
    let sent = metered.send().await?;
    let request = RedirectReferralRequest {
        name: sent.name,
        reason: Reason::NoCapacity.into(),
        provider: other,
        request_id: request_id(),
        ..RedirectReferralRequest::default()
    };
    metered.partners.lab.referrals().redirect_referral(request).await?;
    for who in ["sent", "sent on"] {
        let told = loop {
            if let (_, Event::ReferralSubmitted(told)) = metered.partners.world.tap.next().await? {
                break told;
            }
        };
        assert_eq!((told.convention_version, told.booking_until), (1, day(end)), "{who}");
    }
    metered.end().await
}
