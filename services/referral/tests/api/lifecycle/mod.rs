//! The life of a referral: who moves it where, what others tell of it, what time does to it.

mod deadlines;
mod done;
mod facts;
pub mod judged;
mod moves;
mod once;
mod reject;
mod results;
mod statement;
mod timeline;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{calls::check::time_to_proto, ids::AppointmentId};
use relais_proto::{
    events::v1 as told,
    operations::v1::AdvanceClockRequest,
    referral::v1::{self, Referral, referral::State},
};
use relais_tests::{Identity, Session, eventually, request_id};
use tonic::Status;
use uuid::Uuid;

use crate::partners::Partners;

/// Steps by their names, each with a request of its own.
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident: $request:ident $({ $($field:ident: $value:expr),* })?;)*) => {
        $($(#[$doc])* pub async fn $step(session: &Session, name: &str) -> Result<Referral, Status> {
            let request = v1::$request { name: name.into(), request_id: request_id(), $($($field: $value,)*)? ..Default::default() };
            Ok(session.referrals().$step(request).await?.into_inner().referral.unwrap_or_default())
        })*
    };
}

steps! {
    accept_referral: AcceptReferralRequest;
    request_information: RequestInformationRequest { items: vec!["prescription".into()], note: "Page 2 is missing".into() };
    provide_information: ProvideInformationRequest { note: "Here it is".into() };
    waitlist_referral: WaitlistReferralRequest { reason: v1::referral::Reason::NoCapacity.into() };
    reject_referral: RejectReferralRequest { reason: v1::referral::Reason::NoCapacity.into() };
    redirect_referral: RedirectReferralRequest {
        reason: v1::referral::Reason::NoCapacity.into(), provider: format!("organisations/{}", Uuid::now_v7())
    };
    cancel_referral: CancelReferralRequest { reason: v1::cancel_referral_request::Reason::PatientDeclined.into() };
    confirm_cancellation: ConfirmCancellationRequest;
    decline_cancellation: DeclineCancellationRequest;
    complete_referral: CompleteReferralRequest;
    fail_referral: FailReferralRequest { reason: v1::referral::Reason::CouldNotContact.into() };
    decline_offer: DeclineOfferRequest;
    enter_in_error: EnterInErrorRequest { reason: v1::enter_in_error_request::Reason::WrongPatient.into() };
    undo_referral: UndoReferralRequest { reason: v1::undo_referral_request::Reason::WrongReferral.into() };
}

pub async fn get(session: &Session, name: &str) -> Result<Referral> {
    let request = v1::GetReferralRequest { name: name.into() };
    session.referrals().get_referral(request).await?.into_inner().referral.context("no referral")
}

/// Waits until it stands there.
pub async fn until(partners: &Partners, name: &str, state: State) -> Result<Referral> {
    eventually(&format!("{name} is {state:?}"), || async {
        Ok(Some(get(&partners.lab, name).await?).filter(|now| now.state() == state))
    })
    .await
}

/// An appointment as scheduling tells of it, each time in its next version.
pub struct Appointment {
    id: AppointmentId,
    referral: String,
    version: i64,
    state: &'static str,
    start: DateTime<Utc>,
    site: String,
}

impl Appointment {
    pub fn of(referral: &Referral) -> Self {
        let start = relais_platform::clock::machine_now() + TimeDelta::days(3);
        Self {
            id: AppointmentId::draw(),
            referral: referral.name.clone(),
            version: 0,
            state: "proposed",
            start,
            site: String::new(),
        }
    }

    /// The same at a site.
    pub fn at(self, site: &str) -> Self {
        Self { site: site.into(), ..self }
    }

    /// The same at another time.
    pub fn starting(self, start: DateTime<Utc>) -> Self {
        Self { start, ..self }
    }

