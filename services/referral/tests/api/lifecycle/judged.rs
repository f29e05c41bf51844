//! The day of an appointment, judged by the convention that admitted its referral.

use anyhow::Result;
use chrono::{Datelike, Days, NaiveDate};
use relais_platform::events::Event;
use relais_proto::{
    convention::v1::{Line, RecountUsageRequest, TerminateConventionRequest, Terms, convention, line},
    referral::v1::{ListTransitionsRequest, referral::State, referral_transition::Cause},
};
use relais_tests::{date, eventually, partnership};

use super::*;

const JUDGED: &str = "SELECT count(*) FROM referral_transition WHERE cause = 'judgement'";
/// Whoever waits until this transaction is over.
const WAITS: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid::text = $1";
const REFUSED: &str = "convention-not-in-force";

impl Appointment {
    /// That it waits, for this day.
    fn asks(&mut self, day: NaiveDate) -> told::AppointmentMoved {
        self.start = day.and_hms_opt(9, 0, 0).unwrap_or_default().and_utc();
        told::AppointmentMoved { local_date: Some(date(day)), ..self.moved("pending") }
    }

    pub async fn ask(&mut self, partners: &Partners, day: NaiveDate) -> Result<()> {
        let asks = self.asks(day);
        partners.world.tap.publish(self.id.0, self.version, asks).await?;
        Ok(())
    }
}

/// A referral for a day, under a convention of its own that ends so many days from today, and runs off.
async fn sent_under(partners: &Partners, ends_in: i64, run_off_days: i32, day: NaiveDate) -> Result<Referral> {
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let end_date = Some(date(partners.today + TimeDelta::days(ends_in)));
    let draft = partnership::draft(&partners.coordinator, Terms { end_date, run_off_days, ..terms }).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    let ask = Referral { convention, requested_date: Some(date(day)), ..partners.ask() };
    let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    answer.referral.context("no referral")
}

/// The same, accepted, and its appointment.
async fn accepted_under(partners: &Partners, ends_in: i64, run_off_days: i32) -> Result<(Referral, Appointment)> {
    let sent = sent_under(partners, ends_in, run_off_days, partners.today).await?;
    let accepted = accept_referral(&partners.lab, &sent.name).await?;
    let appointment = Appointment::of(&accepted);
    Ok((accepted, appointment))
}

/// The next judgement that is published, with the version of its referral.
pub async fn judgement(partners: &mut Partners) -> Result<(i64, told::BookingJudged)> {
    loop {
        if let (envelope, Event::BookingJudged(judged)) = partners.world.tap.next().await? {
            return Ok((envelope.version, judged));
        }
    }
}

fn in_days(partners: &Partners, days: u64) -> NaiveDate {
    partners.today + Days::new(days)
}

#[tokio::test]
async fn past_the_end_it_is_refused_and_the_referral_stays_as_it_was() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, mut appointment) = accepted_under(&partners, 10, 0).await?;
    let end = in_days(&partners, 10);
    let (_, event) = partners.world.tap.next().await?;
    let Event::ReferralSubmitted(submitted) = event else { panic!("{event:?}") };
    let start = partners.today - Days::new(200);
    assert_eq!((submitted.booking_from, submitted.booking_until), (Some(date(start)), Some(date(end))));

    appointment.ask(&partners, in_days(&partners, 20)).await?;
    let (version, judged) = judgement(&mut partners).await?;
    assert_eq!((version, judged.admitted, judged.reason.as_str()), (3, false, REFUSED));
    assert_eq!((judged.appointment.clone(), judged.appointment_version), (appointment.id.to_string(), 1));
    assert_eq!((judged.booking_from, judged.booking_until), (submitted.booking_from, submitted.booking_until));
    assert_eq!((judged.referral.as_str(), judged.number.as_str()), (accepted.name.as_str(), accepted.number.as_str()));
    assert_eq!(judged.parties.len(), 2);
    let stands = get(&partners.lab, &accepted.name).await?;
    assert_eq!((stands.state(), &stands.owner, stands.due_time), (State::Accepted, &accepted.owner, accepted.due_time));
    appointment.give_up(&partners).await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact WHERE state = 'cancelled'", 1).await?;
    assert_eq!(get(&partners.lab, &accepted.name).await?, stands, "nobody had a booking that ended");

    // The judgement stands in the timeline, and is no step that somebody took.
    let request = ListTransitionsRequest { parent: accepted.name.clone(), ..Default::default() };
    let steps = partners.desk.referrals().list_transitions(request).await?.into_inner().transitions;
    let causes: Vec<_> = steps.iter().rev().map(|step| (step.cause(), step.state())).collect();
    let expected =
        [(Cause::Call, State::Submitted), (Cause::Call, State::Accepted), (Cause::Judgement, State::Accepted)];
    assert_eq!(causes, expected);
    assert_eq!(undo_referral(&partners.lab, &accepted.name).await?.state(), State::Submitted);
    partners.world.end().await
}

