//! Conditions of a convention: what is left out is the usual.

use relais_platform::calls::Check;
use relais_proto::convention::v1::{self, eligibility::HealthCover, result_recipients::Kind};

use super::CODE;
use crate::{
    domain::{
        convention::{Acceptance, Conditions, Cover, Deadlines, Eligibility, Few, Prescribers, Recipients},
        network::is_register,
    },
    grpc::parse::{codes, network::REGISTER},
};

/// The most codes of a list.
const MOST: usize = 100;

pub(super) fn parse(check: &mut Check, given: &v1::Terms) -> Conditions {
    use v1::terms::Acceptance as Given;
    let acceptance = match check.choice_or("convention.terms.acceptance", given.acceptance, Given::ByHand) {
        Given::Automatic => Acceptance::Automatic,
        Given::ByHand | Given::Unspecified => Acceptance::ByHand,
    };
    check.ensure("convention.terms.thresholds", given.thresholds.len() <= MOST, "must not hold more than 100");
    Conditions {
        acceptance,
        deadlines: deadlines(given.deadlines.unwrap_or_default()),
        recipients: recipients(check, given.recipients.clone().unwrap_or_default()),
        prescribers: prescribers(check, given.prescribers.clone().unwrap_or_default()),
        eligibility: eligibility(check, &given.eligibility.clone().unwrap_or_default()),
        checklist: codes(check, "convention.terms.checklist", &given.checklist, MOST),
        run_off_days: given.run_off_days,
        thresholds: given.thresholds.iter().take(MOST).copied().collect(),
        suppress_below: if given.suppress_below == 0 { Few::default() } else { Few(given.suppress_below.into()) },
    }
}

/// The terms themselves say which values make sense; 0 is the usual one.
fn deadlines(given: v1::Deadlines) -> Deadlines {
    let usual = Deadlines::default();
    let or = |given, usual| if given == 0 { usual } else { given };
    Deadlines {
        first_contact_routine_hours: or(given.first_contact_routine_hours, usual.first_contact_routine_hours),
        first_contact_urgent_hours: or(given.first_contact_urgent_hours, usual.first_contact_urgent_hours),
        first_contact_asap_hours: or(given.first_contact_asap_hours, usual.first_contact_asap_hours),
        first_contact_stat_hours: or(given.first_contact_stat_hours, usual.first_contact_stat_hours),
        appointment_days: or(given.appointment_days, usual.appointment_days),
        result_days: or(given.result_days, usual.result_days),
        information_days: or(given.information_days, usual.information_days),
        cancellation_answer_days: or(given.cancellation_answer_days, usual.cancellation_answer_days),
        offer_hours: or(given.offer_hours, usual.offer_hours),
    }
}

fn recipients(check: &mut Check, given: v1::ResultRecipients) -> Recipients {
    let field = "convention.terms.recipients.unit";
    let default = Kind::PrescriberOrSubstitute;
    match check.choice_or("convention.terms.recipients.kind", given.kind, default) {
        Kind::UnitClinicians => Recipients::UnitClinicians(check.child(field, &given.unit)),
        Kind::PrescriberOrSubstitute | Kind::Unspecified => {
            check.ensure(field, given.unit.is_empty(), "must be empty unless its clinicians receive results");
            Recipients::PrescriberOrSubstitute
        }
    }
}

fn prescribers(check: &mut Check, given: v1::Prescribers) -> Prescribers {
    let field = "convention.terms.prescribers.register";
    let register = check.optional_text(field, &given.register, CODE);
    check.ensure(field, register.is_empty() || is_register(&register), REGISTER);
    Prescribers { required: given.required, register }
}

fn eligibility(check: &mut Check, given: &v1::Eligibility) -> Eligibility {
    let field = "convention.terms.eligibility";
    let health_cover = match check.choice_or(&format!("{field}.health_cover"), given.health_cover, HealthCover::Any) {
        HealthCover::None => Cover::None,
        HealthCover::Any | HealthCover::Unspecified => Cover::Any,
    };
    let declared_reasons = codes(check, &format!("{field}.declared_reasons"), &given.declared_reasons, MOST);
    let territories = codes(check, &format!("{field}.territories"), &given.territories, MOST);
    let patient_statuses = codes(check, &format!("{field}.patient_statuses"), &given.patient_statuses, MOST);
    let patient_wish = given.patient_wish;
    Eligibility { health_cover, declared_reasons, patient_wish, territories, patient_statuses }
}
