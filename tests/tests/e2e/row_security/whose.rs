//! Whose rows are whose: the rule of each walled table once more, in the test's own words. What the database shows an organisation
//! is held against what this says, so a policy that lets too much or too little through is found wherever there are rows.

use anyhow::{Context, Result};

/// What an organisation (`$1`) sees of a table. A table without a row here fails the test.
const RULES: &[(&str, &str)] = &[
    // Of conventions, and told by use cases that ask first who may know them.
    ("referral.expense", "false"),
    ("referral.expense_counter", "false"),
    ("referral.staff_time", "false"),
    ("referral.staff_time_step", "false"),
    ("referral.file_access", "organisation_id = $1 OR owner_id = $1 OR referral_id IN (SENT)"),
    ("referral.file_review", OWN),
    ("referral.file_words", OWN),
    ("referral.leave", OWN),
    ("referral.leave_version", OWN),
    ("referral.member", OWN),
    ("referral.member_version", OWN),
    ("referral.partner_link", "organisation_id = $1 OR referral_id IN (SENT)"),
    ("referral.patient", OWN),
    ("referral.patient_dismissal", OWN),
    ("referral.patient_duplicate", OWN),
    ("referral.patient_hold", OWN),
    ("referral.patient_merge", OWN),
    ("referral.patient_person", OWN),
    ("referral.patient_token", OWN),
    ("referral.patient_version", OWN),
    ("referral.referral", "id IN (PARTY) OR id IN (OPENED)"),
    ("referral.referral_appointment", "referral_id IN (PARTY) OR referral_id IN (OPENED)"),
    ("referral.referral_fact", "referral_id IN (PARTY)"),
    ("referral.referral_note", "referral_id IN (PARTY)"),
    ("referral.referral_party", OWN),
    ("referral.referral_report", "referral_id IN (PARTY)"),
    ("referral.referral_transition", "referral_id IN (PARTY) OR referral_id IN (OPENED)"),
    // What is counted for funders, too: use cases show what may be shown of it.
    ("referral.statement", "false"),
    ("referral.unit_substitute", OWN),
    ("referral.waiting", "referral_id IN (PARTY)"),
    // What was given is counted by workers, and told by use cases with a worker's sight; what was given to a patient, to who sent them.
    ("referral.usage_entry", "referral_id IN (SENT)"),
    ("referral.usage_sum", "false"),
    // Meters are moved by functions of the database, and told as figures by use cases that ask first who may know them.
    ("referral.meter", "false"),
    ("referral.meter_claim", "false"),
    ("referral.meter_entry", "false"),
    ("referral.meter_place", "false"),
    ("referral.meter_stripe", "false"),
    ("referral.meter_threshold", "false"),
    ("scheduling.appointment", BOOKED),
    ("scheduling.appointment_change", "appointment_id IN (SELECT id FROM scheduling.appointment WHERE BOOKED)"),
    ("scheduling.appointment_party", OWN),
    ("scheduling.hold", "appointment_id IN (AT)"),
    ("scheduling.opened_file", OWN),
    ("scheduling.referral", "id IN (PARTY)"),
    ("scheduling.referral_party", OWN),
    ("results.attachment", FILED),
    ("results.attachment_chunk", "attachment_id IN (SELECT id FROM results.attachment WHERE FILED)"),
    ("results.opened_file", OWN),
    ("results.referral", "id IN (PARTY)"),
    ("results.referral_party", OWN),
    ("results.report", FOUND),
    ("results.report_issue", "report_id IN (SELECT id FROM results.report WHERE FOUND)"),
    ("results.report_party", OWN),
    ("results.report_release", "report_id IN (SELECT id FROM results.report WHERE FOUND)"),
    ("results.report_version", "report_id IN (SELECT id FROM results.report WHERE FOUND)"),
    ("results.service_order", "id IN (ASKED) OR referral_id IN (OPENED)"),
    ("results.service_order_party", OWN),
    ("results.service_order_version", "order_id IN (ASKED)"),
    // Who sent a referral answers for what others were told of its patient.
    ("notification.delivery", MAILED),
    (
        "notification.delivery_attempt",
        "organisation_id = $1 OR delivery_id IN (SELECT id FROM notification.delivery WHERE MAILED)",
    ),
    ("notification.mail_preference", OWN),
    ("notification.mailbox", OWN),
    ("notification.message", "organisation_id = $1 OR referral_id IN (SENDER)"),
    ("notification.referral_sender", OWN),
];

const OWN: &str = "organisation_id = $1";
const BOOKED: &str = "id IN (AT) OR referral_id IN (OPENED)";
const FILED: &str = "organisation_id = $1 OR order_id IN (ASKED) OR report_id IN (READ)";
const MAILED: &str = "organisation_id = $1 OR purpose <> 'digest' AND referral_id IN (SENDER)";
const FOUND: &str = "provider_id = $1 OR id IN (READ)";

/// The words above, written out.
const WORDS: &[(&str, &str)] = &[
    ("BOOKED", BOOKED),
    ("FILED", FILED),
    ("FOUND", FOUND),
    ("MAILED", MAILED),
    ("SENDER", "SELECT referral_id FROM notification.referral_sender WHERE organisation_id = $1"),
    ("SENT", "SELECT referral_id FROM SCHEMA.referral_party WHERE organisation_id = $1 AND capacity = 'referrer'"),
    ("PARTY", "SELECT referral_id FROM SCHEMA.referral_party WHERE organisation_id = $1"),
    ("AT", "SELECT appointment_id FROM scheduling.appointment_party WHERE organisation_id = $1"),
    ("ASKED", "SELECT order_id FROM results.service_order_party WHERE organisation_id = $1"),
    ("READ", "SELECT report_id FROM results.report_party WHERE organisation_id = $1"),
    ("OPENED", "SELECT referral_id FROM LOOKS WHERE organisation_id = $1"),
];

/// What counts the rows of a table that are an organisation's.
pub fn counting(table: &str, organisation: &str) -> Result<String> {
    let (_, rule) = RULES.iter().find(|(name, _)| *name == table).with_context(|| format!("{table}: whose is it?"))?;
    let schema = table.split('.').next().unwrap_or_default();
    let looks = if schema == "referral" { "referral.file_access" } else { "SCHEMA.opened_file" };
    let mut rule = WORDS.iter().fold((*rule).to_string(), |rule, (word, meaning)| rule.replace(word, meaning));
    rule = rule.replace("LOOKS", looks).replace("SCHEMA", schema).replace("$1", &format!("'{organisation}'"));
    Ok(format!("SELECT count(*) FROM {table} WHERE {rule}"))
}
