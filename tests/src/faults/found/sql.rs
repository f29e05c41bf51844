//! How it is read, of each service's own tables.

pub(super) const REFERRALS: &str = "SELECT id, state, version, state = 'cancelled' AS closed FROM referral";
pub(super) const NOTED: &str =
    "SELECT referral_id AS referral, appointment_id AS appointment, state = 'cancelled' AS closed
                     FROM referral_appointment";
pub(super) const SITES: &str = "SELECT id FROM site";
pub(super) const HEARD: &str = "SELECT id, state FROM referral";
pub(super) const KEYS: &str = "SELECT request_id AS request, split_part(rpc, '/', 3) AS rpc, outcome_id AS outcome,
                           outcome_version AS version FROM idempotency_key";
/// What calls made or changed; not what events and timers did.
pub(super) const CHANGES: [(&str, &str); 3] = [
    (
        "referral",
        "SELECT 'referral' AS kind, referral_id AS id, version FROM referral_transition WHERE cause = 'call'
         UNION ALL SELECT 'patient', patient_id, version FROM patient_version",
    ),
    (
        "scheduling",
        "SELECT 'appointment' AS kind, appointment_id AS id, version FROM appointment_change WHERE actor <> ''
         UNION ALL SELECT 'hold', id, version FROM hold",
    ),
    (
        "results",
        "SELECT 'order' AS kind, order_id AS id, version FROM service_order_version
         UNION ALL SELECT 'report', report_id, version FROM report_version
         UNION ALL SELECT 'acknowledgement', id, version FROM report_release WHERE acknowledge_time IS NOT NULL",
    ),
];
/// What somebody is told of; the rest of what happens is no news. A threshold is told to both partners.
pub(super) const NEWS: [(&str, &str); 3] = [
    (
        "referral",
        "SELECT referral_id AS referral, 'referral-moved' AS kind, state, count(*) AS count FROM referral_transition
         WHERE state IN ('accepted', 'completed') GROUP BY referral_id, state
         UNION ALL
         SELECT '00000000-0000-0000-0000-000000000000', 'meter-threshold', percent::text, 2 * count(*)
         FROM meter_threshold GROUP BY percent",
    ),
    (
        "scheduling",
        "SELECT a.referral_id AS referral, 'appointment-moved' AS kind, c.state, count(*) AS count
         FROM appointment_change c JOIN appointment a ON a.id = c.appointment_id
         WHERE c.state IN ('booked', 'fulfilled') GROUP BY a.referral_id, c.state
         UNION ALL
         SELECT referral_id, 'appointment-cancelled', '', count(*) FROM appointment
         WHERE state = 'cancelled' AND cancelled_by IS NOT NULL GROUP BY referral_id",
    ),
    (
        "results",
        "SELECT r.referral_id AS referral, told.kind, v.status AS state, count(*) AS count
         FROM report_release l JOIN report r ON r.id = l.report_id
         JOIN report_version v ON (v.report_id, v.version) = (l.report_id, l.version)
         CROSS JOIN LATERAL (SELECT 'report-released' AS kind
                             UNION ALL SELECT 'report-acknowledged' WHERE l.acknowledge_time IS NOT NULL) AS told
         GROUP BY r.referral_id, told.kind, v.status",
    ),
];
pub(super) const AUDITED: &str = "SELECT split_part(action, '/', 3), trace_id FROM audit WHERE outcome = 'served'";
pub(super) const APPOINTMENTS: &str = "SELECT id, referral_id AS referral, version, state = 'cancelled' AS closed,
                                   cancelled_by IS NOT NULL AS given_up FROM appointment";
pub(super) const ORDERS: &str =
    "SELECT id, referral_id AS referral, version, state = 'revoked' AS closed, false AS given_up
                      FROM service_order";
pub(super) const MESSAGES: &str =
    "SELECT id, COALESCE(referral_id, '00000000-0000-0000-0000-000000000000') AS referral, kind, state,
                               kind = 'referral-submitted' AS opened, kind = 'referral-cancelled' AS closed,
                               organisation_id AS organisation, unit_id AS unit, sequence FROM message";
pub(super) const MAILBOXES: &str =
    "SELECT organisation_id AS organisation, unit_id AS unit, last_sequence AS last FROM mailbox";
pub(super) const SENT: &str = "SELECT aggregate_kind AS kind, aggregate_id AS aggregate, version FROM outbox_sent";
pub(super) const CONSUMED: &str = "SELECT consumer, aggregate_kind AS kind, aggregate_id AS aggregate, version
                        FROM consumed_version";
pub(super) const LEFT: &str = r#"
    SELECT 'outbox' AS "place", format('%s version %s of %s', type, version, aggregate_id) AS about FROM outbox
    UNION ALL
    SELECT 'retry', format('%s version %s of %s, %s, attempt %s: %s', type, version, aggregate_id, reason, attempt, error)
    FROM retry
    UNION ALL
    SELECT 'parked', format('%s version %s of %s, attempt %s: %s', type, version, aggregate_id, attempt, error)
    FROM parked WHERE state = 'parked'"#;