#[tokio::test]
async fn what_was_admitted_in_time_is_booked_while_the_convention_runs_off() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, mut appointment) = accepted_under(&partners, 10, 30).await?;
    appointment.ask(&partners, in_days(&partners, 20)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (true, ""));
    assert_eq!(judged.booking_until, Some(date(in_days(&partners, 40))));
    assert_eq!(get(&partners.lab, &accepted.name).await?.state(), State::Accepted, "it is not booked yet");
    appointment.tell(&partners, "booked").await?;
    let scheduled = until(&partners, &accepted.name, State::Scheduled).await?;
    assert_eq!(scheduled.appointment, appointment.id.to_string());
    // It is to be moved past all that runs off: it stays scheduled while it waits, and until it is given up.
    appointment.ask(&partners, in_days(&partners, 41)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.appointment_version), (false, 3));
    assert_eq!(judged.booking_until, Some(date(in_days(&partners, 40))), "what was admitted stays so");
    assert_eq!(get(&partners.lab, &accepted.name).await?.state(), State::Scheduled);
    // Back at the old time, or at another: the deadline is that of the time it has.
    appointment.start = in_days(&partners, 30).and_hms_opt(9, 0, 0).context("an hour")?.and_utc();
    appointment.tell(&partners, "booked").await?;
    let end = (appointment.start + TimeDelta::minutes(10) + TimeDelta::days(1)).timestamp();
    eventually("the deadline follows", || async {
        let now = get(&partners.lab, &accepted.name).await?;
        Ok((now.due_time.map(|due| due.seconds) == Some(end)).then_some(()))
    })
    .await?;
    partners.world.end().await
}

/// A convention that is terminated tells of the days that are no more, to whom they were told; what is asked beyond is refused.
#[tokio::test]
async fn what_ends_sooner_shortens_the_days_of_bookings() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, mut appointment) = accepted_under(&partners, 100, 10).await?;
    let ask = Referral { convention: accepted.convention.clone(), ..partners.ask() };
    for _ in 0..2 {
        let answer = partners.desk.referrals().submit_referral(partners.request(ask.clone())).await?.into_inner();
        cancel_referral(&partners.desk, &answer.referral.context("no referral")?.name).await?;
    }
    let end = TerminateConventionRequest {
        name: accepted.convention.clone(),
        last_day: Some(date(in_days(&partners, 20))),
        reason: convention::Reason::Funding.into(),
        request_id: request_id(),
        ..Default::default()
    };
    partners.coordinator.conventions().terminate_convention(end).await?;
    advance(&mut partners, TimeDelta::minutes(2)).await?;
    let (version, told) = judgement(&mut partners).await?;
    assert_eq!((version, &told.referral, told.appointment_version), (3, &accepted.name, 0));
    assert_eq!((told.admitted, told.booking_until), (true, Some(date(in_days(&partners, 30)))), "with its run-off");
    assert_eq!(told.booking_from, Some(date(partners.today - Days::new(200))));
    let stands = get(&partners.lab, &accepted.name).await?;
    assert_eq!((stands.state(), stands.due_time), (State::Accepted, accepted.due_time));
    appointment.ask(&partners, in_days(&partners, 31)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (false, REFUSED));
    assert_eq!(judged.booking_until, Some(date(in_days(&partners, 30))));
    assert_eq!(partners.world.count(JUDGED).await?, 2, "who is closed books nothing");
    partners.world.end().await
}

