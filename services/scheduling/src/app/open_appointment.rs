//! Opens an appointment for a referral that was submitted.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{AppointmentId, PatientId, SiteId},
    parties::{self, Party},
};
use relais_proto::events::v1;

use crate::{
    domain::{Wish, propose},
    store::{self, NewAppointments, PartyLists},
};

/// Opens an appointment without a time yet.
#[derive(Debug, Clone)]
pub struct OpenAppointment {
    wish: Wish,
    parties: Vec<Party>,
}

impl OpenAppointment {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::ReferralSubmitted) -> Result<Self> {
        let mut check = Check::default();
        let wish = Wish {
            referral: check.name("referral", &told.referral),
            referral_number: told.number.clone(),
            patient: patient(&mut check, told),
            provider: check.name("provider", &told.provider),
            site: check.optional_child::<SiteId>("site", &told.site),
            requested_date: check.date("requested_date", told.requested_date),
        };
        let parties = parties::of_event(&mut check, &told.parties);
        check.finish().map(|()| Self { wish, parties })
    }

    /// Takes over whose it is: for what was opened before its patient was kept, or is of a record that was erased since.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn note_patient(&self, unit: &mut Unit<'_>) -> Result<()> {
        store::note_patient(unit, self.wish.referral, self.wish.patient).await
    }

    /// Opens it, unless it is open: the parties are taken over all the same.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn restore(&self, unit: &mut Unit<'_>) -> Result<()> {
        match store::find_open(unit, self.wish.referral).await? {
            Some(open) => {
                unit.later::<PartyLists>().take_over(open.referral, &self.parties);
                Ok(())
            }
            None => self.run(unit).await,
        }
    }
}

impl UseCase for OpenAppointment {
    type Outcome = ();
    const NAME: &'static str = "open_appointment";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let appointment = propose(AppointmentId::draw(), self.wish.clone(), unit.now());
        unit.later::<PartyLists>().take_over(appointment.referral, &self.parties);
        let (name, referral) = (appointment.id.to_string(), appointment.referral.to_string());
        unit.emit(appointment.id, appointment.version, v1::AppointmentProposed { appointment: name, referral });
        unit.audit(&appointment);
        unit.later::<NewAppointments>().insert(appointment, &self.parties);
        Ok(())
    }
}

/// The patient's record; none when it was erased.
fn patient(check: &mut Check, told: &v1::ReferralSubmitted) -> Option<PatientId> {
    (!told.patient.is_empty()).then(|| check.name("patient", &told.patient))
}
