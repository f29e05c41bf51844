-- How meters move. One call settles all lines of a referral's step, in one order everywhere: place, stripes, meter.
--
-- A stripe that suffices is taken with SKIP LOCKED; if none does, all of the meter's are locked in order and decided once. What is a
-- fact is never refused: it takes what is left, and what is missing is noted as beyond. What is given back pays for that first. So
-- a meter has something left, or something beyond, and never both: left = max(0, committed - reserved - used).

-- Makes the promise of a meter another one: what is left follows from what is taken, and is offered to who waits (meter_wake, 0047). Thresholds
-- that it falls below by a promise that grows are armed again; one that it comes to by one that shrinks is told with the next move.
CREATE FUNCTION meter_commit(of_meter uuid, commits bigint, of_version bigint, at timestamptz) RETURNS void
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

-- The meter of a line, period and place; entered when it is first asked for, and brought to the promise of later terms.
CREATE FUNCTION meter_open(of_convention uuid, of_line text, starts date, ends date, place uuid, commits bigint,
                           of_version bigint, at timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    it meter;
    fresh uuid := gen_random_uuid();
    parts bigint;
BEGIN
    SELECT * INTO it FROM meter
    WHERE convention_id = of_convention AND line_id = of_line AND period_start = starts AND site_id = place;
    IF FOUND THEN
        IF it.terms_version < of_version THEN
            PERFORM meter_commit(it.id, commits, of_version, at);
        END IF;
        IF it.period_end <> ends AND it.terms_version <= of_version THEN
            UPDATE meter SET period_end = ends WHERE id = it.id;
        END IF;
        RETURN it.id;
    END IF;
    INSERT INTO meter (id, convention_id, line_id, period_start, period_end, site_id, committed, terms_version)
    VALUES (fresh, of_convention, of_line, starts, ends, place, commits, of_version)
    ON CONFLICT (convention_id, line_id, period_start, site_id) DO NOTHING;
    IF NOT FOUND THEN
        -- Somebody else entered it meanwhile: the next look sees it.
        RETURN meter_open(of_convention, of_line, starts, ends, place, commits, of_version, at);
    END IF;
    -- Few stripes where little is committed: nobody shall search sixteen for the last place.
    parts := least(16, greatest(1, COALESCE(commits, 128) / 8));
    INSERT INTO meter_stripe (meter_id, stripe, available)
    SELECT fresh, n, COALESCE(commits / parts + (n < commits % parts)::int, 0) FROM generate_series(0, parts - 1) AS n;
    INSERT INTO meter_entry (id, meter_id, convention_id, convention_version, line_id, kind, subject_id, source, committed,
                             local_date, entry_time)
    VALUES (gen_random_uuid(), fresh, of_convention, of_version, of_line, 'commit', fresh, 'terms/' || of_version,
            COALESCE(commits, 0), starts, at);
    RETURN fresh;
END $$;

-- Takes of what is left; answers with a stripe that is locked, or with nothing when it does not suffice and may not go beyond.
CREATE FUNCTION meter_take(of_meter uuid, quantity bigint, commits bigint, beyond_too boolean) RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    taken smallint;
    spare bigint;
    missing bigint;
    part bigint;
    one record;
BEGIN
    SELECT stripe INTO taken FROM meter_stripe
    WHERE meter_id = of_meter AND (commits IS NULL OR available >= quantity)
    ORDER BY stripe LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        IF commits IS NOT NULL THEN
            UPDATE meter_stripe SET available = available - quantity WHERE meter_id = of_meter AND stripe = taken;
        END IF;
        RETURN taken;
    END IF;
    PERFORM FROM meter_stripe WHERE meter_id = of_meter ORDER BY stripe FOR NO KEY UPDATE;
    IF commits IS NULL THEN
        RETURN 0;
    END IF;
    SELECT sum(available) INTO spare FROM meter_stripe WHERE meter_id = of_meter;
    IF spare < quantity AND NOT beyond_too THEN
        RETURN NULL;
    END IF;
    missing := quantity;
    FOR one IN SELECT stripe, available FROM meter_stripe WHERE meter_id = of_meter AND available > 0 ORDER BY stripe LOOP
        part := least(one.available, missing);
        UPDATE meter_stripe SET available = available - part WHERE meter_id = of_meter AND stripe = one.stripe;
        missing := missing - part;
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        UPDATE meter SET beyond = beyond + missing WHERE id = of_meter;
    END IF;
    RETURN 0;
END $$;

-- Gives back to a stripe: what is beyond is paid for first; what is left then is offered.
CREATE FUNCTION meter_give(of_meter uuid, to_stripe smallint, quantity bigint, commits bigint) RETURNS void
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

-- Tells which thresholds are crossed now that were not before. Terms of other versions may have others: those that are crossed stay so until
-- the meter falls below them.
-- Far from all of them nothing is locked. Near one, whoever moves the meter waits for its turn: so of many at once one crosses. What
-- comes late of somebody who was far is seen by the next who moves.
CREATE FUNCTION meter_watch(of_meter uuid, percents int[], moved bigint, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    it meter;
    r bigint;
    u bigint;
    above int[];
    margin bigint := 64 * greatest(1, abs(moved));
    told jsonb := '[]';
    one record;
BEGIN
    SELECT * INTO it FROM meter WHERE id = of_meter;
    IF it.committed IS NULL OR cardinality(percents) = 0 THEN
        RETURN told;
    END IF;
    SELECT sum(reserved), sum(used) INTO r, u FROM meter_stripe WHERE meter_id = of_meter;
    above := ARRAY(SELECT p FROM (SELECT unnest(percents) UNION SELECT unnest(it.crossed)) AS w(p)
                   WHERE (r + u)::numeric * 100 >= p::numeric * it.committed ORDER BY p);
    IF above = it.crossed AND NOT EXISTS (
        SELECT FROM unnest(percents) AS p WHERE abs((r + u)::numeric * 100 - p::numeric * it.committed) <= margin * 100) THEN
        RETURN told;
    END IF;
    SELECT * INTO it FROM meter WHERE id = of_meter FOR NO KEY UPDATE;
    SELECT sum(reserved), sum(used) INTO r, u FROM meter_stripe WHERE meter_id = of_meter;
    above := ARRAY(SELECT p FROM (SELECT unnest(percents) UNION SELECT unnest(it.crossed)) AS w(p)
                   WHERE (r + u)::numeric * 100 >= p::numeric * it.committed ORDER BY p);
    FOR one IN SELECT p AS percent FROM unnest(above) AS p WHERE p <> ALL (it.crossed) ORDER BY p LOOP
        it.version := it.version + 1;
        INSERT INTO meter_threshold (meter_id, percent, crossing, version, committed, reserved, used, cross_time)
        SELECT of_meter, one.percent, COALESCE(max(crossing), 0) + 1, it.version, it.committed, r, u, at
        FROM meter_threshold WHERE meter_id = of_meter AND percent = one.percent;
        told := told || jsonb_build_object('meter', of_meter, 'line_id', it.line_id, 'period_start', it.period_start,
            'period_end', it.period_end, 'site', it.site_id, 'percent', one.percent, 'committed', it.committed,
            'reserved', r, 'used', u, 'version', it.version);
    END LOOP;
    IF above <> it.crossed THEN
        UPDATE meter SET crossed = above, version = it.version WHERE id = of_meter;
    END IF;
    RETURN told;
END $$;

-- Brings the place of a holder to what the claims on it ask for, of which one is about to become this. Says whether it could.
CREATE FUNCTION meter_hold(of_meter uuid, holder uuid, subject uuid, wants_reserved bigint, wants_used bigint,
                           beyond_too boolean, entry meter_entry, percents int[], OUT fits boolean, OUT crossed jsonb)
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    commits bigint;
    place meter_place;
    most_reserved bigint;
    most_used bigint;
    more_reserved bigint;
    more_used bigint;
    at_stripe smallint;
    was record;
BEGIN
    fits := true;
    crossed := '[]';
    INSERT INTO meter_place (meter_id, holder_id, stripe, reserved, used) VALUES (of_meter, holder, 0, 0, 0)
    ON CONFLICT (meter_id, holder_id) DO NOTHING;
    SELECT * INTO place FROM meter_place WHERE meter_id = of_meter AND holder_id = holder FOR NO KEY UPDATE;
    -- Those who share the place: it is used when one of them used it, and reserved while one of them waits.
    SELECT greatest(wants_used, max(c.used)), greatest(wants_reserved, max(c.reserved)) INTO most_used, most_reserved
    FROM meter_claim c WHERE c.meter_id = of_meter AND c.holder_id = holder AND c.subject_id <> subject;
    IF most_used > wants_used THEN
        most_reserved := 0;
    ELSIF wants_used > 0 THEN
        most_reserved := wants_reserved;
    END IF;
    more_reserved := most_reserved - place.reserved;
    more_used := most_used - place.used;
    IF more_reserved = 0 AND more_used = 0 THEN
        RETURN;
    END IF;
    SELECT committed INTO commits FROM meter WHERE id = of_meter;
    at_stripe := place.stripe;
    IF more_reserved + more_used > 0 THEN
        at_stripe := meter_take(of_meter, more_reserved + more_used, commits, beyond_too);
        IF at_stripe IS NULL THEN
            fits := false;
            RETURN;
        END IF;
        -- What it has already stays where it is.
        IF place.reserved + place.used > 0 THEN
            at_stripe := place.stripe;
        END IF;
    ELSIF more_reserved + more_used < 0 THEN
        PERFORM meter_give(of_meter, at_stripe, -(more_reserved + more_used), commits);
    END IF;
    UPDATE meter_stripe SET reserved = reserved + more_reserved, used = used + more_used
    WHERE meter_id = of_meter AND stripe = at_stripe;
    UPDATE meter_place SET stripe = at_stripe, reserved = most_reserved, used = most_used
    WHERE meter_id = of_meter AND holder_id = holder;
    IF more_used < 0 AND entry.referral_id IS NOT NULL THEN
        -- What did not happen is taken back where and on the day that it was counted.
        SELECT e.local_date, e.site_id INTO was FROM meter_entry e
        WHERE e.meter_id = of_meter AND e.used > 0 AND e.subject_id IN (
            SELECT c.subject_id FROM meter_claim c WHERE c.meter_id = of_meter AND c.holder_id = holder)
        ORDER BY e.entry_time DESC, e.id LIMIT 1;
        IF FOUND THEN
            entry.local_date := was.local_date;
            entry.site_id := was.site_id;
        END IF;
    END IF;
    entry.kind := CASE WHEN more_used < 0 THEN 'counter' WHEN more_used > 0 AND more_reserved <= 0 THEN 'use'
                       WHEN more_reserved > 0 AND more_used = 0 THEN 'reserve' ELSE 'release' END;
    INSERT INTO meter_entry (id, meter_id, convention_id, convention_version, line_id, kind, subject_id, referral_id, source,
                             reserved, used, local_date, site_id, approver, entry_time)
    VALUES (gen_random_uuid(), of_meter, entry.convention_id, entry.convention_version, entry.line_id, entry.kind, subject,
            entry.referral_id, entry.source, more_reserved, more_used, entry.local_date, entry.site_id, entry.approver,
            entry.entry_time);
    crossed := meter_watch(of_meter, percents, more_reserved + more_used, entry.entry_time);
END $$;

-- Settles the lines of a referral's step (or of an expense): what it asks of each becomes what is asked. Answers with the lines that
-- have too little left, of which nothing was taken, and with the thresholds that were crossed. On a line that makes
-- wait (`in_turn`), nobody takes one before those who came first (meter_awaited, 0047).
CREATE FUNCTION meter_settle(asked jsonb, of_convention uuid, subject uuid, of_referral uuid, of_source text, at timestamptz)
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

-- What stands on the meters of some lines and periods, for whoever judges or may know: figures alone, and whether a holder has a place.
CREATE FUNCTION meter_read(of_convention uuid, holder uuid, asked jsonb)
RETURNS TABLE (line_id text, site_id uuid, committed bigint, reserved bigint, used bigint, held boolean)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.line_id, m.site_id, m.committed, sum(s.reserved)::bigint, sum(s.used)::bigint,
           EXISTS (SELECT FROM meter_place p WHERE p.meter_id = m.id AND p.holder_id = holder AND p.reserved + p.used > 0)
    FROM jsonb_to_recordset(asked) AS l(line_id text, period_start date)
    JOIN meter m ON m.convention_id = of_convention AND m.line_id = l.line_id AND m.period_start = l.period_start
    JOIN meter_stripe s ON s.meter_id = m.id
    WHERE app_system() OR EXISTS (
        SELECT FROM convention_party p WHERE p.convention_id = of_convention AND p.organisation_id = app_organisation())
    GROUP BY m.id
$$;

-- What other terms would commit too little for, of the periods from the one that begins on `starts` on: nobody takes any more of those
-- meters until the transaction ends.
CREATE FUNCTION meter_shortfall(of_convention uuid, asked jsonb)
RETURNS TABLE (line_id text, committed bigint, taken bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM FROM meter_stripe s WHERE s.meter_id IN (
        SELECT m.id FROM meter m JOIN jsonb_to_recordset(asked) AS l(line_id text, starts date) ON l.line_id = m.line_id
        WHERE m.convention_id = of_convention AND m.period_start >= l.starts)
    ORDER BY s.meter_id, s.stripe FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT m.line_id, l.committed, sum(s.reserved + s.used)::bigint
    FROM meter m JOIN meter_stripe s ON s.meter_id = m.id
    JOIN jsonb_to_recordset(asked) AS l(line_id text, committed bigint, starts date) ON l.line_id = m.line_id
    WHERE m.convention_id = of_convention AND m.period_start >= l.starts AND m.committed IS NOT NULL
    GROUP BY m.id, l.committed HAVING sum(s.reserved + s.used) > l.committed
    ORDER BY 1;
END $$;

-- Brings the meters of those periods to the promise of later terms, as they were signed. The first of them may end on another day.
CREATE FUNCTION meter_adopt(of_convention uuid, asked jsonb, of_version bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT m.id, c.committed, m.period_start = l.starts AS is_first, l.ends FROM meter m
        JOIN convention_line c ON (c.convention_id, c.version, c.line_id) = (m.convention_id, of_version, m.line_id)
        JOIN convention_signature g ON (g.convention_id, g.version) = (c.convention_id, c.version)
        JOIN jsonb_to_recordset(asked) AS l(line_id text, starts date, ends date) ON l.line_id = m.line_id
        WHERE m.convention_id = of_convention AND m.period_start >= l.starts ORDER BY m.id
    LOOP
        PERFORM meter_commit(one.id, one.committed, of_version, at);
        IF one.is_first THEN
            UPDATE meter SET period_end = one.ends WHERE id = one.id AND period_end <> one.ends;
        END IF;
    END LOOP;
END $$;

-- Parts of the others, which nobody calls by themselves.
REVOKE EXECUTE ON FUNCTION meter_commit, meter_take, meter_give, meter_watch, meter_hold FROM PUBLIC;

DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'meter\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f.name, current_schema());
    END LOOP;
END $$;