/// Whoever is sent when that is known is not told the days that are no more, either.
#[tokio::test]
async fn what_is_sent_once_it_ends_sooner_is_booked_without_asking_by_its_last_day() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, _) = accepted_under(&partners, 100, 10).await?;
    let end = TerminateConventionRequest {
        name: accepted.convention.clone(),
        last_day: Some(date(in_days(&partners, 20))),
        reason: convention::Reason::Funding.into(),
        request_id: request_id(),
        ..Default::default()
    };
    partners.coordinator.conventions().terminate_convention(end).await?;
    let ask = Referral { convention: accepted.convention, ..partners.ask() };
    let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    let sent = answer.referral.context("no referral")?.name;
    let told = loop {
        match partners.world.tap.next().await? {
            (_, Event::ReferralSubmitted(told)) if told.referral == sent => break told,
            _ => {}
        }
    };
    assert_eq!(told.booking_until, Some(date(in_days(&partners, 20))));
    partners.world.end().await
}

/// What was judged, or ended, while that was under way is left as it stands.
#[tokio::test]
async fn what_was_judged_meanwhile_has_no_days_added_when_the_convention_ends_sooner() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, _) = accepted_under(&partners, 100, 10).await?;
    let end = TerminateConventionRequest {
        name: accepted.convention.clone(),
        last_day: Some(date(in_days(&partners, 20))),
        reason: convention::Reason::Funding.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let judged = in_days(&partners, 5);
    let mut meanwhile = partners.world.database.begin().await?;
    let update = sqlx::query("UPDATE referral SET booking_until = $1").bind(judged);
    assert_eq!(update.execute(&mut *meanwhile).await?.rows_affected(), 1);
    let current = "SELECT pg_current_xact_id()::xid::text";
    let current: String = sqlx::query_scalar(current).fetch_one(&mut *meanwhile).await?;
    partners.coordinator.conventions().terminate_convention(end).await?;
    advance(&mut partners, TimeDelta::minutes(2)).await?;
    eventually("it waits", || async {
        let waits = sqlx::query_scalar::<_, i64>(WAITS).bind(&current).fetch_one(&partners.world.database).await?;
        Ok((waits > 0).then_some(()))
    })
    .await?;
    meanwhile.commit().await?;
    partners.world.until_count("SELECT count(*) FROM timer WHERE kind = 'convention-ends-sooner'", 0).await?;
    let until: NaiveDate =
        sqlx::query_scalar("SELECT booking_until FROM referral").fetch_one(&partners.world.database).await?;
    assert_eq!(until, judged, "{}", accepted.name);
    assert_eq!(partners.world.count(JUDGED).await?, 0);
    partners.world.end().await
}

/// Nobody is admitted to the run-off: what was sent after the end, for a day before it, is seen by the end.
#[tokio::test]
async fn what_was_sent_after_the_end_does_not_run_off() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = sent_under(&partners, -2, 30, partners.today - Days::new(3)).await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let mut appointment = Appointment::of(&sent);
    appointment.ask(&partners, in_days(&partners, 1)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (false, REFUSED));
    partners.world.end().await
}

#[tokio::test]
async fn each_question_has_one_answer_however_often_it_comes() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, mut appointment) = accepted_under(&partners, 10, 30).await?;
    let asks = appointment.asks(in_days(&partners, 20));
    let message = partners.world.tap.publish(appointment.id.0, 1, asks).await?;
    for _ in 0..3 {
        partners.world.tap.send(&message).await?;
    }
    assert_eq!(judgement(&mut partners).await?.1.appointment_version, 1);
    // Nothing came back: it asks again, for the same day.
    appointment.ask(&partners, in_days(&partners, 20)).await?;
    let (version, again) = judgement(&mut partners).await?;
    assert_eq!((version, again.appointment_version, again.admitted), (4, 2, true));
    assert_eq!(partners.world.count(JUDGED).await?, 2);
    // What cannot be read is parked; what asks for a referral that has ended has lost its seat with it.
    let unreadable = told::AppointmentMoved { local_date: None, ..appointment.asks(in_days(&partners, 20)) };
    let other = AppointmentId::draw();
    let unreadable = told::AppointmentMoved { appointment: other.to_string(), ..unreadable };
    partners.world.tap.publish(other.0, 1, unreadable).await?;
    partners.world.until_count("SELECT count(*) FROM parked", 1).await?;
    appointment.version = 2;
    cancel_referral(&partners.desk, &accepted.name).await?;
    appointment.ask(&partners, in_days(&partners, 21)).await?;
    partners.world.until_count("SELECT count(*) FROM referral_fact", 2).await?;
    assert_eq!(partners.world.count(JUDGED).await?, 2);
    partners.world.end().await
}

