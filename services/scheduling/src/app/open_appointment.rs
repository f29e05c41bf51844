//! Opens an appointment for a referral that was submitted.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, SiteId},
    parties::{self, Party},
};
use relais_proto::{events::v1, google::r#type::Date};

use super::tell::tell;
use crate::{
    domain::{Covered, Needs, Referral, propose},
    store::{self, PartyLists, appointment::NewAppointments, referral::Referrals},
};

/// Opens an appointment without a time yet, and keeps what booking must know of its referral.
#[derive(Debug, Clone)]
pub struct OpenAppointment {
    wish: Referral,
    parties: Vec<Party>,
}

impl OpenAppointment {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralSubmitted) -> Result<Self> {
        let mut check = Check::default();
        let needs = told.needs.clone().unwrap_or_default();
        let wish = Referral {
            id: check.name("referral", &told.referral),
            number: told.number.clone(),
            state: "submitted".into(),
            // None when the record was erased.
            patient: (!told.patient.is_empty()).then(|| check.name("patient", &told.patient)),
            provider: check.name("provider", &told.provider),
            site: check.optional_child::<SiteId>("site", &told.site),
            service_system: told.service_system.clone(),
            service_code: told.service_code.clone(),
            requested_date: check.date("requested_date", told.requested_date),
            priority: told.priority.clone(),
            needs: Needs { interpreter_language: needs.interpreter_language, wheelchair: needs.wheelchair },
            covered: covered(&mut check, (told.booking_from, told.booking_until), told.booking_sites.as_ref()),
        };
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { wish, parties })
    }

    /// Takes over whose it is: for what was opened before its patient was kept, or is of a record that was erased since.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn note_patient(&self, unit: &mut Unit<'_>) -> Result<()> {
        store::note_patient(unit, self.wish.id, self.wish.patient).await
    }

    /// Takes over what the referral is. What becomes of its appointment, where it stands now decides.
    pub fn restore(&self, unit: &mut Unit<'_>) {
        unit.later::<PartyLists>().take_over(self.wish.id, &self.parties);
        unit.later::<Referrals>().submit(self.wish.clone());
    }
}

/// When and where an appointment is booked without asking, as an event tells it.
pub(super) fn covered(
    check: &mut Check,
    (from, until): (Option<Date>, Option<Date>),
    sites: Option<&v1::BookingSites>,
) -> Covered {
    let from = from.map(|day| check.date("booking_from", Some(day)));
    let until = until.map(|day| check.date("booking_until", Some(day)));
    let site = |name: &String| check.child::<SiteId>("booking_sites", name).id;
    let sites = sites.map(|told| told.sites.iter().map(site).collect());
    Covered { from, until, sites }
}

impl UseCase for OpenAppointment {
    type Outcome = ();
    const NAME: &'static str = "open_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        self.restore(unit);
        let appointment = propose(AppointmentId::draw(), &self.wish, self.parties.clone(), unit.now());
        tell(unit, &appointment, appointment.state);
        unit.audit(&appointment);
        unit.later::<NewAppointments>().insert(appointment);
        Ok(())
    }
}
