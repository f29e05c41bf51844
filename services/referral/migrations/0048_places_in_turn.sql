-- Places that come free are for whoever waits: what gives one back, or commits more, wakes the list; and where a line makes wait, nobody
-- takes one before those who came first. The functions are those of 0036, with that in them.

-- As in 0036; what is left then is offered.
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
    UPDATE meter SET committed = commits, terms_version = of_version, beyond = COALESCE(greatest(0, taken - commits), 0)
    WHERE id = of_meter;
    INSERT INTO meter_entry (id, meter_id, convention_id, convention_version, line_id, kind, subject_id, source, committed,
                             local_date, entry_time)
    VALUES (gen_random_uuid(), of_meter, it.convention_id, of_version, it.line_id, 'commit', of_meter,
            'terms/' || of_version, COALESCE(commits, 0) - COALESCE(it.committed, 0), it.period_start, at);
    IF spare > 0 THEN
        PERFORM meter_wake(of_meter);
    END IF;
END $$;

-- As in 0036; what is left then is offered.
CREATE OR REPLACE FUNCTION meter_give(of_meter uuid, to_stripe smallint, quantity bigint, commits bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    above bigint;
    paid bigint := 0;
BEGIN
    -- Whoever goes beyond locks every stripe first: from here on nobody does.
    PERFORM FROM meter_stripe WHERE meter_id = of_meter AND stripe = to_stripe FOR NO KEY UPDATE;
    IF commits IS NULL THEN
        RETURN;
    END IF;
    SELECT beyond INTO above FROM meter WHERE id = of_meter;
    IF above > 0 THEN
        SELECT beyond INTO above FROM meter WHERE id = of_meter FOR NO KEY UPDATE;
        paid := least(above, quantity);
        UPDATE meter SET beyond = beyond - paid WHERE id = of_meter;
    END IF;
    UPDATE meter_stripe SET available = available + quantity - paid WHERE meter_id = of_meter AND stripe = to_stripe;
    IF quantity > paid THEN
        PERFORM meter_wake(of_meter);
    END IF;
END $$;

-- As in 0036; a line that makes wait (`in_turn`) keeps the order of those who wait.
CREATE OR REPLACE FUNCTION meter_settle(asked jsonb, of_convention uuid, subject uuid, of_referral uuid, of_source text, at timestamptz)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    line record;
    claim meter_claim;
    wanted uuid;
    entry meter_entry;
    done record;
    wants_used bigint;
    wants_reserved bigint;
    short jsonb := '[]';
    crossed jsonb := '[]';
BEGIN
    IF NOT (app_system() OR EXISTS (
        SELECT FROM referral_party p JOIN referral r ON r.id = p.referral_id
        WHERE p.referral_id = of_referral AND p.organisation_id = app_organisation()
          AND r.convention_id = of_convention AND subject = of_referral)) THEN
        RAISE insufficient_privilege USING MESSAGE = 'meters are moved by parties of the referral';
    END IF;
    FOR line IN SELECT * FROM jsonb_to_recordset(asked) AS l(line_id text, terms_version bigint, period_start date,
        period_end date, site uuid, committed bigint, holder uuid, reserved bigint, used bigint, exceeds boolean,
        fact boolean, moves boolean, local_date date, place uuid, approver text, percents int[], in_turn boolean)
        ORDER BY l.line_id
    LOOP
        SELECT * INTO claim FROM meter_claim c WHERE c.subject_id = subject AND c.line_id = line.line_id FOR NO KEY UPDATE;
        wants_reserved := COALESCE(line.reserved, claim.reserved, 0);
        wants_used := line.used;
        IF wants_used IS NULL THEN
            -- Reports tell how many acts it was.
            SELECT greatest(0, COALESCE(sum(e.quantity), 0)) INTO wants_used FROM usage_entry e
            WHERE e.referral_id = of_referral AND e.line_id = line.line_id;
            wants_reserved := CASE WHEN wants_used > 0 THEN 0 ELSE wants_reserved END;
        END IF;
        IF claim.meter_id IS NULL AND wants_reserved = 0 AND wants_used = 0
           OR claim.meter_id IS NOT NULL AND NOT line.moves AND claim.reserved = wants_reserved AND claim.used = wants_used THEN
            CONTINUE;
        END IF;
        wanted := claim.meter_id;
        IF wanted IS NULL OR line.moves THEN
            wanted := meter_open(of_convention, line.line_id, line.period_start, line.period_end, line.site, line.committed,
                                 line.terms_version, at);
        END IF;
        -- A place belongs to whoever waits for it; who shares one of somebody's takes none, and a visit that was made is a fact.
        IF line.in_turn AND wants_used = 0 AND wants_reserved > 0
           AND (claim.meter_id IS NULL OR claim.meter_id <> wanted OR claim.reserved + claim.used = 0)
           AND NOT EXISTS (SELECT FROM meter_place p
                           WHERE p.meter_id = wanted AND p.holder_id = line.holder AND p.reserved + p.used > 0)
           AND meter_awaited(wanted, of_referral, at) THEN
            short := short || to_jsonb(line.line_id);
            CONTINUE;
        END IF;
        entry.convention_id := of_convention;
        entry.convention_version := line.terms_version;
        entry.line_id := line.line_id;
        entry.referral_id := of_referral;
        entry.source := of_source;
        entry.local_date := line.local_date;
        entry.site_id := line.place;
        entry.approver := line.approver;
        entry.entry_time := at;
        -- A visit that was made is a fact; a place for one that is to be made is not.
        SELECT * INTO done FROM meter_hold(wanted, line.holder, subject, wants_reserved, wants_used,
                                           line.exceeds OR line.fact AND wants_used > 0, entry, line.percents);
        IF NOT done.fits THEN
            short := short || to_jsonb(line.line_id);
            CONTINUE;
        END IF;
        crossed := crossed || done.crossed;
        IF claim.meter_id IS NOT NULL AND claim.meter_id <> wanted THEN
            SELECT * INTO done FROM meter_hold(claim.meter_id, claim.holder_id, subject, 0, 0, true, entry, line.percents);
            crossed := crossed || done.crossed;
        END IF;
        INSERT INTO meter_claim (subject_id, line_id, referral_id, meter_id, holder_id, reserved, used)
        VALUES (subject, line.line_id, of_referral, wanted, line.holder, wants_reserved, wants_used)
        ON CONFLICT (subject_id, line_id) DO UPDATE
        SET meter_id = EXCLUDED.meter_id, reserved = EXCLUDED.reserved, used = EXCLUDED.used;
    END LOOP;
    RETURN jsonb_build_object('short', short, 'crossed', crossed);
END $$;

DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace
          AND p.proname IN ('meter_commit', 'meter_give', 'meter_settle')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f.name, current_schema());
    END LOOP;
END $$;
