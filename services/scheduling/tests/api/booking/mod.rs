//! Booking, through real clients: from a site's rules to a patient who was seen.

mod attend;
mod book;
mod closures;
mod database;
mod input;
mod judged;
mod matching;
mod matching_pages;
mod openings;
mod races;
mod reminders;

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use relais_platform::{
    calls::check::time_to_proto,
    clock::machine_now,
    events::Event,
    ids::{Child, SiteId},
};
use relais_proto::{
    convention::v1::Coding,
    events::v1::{Needs, ReferralMoved, ReferralSubmitted, SiteRegistered},
    operations::v1::AdvanceClockRequest,
    scheduling::v1::{
        Appointment, BookAppointmentRequest, BookAppointmentResponse, CancelAppointmentRequest, CancelReason,
        CreateOpeningRuleRequest, GetAppointmentRequest, HoldSlotRequest, ListAppointmentsRequest, OpeningRule,
        RescheduleAppointmentRequest, SearchSlotsRequest, Slot, appointment::State,
    },
};
use relais_scheduling::Scheduling;
use relais_tests::{
    Identity, Session, Told, World, date, eventually,
    partnership::{LOINC, PANEL},
    request_id,
};
use tonic::Status;

/// Timers ring at once.
const QUICK: [(&str, &str); 1] = [("RELAIS__TIMERS__POLL_MS", "50")];

/// A laboratory with a site, and those who send patients to it.
struct Centre {
    world: World<Scheduling>,
    /// The partners; each referral is another one between them.
    told: Told,
    site: Child<SiteId>,
}

/// A referral that came here, and its appointment.
struct Referred {
    told: Told,
    appointment: String,
}

impl Centre {
    async fn open() -> Result<Self> {
        Self::open_with(&QUICK, "Europe/Luxembourg").await
    }

    async fn open_with(settings: &[(&str, &str)], time_zone: &str) -> Result<Self> {
        Self::open_in(settings, time_zone, "LU").await
    }

    async fn open_in(settings: &[(&str, &str)], time_zone: &str, country: &str) -> Result<Self> {
        let world = World::<Scheduling>::start_with(settings).await?;
        let told = Told::new("AAAA-BBBB-CCC");
        let site = Child::new(told.provider, SiteId::draw());
        let country_code = country.into();
        let (site_name, time_zone) = (site.to_string(), time_zone.into());
        let registered = SiteRegistered { site: site_name, time_zone, country_code, ..SiteRegistered::default() };
        world.tap.publish(site.id.0, 1, registered).await?;
        world.until_count("SELECT count(*) FROM site", 1).await?;
        Ok(Self { world, told, site })
    }

    /// Somebody whose token lasts while the clock is moved.
    fn session(&self, identity: &Identity) -> Result<Session> {
        let until = (machine_now() + TimeDelta::days(3_000)).timestamp();
        self.world.session_with(&self.world.issuer().token_until(identity, until)?)
    }

    /// The laboratory's desk.
    fn desk(&self) -> Result<Session> {
        self.session(&self.told.receiver())
    }

    /// The desk that sends.
    fn sender(&self) -> Result<Session> {
        self.session(&self.told.sender())
    }

    /// Moves the clock on, and waits until everybody follows.
    async fn advance(&self, to: DateTime<Utc>) -> Result<()> {
        let operator = self.session(&Identity::new("operator", "operator"))?;
        let time = Some(time_to_proto(to));
        operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
        eventually("the clock is there", || async { Ok((self.world.running.context.clock.now() >= to).then_some(())) })
            .await
    }

    fn now(&self) -> DateTime<Utc> {
        self.world.running.context.clock.now()
    }

