//! Submission: what a convention admits becomes a referral with its parties.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::ids::{Child, OrganisationId, PatientId, PractitionerId, ReferralId, SiteId, UnitId};

use super::{Capacity, Facts, Number, Party, Priority, Referral, Situation, State};
use crate::domain::convention::{Admission, Convention, Role, booking_sites, booking_window};

/// What a referrer submits.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The id, drawn before anything is stored.
    pub id: ReferralId,
    /// The number, drawn with it.
    pub number: Number,
    /// The service's system.
    pub service_system: String,
    /// The service's code.
    pub service_code: String,
    /// The patient.
    pub patient: PatientId,
    /// Who is to see the patient.
    pub provider: OrganisationId,
    /// The site that is wished for.
    pub site: Option<Child<SiteId>>,
    /// The doctor who asks.
    pub prescriber: Option<Child<PractitionerId>>,
    /// The day that is wished for.
    pub requested_date: NaiveDate,
    /// How soon.
    pub priority: Priority,
    /// The patient's situation.
    pub situation: Situation,
}

/// The admitted referral, in version 1.
pub fn submit(
    submission: Submission,
    (referrer, referrer_unit): (OrganisationId, Option<UnitId>),
    convention: &Convention,
    admission: Admission,
    now: DateTime<Utc>,
) -> Referral {
    let parties = parties((referrer, referrer_unit), submission.provider, convention);
    let booking_days = Some(booking_window(&convention.terms, convention.last_day, submission.requested_date));
    let booking_sites = booking_sites(&convention.terms, submission.provider, submission.site);
    let (bearer, funder) = convention.terms.who_pays(&submission.service_system, &submission.service_code);
    let submitted = Referral {
        id: submission.id,
        number: submission.number,
        state: State::Submitted,
        version: 1,
        convention: convention.id,
        convention_version: admission.convention_version,
        service_system: submission.service_system,
        service_code: submission.service_code,
        referrer,
        referrer_unit,
        patient: submission.patient,
        provider: submission.provider,
        site: submission.site,
        prescriber: submission.prescriber,
        requested_date: submission.requested_date,
        priority: submission.priority,
        situation: submission.situation,
        parties,
        appointment: None,
        facts: Facts::default(),
        previous: None,
        reason: String::new(),
        alternative: String::new(),
        next_step: None,
        due_time: None,
        overdue: false,
        bearer,
        funder,
        done_time: None,
        replaces: None,
        booking_days,
        booking_sites,
        offer_expire_time: None,
        create_time: now,
        update_time: now,
    };
    submitted.standing(State::Submitted, &convention.terms.conditions.deadlines, now)
}

/// The unit that sends, the provider, and who coordinates. Funders see figures, so they are no parties.
fn parties(
    (referrer, unit): (OrganisationId, Option<UnitId>),
    provider: OrganisationId,
    convention: &Convention,
) -> Vec<Party> {
    let coordinators = convention.terms.parties.iter().filter(|party| party.role == Role::Coordinator);
    let coordinators = coordinators.map(|party| (party.organisation, None, Capacity::Coordinator));
    let first = [(referrer, unit, Capacity::Referrer), (provider, None, Capacity::Provider)];
    let all = first.into_iter().chain(coordinators);
    all.map(|(organisation, unit, capacity)| Party { organisation, unit, capacity }).collect()
}