/// Whose turn it is, and that it is late, is not changed by an answer.
#[tokio::test]
async fn what_is_overdue_stays_overdue_when_a_day_is_judged() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let (accepted, mut appointment) = accepted_under(&partners, 100, 0).await?;
    advance(&mut partners, TimeDelta::days(15)).await?;
    let late = eventually("it is overdue", || async {
        Ok(Some(get(&partners.lab, &accepted.name).await?).filter(|now| now.overdue))
    })
    .await?;
    appointment.ask(&partners, in_days(&partners, 90)).await?;
    assert!(judgement(&mut partners).await?.1.admitted, "within its dates nothing is refused");
    let now = get(&partners.lab, &accepted.name).await?;
    assert_eq!((now.overdue, now.state(), now.due_time), (true, late.state(), late.due_time));
    assert_ne!(now.etag, late.etag, "a judgement is a version");
    partners.world.end().await
}

/// Of one place a month: who holds it takes that of the month of the booking instead, and gives the other back; where that one is taken, the
/// booking is refused, and the place stays where it was.
#[tokio::test]
async fn a_place_moves_to_the_month_of_the_booking_or_the_booking_is_refused() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let first = (partners.today + Days::new(32)).with_day(15).context("no such day")?;
    let month = |after: u32| first + chrono::Months::new(after);
    let line = line_a_month();
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, Terms { lines: vec![line], ..terms }).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    let mut sent = Vec::new();
    for after in [0, 1] {
        let ask =
            Referral { convention: convention.clone(), requested_date: Some(date(month(after))), ..partners.ask() };
        let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
        sent.push(accept_referral(&partners.lab, &answer.referral.unwrap_or_default().name).await?);
    }
    let mut appointment = Appointment::of(&sent[0]);
    assert_eq!(reserved_months(&partners).await?, [month(0), month(1)].map(first_of));

    appointment.ask(&partners, month(1)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (false, "volume-exhausted"));
    assert_eq!(judged.booking_from, Some(date(first_of(month(0)))), "as it was");
    assert_eq!(reserved_months(&partners).await?, [month(0), month(1)].map(first_of));

    appointment.ask(&partners, month(2)).await?;
    let (_, judged) = judgement(&mut partners).await?;
    assert_eq!((judged.admitted, judged.booking_from), (true, Some(date(first_of(month(2))))));
    assert_eq!(reserved_months(&partners).await?, [month(1), month(2)].map(first_of));
    let recount = RecountUsageRequest { name: convention };
    let recount = partners.operator.conventions().recount_usage(recount).await?.into_inner();
    assert_eq!(recount.differences, []);
    partners.world.end().await
}

fn line_a_month() -> Line {
    Line {
        line_id: "places".into(),
        measure: line::Measure::Acts.into(),
        kind: line::Kind::Firm.into(),
        committed: 1,
        per: line::Per::Month.into(),
        counted_from: line::CountedFrom::Attendance.into(),
        ..Line::default()
    }
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The first days of the months in which a place is reserved.
async fn reserved_months(partners: &Partners) -> Result<Vec<NaiveDate>> {
    let reserved = "SELECT m.period_start FROM meter m JOIN meter_stripe s ON s.meter_id = m.id
                    GROUP BY m.id HAVING sum(s.reserved) = 1 ORDER BY 1";
    Ok(sqlx::query_scalar(reserved).fetch_all(&partners.world.database).await?)
}

/// A result came without a visit; that another one is booked later does not say that it came later.
#[tokio::test]
async fn what_is_used_stays_in_its_month_whatever_is_booked_afterwards() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let first = (partners.today + Days::new(32)).with_day(15).context("no such day")?;
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, Terms { lines: vec![line_a_month()], ..terms }).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    let ask = Referral { convention, requested_date: Some(date(first)), ..partners.ask() };
    let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    let sent = accept_referral(&partners.lab, &answer.referral.unwrap_or_default().name).await?;
    Report::of(&sent).issue(&partners, "final").await?;
    until(&partners, &sent.name, State::ResultsAvailable).await?;
    Appointment::of(&sent).ask(&partners, first + chrono::Months::new(1)).await?;
    assert!(judgement(&mut partners).await?.1.admitted);
    let used = "SELECT m.period_start FROM meter m JOIN meter_stripe s ON s.meter_id = m.id
                GROUP BY m.id HAVING sum(s.reserved + s.used) > 0";
    let used: Vec<NaiveDate> = sqlx::query_scalar(used).fetch_all(&partners.world.database).await?;
    assert_eq!(used, [first_of(first)]);
    partners.world.end().await
}
