-- What a statement counts, of one convention and no other; by the days of the site that was known at each step.
-- $1 the convention; $2, $3, $4 statements by number with their first and last days, the last of which is being closed;
-- $5, $6 the states between which delays are told.
WITH RECURSIVE period AS (
    SELECT number, first_day, last_day, number = max(number) OVER () AS is_last, max(last_day) OVER () AS until
    FROM unnest($2::bigint[], $3::date[], $4::date[]) AS p(number, first_day, last_day)
), sent AS (
    SELECT r.id, r.patient_id, r.site_id, COALESCE(z.time_zone, 'UTC') AS time_zone
    FROM referral r
    LEFT JOIN LATERAL (SELECT e.time_zone FROM site e WHERE e.organisation_id = r.provider_id
                       ORDER BY e.create_time, e.id LIMIT 1) z ON true
    WHERE r.convention_id = $1
), became AS (
    -- Records that were merged are one person.
    SELECT DISTINCT patient_id AS record, patient_id AS person FROM sent
    UNION
    SELECT b.record, p.merged_into FROM became b JOIN patient p ON p.id = b.person WHERE p.merged_into IS NOT NULL
), person AS (
    SELECT b.record, b.person FROM became b JOIN patient p ON p.id = b.person WHERE p.merged_into IS NULL
), taken AS (
    SELECT t.referral_id, t.version, t.state, t.previous, t.reason, t.at, t.cause, s.patient_id, s.time_zone,
           COALESCE((SELECT f.site_id FROM referral_fact f
                     -- Ids grow as things are heard and done here, whatever the clocks elsewhere say.
                     WHERE f.referral_id = t.referral_id AND f.id < t.id AND f.site_id IS NOT NULL
                     ORDER BY f.id DESC LIMIT 1), s.site_id) AS site_id,
           lead(t.cause) OVER next AS next_cause, lead(t.state) OVER next AS next_state,
           lead(t.appointment_id) OVER next = t.appointment_id AS same_appointment
    FROM sent s JOIN referral_transition t ON t.referral_id = s.id
    WHERE t.cause <> 'overdue'
    WINDOW next AS (PARTITION BY t.referral_id ORDER BY t.version)
), step AS (
    -- What was taken back did not happen: by whoever took it, or by what became of the same appointment.
    SELECT t.referral_id, t.version, t.state, t.previous, t.reason, t.at, t.patient_id, e.id AS site_id,
           (t.at AT TIME ZONE COALESCE(e.time_zone, t.time_zone))::date AS day
    FROM taken t LEFT JOIN site e ON e.id = t.site_id
    WHERE t.cause <> 'undo' AND t.next_cause IS DISTINCT FROM 'undo' AND NOT COALESCE(t.same_appointment AND (
        t.state = 'attended' AND t.next_state IN ('scheduled', 'no-show', 'accepted')
        OR t.state = 'no-show' AND t.next_state = 'attended'), false)
), entered AS (
    SELECT p.number, s.* FROM step s JOIN period p ON s.day BETWEEN p.first_day AND p.last_day
    WHERE s.previous IS DISTINCT FROM s.state
), seen AS (
    SELECT DISTINCT ON (s.referral_id) s.referral_id, s.day, s.site_id, o.person
    FROM step s JOIN person o ON o.record = s.patient_id
    WHERE s.state IN ('attended', 'results-available', 'completed') ORDER BY s.referral_id, s.version
), first_step AS (
    SELECT DISTINCT ON (referral_id, state) referral_id, state, at, day, site_id
    FROM step ORDER BY referral_id, state, version
), delay AS (
    SELECT w.from_state || '/' || w.to_state AS code, b.site_id,
           round(extract(epoch FROM b.at - a.at) / 360)::bigint AS tenths
    FROM unnest($5::text[], $6::text[]) AS w(from_state, to_state)
    JOIN first_step b ON b.state = w.to_state
    JOIN first_step a ON a.referral_id = b.referral_id AND a.state = w.from_state AND a.at <= b.at
    JOIN period p ON p.is_last AND b.day BETWEEN p.first_day AND p.last_day
), given AS (
    SELECT u.line_id, u.site_id, u.local_date, u.quantity FROM usage_entry u WHERE u.convention_id = $1
    UNION ALL
    -- What reports told of a line that commits stands in both ledgers.
    SELECT e.line_id, e.site_id, e.local_date, e.used
    FROM meter_entry e JOIN convention_line l ON l.convention_id = e.convention_id AND l.version = e.convention_version
                                             AND l.line_id = e.line_id
    WHERE e.convention_id = $1 AND e.used <> 0 AND (l.measure, l.counted_from) <> ('acts', 'report')
), dated AS (
    SELECT COALESCE(p.number, 0) AS number, COALESCE(p.is_last, false) AS is_last, g.line_id, g.site_id, g.local_date,
           g.quantity
    FROM given g LEFT JOIN period p ON g.local_date BETWEEN p.first_day AND p.last_day
    WHERE g.local_date <= (SELECT max(until) FROM period)
)
SELECT number AS "number!", 'quantity' AS "subject!", line_id AS "code!", site_id AS "site_id?", false AS "in_all!",
       sum(quantity)::bigint AS "quantity!", NULL::bigint AS "p50?", NULL::bigint AS "p90?"
FROM dated GROUP BY number, line_id, site_id
UNION ALL
SELECT number, 'month', line_id || '/' || to_char(local_date, 'YYYY-MM'), NULL, true, sum(quantity)::bigint, NULL, NULL
FROM dated WHERE is_last GROUP BY 1, 3
UNION ALL
SELECT number, 'steps', state, site_id, false, count(*), NULL, NULL FROM entered GROUP BY number, state, site_id
UNION ALL
SELECT number, 'refusals', state || '/' || COALESCE(NULLIF(reason, ''), 'not-stated'), site_id, false, count(*), NULL, NULL
FROM entered WHERE state IN ('rejected', 'redirected', 'cancelled', 'expired', 'failed') GROUP BY 1, 3, 4
UNION ALL
SELECT p.number, 'persons', '', s.site_id, grouping(s.site_id) = 1, count(DISTINCT s.person), NULL, NULL
FROM seen s JOIN period p ON s.day BETWEEN p.first_day AND p.last_day
GROUP BY GROUPING SETS ((p.number, s.site_id), (p.number))
UNION ALL
SELECT 0, 'delay', code, site_id, grouping(site_id) = 1, count(*),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY tenths), percentile_disc(0.9) WITHIN GROUP (ORDER BY tenths)
FROM delay GROUP BY GROUPING SETS ((code, site_id), (code))
