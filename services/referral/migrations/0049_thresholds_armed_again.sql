-- A promise that grows lifts its thresholds: those that the meter falls below by it are armed again, as when places are given back.
-- One that it comes to by a promise that shrinks is told with the next move, whoever makes it.
-- What is left then is offered, as in 0048.
CREATE OR REPLACE FUNCTION meter_commit(of_meter uuid, commits bigint, of_version bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    it meter;
    stripes bigint;
    taken bigint;
    spare bigint;
BEGIN
    PERFORM FROM meter_stripe WHERE meter_id = of_meter ORDER BY stripe FOR NO KEY UPDATE;
    SELECT * INTO it FROM meter WHERE id = of_meter FOR NO KEY UPDATE;
    IF it.terms_version >= of_version THEN
        RETURN;
    END IF;
    SELECT count(*), sum(reserved + used) INTO stripes, taken FROM meter_stripe WHERE meter_id = of_meter;
    spare := COALESCE(greatest(0, commits - taken), 0);
    UPDATE meter_stripe SET available = spare / stripes + (stripe < spare % stripes)::int WHERE meter_id = of_meter;
    UPDATE meter SET committed = commits, terms_version = of_version, beyond = COALESCE(greatest(0, taken - commits), 0),
           crossed = ARRAY(SELECT p FROM unnest(crossed) AS p WHERE taken::numeric * 100 >= p::numeric * commits ORDER BY p)
    WHERE id = of_meter;
    INSERT INTO meter_entry (id, meter_id, convention_id, convention_version, line_id, kind, subject_id, source, committed,
                             local_date, entry_time)
    VALUES (gen_random_uuid(), of_meter, it.convention_id, of_version, it.line_id, 'commit', of_meter,
            'terms/' || of_version, COALESCE(commits, 0) - COALESCE(it.committed, 0), it.period_start, at);
    IF spare > 0 THEN
        PERFORM meter_wake(of_meter);
    END IF;
END $$;

DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION meter_commit SET search_path = %I, pg_temp', current_schema());
END $$;