    fn moved(&mut self, state: &'static str) -> told::AppointmentMoved {
        let previous = std::mem::replace(&mut self.state, state);
        self.version += 1;
        told::AppointmentMoved {
            appointment: self.id.to_string(),
            referral: self.referral.clone(),
            state: state.into(),
            previous: previous.into(),
            start_time: Some(time_to_proto(self.start)),
            end_time: Some(time_to_proto(self.start + TimeDelta::minutes(10))),
            time_zone: "Europe/Luxembourg".into(),
            site: self.site.clone(),
            ..Default::default()
        }
    }

    pub async fn tell(&mut self, partners: &Partners, state: &'static str) -> Result<()> {
        let moved = self.moved(state);
        partners.world.tap.publish(self.id.0, self.version, moved).await?;
        Ok(())
    }

    async fn give_up(&mut self, partners: &Partners) -> Result<()> {
        self.version += 1;
        let event = told::AppointmentCancelled {
            appointment: self.id.to_string(),
            referral: self.referral.clone(),
            reason: "site-closed".into(),
            organisation: partners.provider.clone(),
            start_time: Some(time_to_proto(self.start)),
            ..Default::default()
        };
        partners.world.tap.publish(self.id.0, self.version, event).await?;
        Ok(())
    }
}

/// A report as results tells of it.
struct Report {
    id: Uuid,
    referral: String,
    version: i64,
    issued: i64,
    status: &'static str,
}

impl Report {
    fn of(referral: &Referral) -> Self {
        Self { id: Uuid::now_v7(), referral: referral.name.clone(), version: 0, issued: 0, status: "" }
    }

    async fn issue(&mut self, partners: &Partners, status: &'static str) -> Result<()> {
        self.issue_as(partners, status, false).await
    }

    async fn issue_as(&mut self, partners: &Partners, status: &'static str, critical: bool) -> Result<()> {
        (self.version, self.issued, self.status) = (self.version + 1, self.issued + 1, status);
        let event = told::ReportIssued {
            report: format!("reports/{}", self.id),
            report_version: self.issued,
            status: status.into(),
            referral: self.referral.clone(),
            critical,
            ..Default::default()
        };
        partners.world.tap.publish(self.id, self.version, event).await?;
        Ok(())
    }

    async fn acknowledge(&mut self, partners: &Partners, report_version: i64) -> Result<()> {
        self.version += 1;
        let event = told::ReportAcknowledged {
            report: format!("reports/{}", self.id),
            report_version,
            status: self.status.into(),
            referral: self.referral.clone(),
            ..Default::default()
        };
        partners.world.tap.publish(self.id, self.version, event).await?;
        Ok(())
    }
}

/// Moves the clock on to half past eleven in the evening by UTC: in Luxembourg the next day has begun, in summer and in winter. Answers
/// with that day.
pub async fn advance_to_evening(partners: &mut Partners) -> Result<chrono::NaiveDate> {
    let now = partners.world.running.context.clock.now();
    let evening = now.date_naive().and_hms_opt(23, 30, 0).context("no evening")?.and_utc();
    let evening = if evening > now { evening } else { evening + TimeDelta::days(1) };
    advance(partners, evening - now).await?;
    Ok(evening.date_naive() + TimeDelta::days(1))
}

/// Moves the clock of the world on, and answers with people whose tokens last.
pub async fn advance(partners: &mut Partners, by: TimeDelta) -> Result<()> {
    let lasting = partners.today.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + 5 * 365 * 86_400;
    let session =
        |identity: Identity| partners.world.session_with(&partners.world.issuer().token_until(&identity, lasting)?);
    let operator = session(Identity::new("operator", "operator"))?;
    let desk = session(Identity::new("desk", "desk").of(&partners.mdm).at(&partners.centre))?;
    let lab = session(Identity::new("lab", "desk").of(&partners.provider))?;
    let time = Some(time_to_proto(partners.world.running.context.clock.now() + by));
    operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    (partners.operator, partners.desk, partners.lab) = (operator, desk, lab);
    Ok(())
}
