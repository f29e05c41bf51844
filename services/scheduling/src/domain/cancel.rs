//! Giving an appointment up.

use chrono::{DateTime, Utc};

use super::{Appointment, State};

/// The appointment, given up, in its next version; none when it was already.
pub fn cancel(appointment: Appointment, now: DateTime<Utc>) -> Option<Appointment> {
    match appointment.state {
        State::Proposed => {
            let version = appointment.version + 1;
            Some(Appointment { state: State::Cancelled, version, update_time: now, ..appointment })
        }
        State::Cancelled => None,
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{AppointmentId, OrganisationId, ReferralId};

    use super::super::{Wish, propose};
    use super::*;

    #[test]
    fn an_appointment_is_given_up_once() {
        let wish = Wish {
            referral: ReferralId::draw(),
            referral_number: "n".into(),
            patient: None,
            provider: OrganisationId::draw(),
            site: None,
            requested_date: "2017-05-01".parse().unwrap(),
        };
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        let cancelled = cancel(propose(AppointmentId::draw(), wish, DateTime::UNIX_EPOCH), now).unwrap();
        assert_eq!((cancelled.state, cancelled.version, cancelled.update_time), (State::Cancelled, 2, now));
        assert_eq!(cancel(cancelled, now), None);
    }
}
