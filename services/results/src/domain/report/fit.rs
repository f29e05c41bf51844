//! Whether a report fits the order that it names. One that does not is put aside: kept, and attached to nothing.

use super::{Named, Quarantine};
use crate::domain::{Order, State};

/// Why the report is put aside; none when it fits. The wrong patient goes before all else; where the record was erased, nobody can
/// say any more that it is the right one.
pub fn fit(named: &Named, order: Option<&Order>) -> Option<Quarantine> {
    let Some(order) = order else { return Some(Quarantine::UnknownOrder) };
    let is_patient = named.patient.is_some() && named.patient == order.patient;
    if !is_patient || !order.referral_number.eq_ignore_ascii_case(&named.number) {
        return Some(Quarantine::WrongPatient);
    }
    (order.state == State::Revoked).then_some(Quarantine::CancelledOrder)
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::PatientId;

    use super::*;
    use crate::domain::tests::order;

    #[test]
    fn number_and_patient_must_be_the_orders() {
        let patient = Some(PatientId::draw());
        let order = Order { patient, ..order() };
        let named = Named { order: order.id, number: "N".into(), patient };
        assert_eq!(fit(&named, Some(&order)), None);
        assert_eq!(fit(&named, None), Some(Quarantine::UnknownOrder));
        let other = Named { patient: Some(PatientId::draw()), ..named.clone() };
        assert_eq!(fit(&other, Some(&order)), Some(Quarantine::WrongPatient));
        let unnumbered = Named { number: "m".into(), ..named.clone() };
        assert_eq!(fit(&unnumbered, Some(&order)), Some(Quarantine::WrongPatient));
        let revoked = Order { state: State::Revoked, ..order.clone() };
        assert_eq!(fit(&named, Some(&revoked)), Some(Quarantine::CancelledOrder));
        assert_eq!(fit(&other, Some(&revoked)), Some(Quarantine::WrongPatient));
        let forgotten = Named { patient: None, ..named };
        assert_eq!(fit(&forgotten, Some(&Order { patient: None, ..order })), Some(Quarantine::WrongPatient));
    }
}
