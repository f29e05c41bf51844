//! Whether a report fits the order that it names. One that does not is put aside: kept, and attached to nothing.

use super::{Named, Quarantine};
use crate::domain::{Order, State};

/// Why the report is put aside; none when it fits. The wrong patient goes before all else; where the record was erased, nobody can
/// say any more that it is the right one.
pub fn fit(named: &Named, order: Option<&Order>) -> Option<Quarantine> {
    let Some(order) = order else { return Some(Quarantine::UnknownOrder) };
    let is_patient = named.patient.is_some() && named.patient == order.patient;
    if !is_patient || letters(&order.referral_number) != letters(&named.number) {
        return Some(Quarantine::WrongPatient);
    }
    (order.state == State::Revoked).then_some(Quarantine::CancelledOrder)
}

/// A number without what people write between its characters, in capitals.
fn letters(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::PatientId;

    use super::*;
    use crate::domain::tests::order;

    #[test]
    fn number_and_patient_must_be_the_orders() {
        let patient = Some(PatientId::draw());
        let order = Order { patient, referral_number: "7K3M-9QXA-4T7".into(), ..order() };
        let named = Named { order: order.id, number: "7K3M-9QXA-4T7".into(), patient };
        for number in ["7K3M-9QXA-4T7", "7k3m9qxa4t7", " 7K3M 9QXA 4T7"] {
            assert_eq!(fit(&Named { number: number.into(), ..named.clone() }, Some(&order)), None, "{number}");
        }
        assert_eq!(fit(&named, None), Some(Quarantine::UnknownOrder));
        let other = Named { patient: Some(PatientId::draw()), ..named.clone() };
        assert_eq!(fit(&other, Some(&order)), Some(Quarantine::WrongPatient));
        for number in ["7K3M-9QXA-4T8", "", "-"] {
            let misnumbered = Named { number: number.into(), ..named.clone() };
            assert_eq!(fit(&misnumbered, Some(&order)), Some(Quarantine::WrongPatient), "{number}");
        }
        let revoked = Order { state: State::Revoked, ..order.clone() };
        assert_eq!(fit(&named, Some(&revoked)), Some(Quarantine::CancelledOrder));
        assert_eq!(fit(&other, Some(&revoked)), Some(Quarantine::WrongPatient));
        let forgotten = Named { patient: None, ..named };
        assert_eq!(fit(&forgotten, Some(&Order { patient: None, ..order })), Some(Quarantine::WrongPatient));
    }
}