    /// A rule of every day, from 06:00 to 22:00 in half hours, one seat each.
    fn rule(&self) -> OpeningRule {
        OpeningRule {
            site: self.site.to_string(),
            services: vec![Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() }],
            weekdays: (1..=7).collect(),
            from_time: "06:00".into(),
            until_time: "22:00".into(),
            slot_minutes: 30,
            seats: 1,
            valid_from_date: Some(date(day("2017-04-01"))),
            ..OpeningRule::default()
        }
    }

    async fn enter(&self, rule: OpeningRule) -> Result<OpeningRule, Status> {
        let desk = self.desk().map_err(|error| Status::internal(error.to_string()))?;
        let request = CreateOpeningRuleRequest { opening_rule: Some(rule), request_id: request_id() };
        Ok(desk.openings().create_opening_rule(request).await?.into_inner().opening_rule.unwrap_or_default())
    }

    /// A referral that was submitted, and waits for acceptance.
    async fn submitted(&self, number: &str) -> Result<Referred> {
        self.submitted_with(number, Needs::default()).await
    }

    async fn submitted_with(&self, number: &str, needs: Needs) -> Result<Referred> {
        self.submitted_as(number, |event| ReferralSubmitted { needs: Some(needs), ..event }).await
    }

    /// One of which more is told.
    async fn submitted_as(
        &self,
        number: &str,
        telling: impl FnOnce(ReferralSubmitted) -> ReferralSubmitted,
    ) -> Result<Referred> {
        let told = self.told.another(number);
        let (service_system, service_code, site) = (LOINC.into(), PANEL.into(), self.site.to_string());
        let event = telling(ReferralSubmitted { service_system, service_code, site, ..told.submitted() });
        self.world.tap.publish(told.id.0, 1, event).await?;
        let sender = self.sender()?;
        let appointment = eventually("an appointment", || async {
            Ok(list(&sender, &told).await?.pop().map(|appointment| appointment.name))
        })
        .await?;
        Ok(Referred { told, appointment })
    }

    /// One that was accepted.
    async fn accepted(&self, number: &str) -> Result<Referred> {
        let referred = self.submitted(number).await?;
        self.step(&referred.told, 2, "accepted").await?;
        Ok(referred)
    }

    /// Many that were accepted.
    async fn many(&self, count: usize) -> Result<Vec<Referred>> {
        let mut all = Vec::new();
        for number in 0..count {
            all.push(self.submitted(&format!("N-{number}")).await?);
        }
        for referred in &all {
            self.world.tap.publish(referred.told.id.0, 2, moved(&referred.told, "accepted")).await?;
        }
        let all_know =
            format!("SELECT {count} - count(*) FROM referral WHERE state = 'accepted' AND number LIKE 'N-%'");
        self.world.until_count(Box::leak(all_know.into_boxed_str()), 0).await?;
        Ok(all)
    }

    /// A referral goes a step on, and that is known here.
    async fn step(&self, told: &Told, version: i64, state: &str) -> Result<()> {
        self.world.tap.publish(told.id.0, version, moved(told, state)).await?;
        eventually("the step is known", || async {
            let known: String = sqlx::query_scalar("SELECT state FROM referral WHERE id = $1")
                .bind(told.id.0)
                .fetch_one(&self.world.database)
                .await?;
            Ok((known == state).then_some(()))
        })
        .await
    }

    /// Slots for a referral, those of the next days.
    async fn slots(&self, referred: &Referred) -> Result<Vec<Slot>> {
        let request =
            SearchSlotsRequest { referral: referred.told.id.to_string(), page_size: 200, ..Default::default() };
        Ok(self.sender()?.scheduling().search_slots(request).await?.into_inner().slots)
    }

    /// A slot that begins at least so many hours from now.
    async fn slot_in(&self, referred: &Referred, hours: i64) -> Result<Slot> {
        let earliest = (self.now() + TimeDelta::hours(hours)).timestamp();
        let found = self.slots(referred).await?.into_iter().find(|slot| begins(slot) >= earliest);
        found.context("no slot")
    }

    /// One that was accepted and booked, in a slot at least so many hours from now.
    async fn booked(&self, number: &str, hours: i64) -> Result<(Referred, Appointment)> {
        let referred = self.accepted(number).await?;
        let slot = self.slot_in(&referred, hours).await?;
        let appointment = book(&self.sender()?, &referred, &slot.name).await?;
        Ok((referred, appointment))
    }

    /// What was published of appointments, up to the event that is wanted.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> Result<(i64, T)> {
        loop {
            let (envelope, event) = self.world.tap.next().await?;
            if let Some(found) = wanted(&event) {
                return Ok((envelope.version, found));
            }
        }
    }

    async fn end(self) -> Result<()> {
        self.world.end().await
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_default()
}

fn begins(slot: &Slot) -> i64 {
    slot.start_time.map(|time| time.seconds).unwrap_or_default()
}

fn moved(told: &Told, state: &str) -> ReferralMoved {
    ReferralMoved {
        referral: told.id.to_string(),
        number: told.number.clone(),
        parties: told.submitted().parties,
        state: state.into(),
        ..ReferralMoved::default()
    }
}

async fn list(session: &Session, told: &Told) -> Result<Vec<Appointment>, Status> {
    let request = ListAppointmentsRequest { referral: told.id.to_string(), ..ListAppointmentsRequest::default() };
    Ok(session.scheduling().list_appointments(request).await?.into_inner().appointments)
}

async fn get(session: &Session, name: &str) -> Result<Appointment, Status> {
    let request = GetAppointmentRequest { name: name.into() };
    Ok(session.scheduling().get_appointment(request).await?.into_inner().appointment.unwrap_or_default())
}

async fn hold(session: &Session, referred: &Referred, slot: &str) -> Result<Appointment, Status> {
    let request = HoldSlotRequest {
        name: referred.appointment.clone(),
        slot: slot.into(),
        request_id: request_id(),
        ..HoldSlotRequest::default()
    };
    Ok(session.scheduling().hold_slot(request).await?.into_inner().appointment.unwrap_or_default())
}

/// Books a slot; without one, what is held.
async fn book(session: &Session, referred: &Referred, slot: &str) -> Result<Appointment, Status> {
    let answer: BookAppointmentResponse =
        session.scheduling().book_appointment(booking(referred, slot)).await?.into_inner();
    Ok(answer.appointment.unwrap_or_default())
}

fn booking(referred: &Referred, slot: &str) -> BookAppointmentRequest {
    BookAppointmentRequest {
        name: referred.appointment.clone(),
        slot: slot.into(),
        request_id: request_id(),
        ..BookAppointmentRequest::default()
    }
}

async fn reschedule(session: &Session, name: &str, slot: &str) -> Result<Appointment, Status> {
    let request = RescheduleAppointmentRequest {
        name: name.into(),
        slot: slot.into(),
        request_id: request_id(),
        ..RescheduleAppointmentRequest::default()
    };
    Ok(session.scheduling().reschedule_appointment(request).await?.into_inner().appointment.unwrap_or_default())
}

async fn cancel(session: &Session, name: &str, reason: CancelReason) -> Result<Appointment, Status> {
    let request = CancelAppointmentRequest {
        name: name.into(),
        reason: reason.into(),
        request_id: request_id(),
        ..CancelAppointmentRequest::default()
    };
    Ok(session.scheduling().cancel_appointment(request).await?.into_inner().appointment.unwrap_or_default())
}

/// The rules that a refusal names.
fn refused<T>(result: Result<T, Status>) -> Vec<String> {
    match result {
        Ok(_) => vec!["it went through".into()],
        Err(status) => relais_tests::rules(&status),
    }
}

fn is(appointment: &Appointment, state: State) -> bool {
    appointment.state() == state
}
