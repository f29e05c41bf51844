//! Giving an appointment up.

use chrono::{DateTime, Utc};
use relais_platform::{error::Error, ids::OrganisationId, text_enum};

use super::{Appointment, State, refuse, rule};

text_enum! {
    /// Why an appointment is given up.
    pub enum CancelReason {
        /// The patient does not wish it.
        PatientDeclined = "patient-declined",
        /// The patient cannot come at that time.
        PatientUnavailable = "patient-unavailable",
        /// The patient could not be reached.
        CouldNotContact = "could-not-contact",
        /// The provider cannot keep it.
        ProviderUnavailable = "provider-unavailable",
        /// The site is closed then.
        SiteClosed = "site-closed",
        /// It was booked by mistake.
        BookedInError = "booked-in-error",
    }
}

/// A booked or pending appointment, given up by somebody, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when it has no seat.
pub fn cancel(
    appointment: Appointment,
    reason: CancelReason,
    by: OrganisationId,
    now: DateTime<Utc>,
) -> Result<Appointment, Error> {
    if !matches!(appointment.state, State::Booked | State::Pending) {
        let sentence =
            format!("it is {}: only a booked one, or one that is held, is given up", appointment.state.as_str());
        refuse(vec![rule("appointment-not-booked", sentence)])?;
    }
    Ok(given_up(appointment, reason.as_str(), Some(by), now))
}

/// The appointment of a referral that has ended, in its next version; none when there is nothing to give up. What has begun is a
/// fact, and stays.
pub fn end(appointment: Appointment, now: DateTime<Utc>) -> Option<Appointment> {
    let open = matches!(appointment.state, State::Proposed | State::Pending | State::Booked);
    open.then(|| given_up(appointment, "referral-ended", None, now))
}

/// A proposed appointment whose place the one before it takes again, in its next version.
///
/// # Errors
/// FAILED_PRECONDITION when it is booked already, or a seat is held for it.
pub fn supersede(appointment: Appointment, now: DateTime<Utc>) -> Result<Appointment, Error> {
    if appointment.state != State::Proposed || appointment.live_hold(now).is_some() {
        let sentence = format!("{} was booked or held meanwhile: cancel it first", appointment.id);
        refuse(vec![rule("another-appointment", sentence)])?;
    }
    Ok(given_up(appointment, "superseded", None, now))
}

/// Given up for a reason, by somebody or by nobody, in its next version.
pub(super) fn given_up(
    appointment: Appointment,
    reason: &str,
    by: Option<OrganisationId>,
    now: DateTime<Utc>,
) -> Appointment {
    let next = appointment.next(State::Cancelled, now);
    Appointment { reason: reason.into(), cancelled_by: by, confirmed: false, hold: None, ..next }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::{proposed, time_at};
    use super::*;

    #[test]
    fn an_appointment_is_given_up_once() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        let cancelled = end(proposed(), now).unwrap();
        assert_eq!((cancelled.state, cancelled.version, cancelled.update_time), (State::Cancelled, 2, now));
        assert_eq!(end(cancelled.clone(), now), None);
        let refused = cancel(cancelled, CancelReason::SiteClosed, OrganisationId::draw(), now).unwrap_err();
        assert_eq!(refused.violations[0].subject, "appointment-not-booked");
    }

    #[test]
    fn what_has_begun_stays_when_its_referral_ends() {
        let arrived = Appointment { state: State::Arrived, time: Some(time_at(0)), ..proposed() };
        assert_eq!(end(arrived, DateTime::UNIX_EPOCH), None);
    }
}
