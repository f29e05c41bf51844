//! Where patients are booked: a convention that accepts what it admits, and a site with a seat every five minutes, day and night.

use std::sync::Arc;

use anyhow::{Result, ensure};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{Terms, terms},
    scheduling::v1::{BookAppointmentRequest, OpeningRule},
};

use super::{drive, place::sessions};
use crate::{
    Identity, Session,
    bench::stage::Stage,
    partnership::{
        self, Partners,
        laboratory::{self, WEEK, sampling},
    },
    request_id,
};

/// Of so many days slots are made at once.
const DAYS: i32 = 31;
/// Slots of the next two hours are left alone: none begins while this is measured.
const SOON: usize = 24;

/// The partners, and where their patients are seen.
pub(super) struct Clinic {
    pub(super) partners: Arc<Partners>,
    /// The provider's desk at the scheduling service.
    pub(super) reception: Arc<Vec<Session>>,
    /// Slots by name, each with one seat.
    pub(super) slots: Arc<Vec<String>>,
}

impl Clinic {
    /// Opens it, with seats for so many: `referral` and `scheduling` must serve.
    pub(super) async fn open(stage: &mut Stage, seats: usize) -> Result<Self> {
        let automatic = |terms| Terms { acceptance: terms::Acceptance::Automatic.into(), ..terms };
        let session = |identity: &Identity| stage.suite.session("referral", identity);
        let partners = Arc::new(Partners::meet_under(session, automatic).await?);
        let site = partnership::site(&partners.operator, partners.provider(), "Centre").await?;
        let desk = Identity::new("reception", "desk").of(partners.provider());
        let reception = sessions(&stage.suite, "scheduling", &desk)?;
        let rule = OpeningRule {
            from_time: "00:00".into(),
            until_time: "24:00".into(),
            slot_minutes: 5,
            seats: 1,
            advance_days: DAYS,
            ..sampling(&site, &WEEK, machine_now().date_naive())
        };
        laboratory::open(&reception[0], rule).await?;
        let slots = stage.rows.ids("SELECT id FROM scheduling.slot ORDER BY start_time").await?;
        let slots: Vec<_> = slots.iter().skip(SOON).map(|id| format!("slots/{id}")).collect();
        ensure!(slots.len() >= seats, "{seats} seats are wanted, and there are {}", slots.len());
        Ok(Self { partners, reception, slots: Arc::new(slots) })
    }

    /// Submits so many referrals, by callers of one side.
    pub(super) async fn submit(&self, desks: Arc<Vec<Session>>, callers: usize, count: usize) -> Result<f64> {
        let partners = self.partners.clone();
        let call = move |caller: usize, _| {
            let (desk, request) = (desks[caller % desks.len()].clone(), partners.request());
            async move {
                desk.referrals().submit_referral(request).await?;
                Ok(())
            }
        };
        drive::through(callers, count, call).await
    }
}

/// Books appointments, each into a slot of its own.
pub(super) async fn book(
    desks: Arc<Vec<Session>>,
    callers: usize,
    appointments: Vec<String>,
    slots: Vec<String>,
) -> Result<f64> {
    let jobs = appointments.len();
    ensure!(slots.len() >= jobs, "{jobs} slots are wanted, and there are {}", slots.len());
    let call = move |caller: usize, job: usize| {
        let desk = desks[caller % desks.len()].clone();
        let (name, slot) = (appointments[job].clone(), slots[job].clone());
        let request = BookAppointmentRequest { name, slot, request_id: request_id(), ..Default::default() };
        async move {
            desk.scheduling().book_appointment(request).await?;
            Ok(())
        }
    };
    drive::through(callers, jobs, call).await
}
