-- What a meter promises: what the version of the terms commits that judges its period, whoever asks for it and by which version they were
-- admitted.

-- The last day of a line's period, whatever ends the convention; none: it lasts for the term.
CREATE FUNCTION meter_last(per text, first date, starts date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE per
        WHEN 'month' THEN (date_trunc('month', starts::timestamp) + interval '1 month')::date - 1
        WHEN 'year' THEN (first + make_interval(
            years => (date_part('year', starts) - date_part('year', first))::int + 1))::date - 1
    END
$$;

-- The version that judges a line until a day: of the signed ones that have the line, the last that judges from a day on that is no later;
-- none of them: the first.
CREATE FUNCTION meter_judge(of_convention uuid, of_line text, until date) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT l.version
    FROM convention_line l
    JOIN convention_signature g ON (g.convention_id, g.version) = (l.convention_id, l.version)
    JOIN convention_terms t ON (t.convention_id, t.version) = (l.convention_id, l.version)
    CROSS JOIN LATERAL (SELECT until IS NULL OR COALESCE(t.effective_date, t.start_date) <= until) AS b(begun)
    WHERE l.convention_id = of_convention AND l.line_id = of_line
    ORDER BY b.begun DESC, CASE WHEN b.begun THEN -l.version ELSE l.version END LIMIT 1
$$;

-- The promise of a line's period at a place: the version that judges the period, which is the last one that judges a day of it; what that
-- commits (nothing where each site counts and none is named), and the last day by it. No row: no such line is signed.
CREATE FUNCTION meter_promise(of_convention uuid, of_line text, starts date, place uuid)
RETURNS TABLE (version bigint, committed bigint, ends date, unclipped date) LANGUAGE sql STABLE AS $$
    SELECT l.version,
           CASE WHEN l.scope = 'all' OR place <> '00000000-0000-0000-0000-000000000000' THEN l.committed END,
           GREATEST(starts, LEAST(p.last_day, t.end_date)), p.last_day
    FROM convention_line l
    JOIN convention_terms t ON (t.convention_id, t.version) = (l.convention_id, l.version)
    CROSS JOIN LATERAL meter_last(l.per, t.start_date, starts) AS p(last_day)
    WHERE l.convention_id = of_convention AND l.line_id = of_line
      AND l.version = meter_judge(of_convention, of_line, p.last_day)
$$;

-- The meters of periods that a version judges and that are not over on a day, with what it commits of them.
CREATE FUNCTION meter_judged(of_convention uuid, of_version bigint, today date)
RETURNS TABLE (id uuid, line_id text, was bigint, committed bigint, ends date) LANGUAGE sql STABLE AS $$
    SELECT m.id, m.line_id, m.committed, p.committed, p.ends
    FROM meter m
    CROSS JOIN LATERAL meter_promise(m.convention_id, m.line_id, m.period_start, m.site_id) AS p
    JOIN convention_terms t ON (t.convention_id, t.version) = (m.convention_id, p.version)
    WHERE m.convention_id = of_convention AND p.version = of_version
      AND (p.unclipped IS NULL OR p.unclipped >= LEAST(today, t.end_date))
$$;

-- The meter of a line, period and place; entered when it is first asked for. Its promise is that of the version that judges the period:
-- what its caller says of it is not looked at, nor of the period's end. Later terms bring it to theirs as they are signed (meter_amend).
CREATE OR REPLACE FUNCTION meter_open(of_convention uuid, of_line text, starts date, ends date, place uuid, commits bigint,
                                      of_version bigint, at timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    known uuid;
    fresh uuid := gen_random_uuid();
    parts bigint;
    promise record;
BEGIN
    SELECT id INTO known FROM meter
    WHERE convention_id = of_convention AND line_id = of_line AND period_start = starts AND site_id = place;
    IF FOUND THEN
        RETURN known;
    END IF;
    -- Terms that are being signed are waited for, and whoever signs waits until this meter is there: so they find it.
    PERFORM FROM convention WHERE id = of_convention FOR SHARE;
    SELECT * INTO promise FROM meter_promise(of_convention, of_line, starts, place);
    IF NOT FOUND THEN
        RAISE insufficient_privilege USING MESSAGE = 'no signed terms have such a line';
    END IF;
    INSERT INTO meter (id, convention_id, line_id, period_start, period_end, site_id, committed, terms_version)
    VALUES (fresh, of_convention, of_line, starts, promise.ends, place, promise.committed, promise.version)
    ON CONFLICT (convention_id, line_id, period_start, site_id) DO NOTHING;
    IF NOT FOUND THEN
        -- Somebody else entered it meanwhile: the next look sees it.
        RETURN meter_open(of_convention, of_line, starts, ends, place, commits, of_version, at);
    END IF;
    -- Few stripes where little is committed: nobody shall search sixteen for the last place.
    parts := least(16, greatest(1, COALESCE(promise.committed, 128) / 8));
    INSERT INTO meter_stripe (meter_id, stripe, available)
    SELECT fresh, n, COALESCE(promise.committed / parts + (n < promise.committed % parts)::int, 0)
    FROM generate_series(0, parts - 1) AS n;
    INSERT INTO meter_entry (id, meter_id, convention_id, convention_version, line_id, kind, subject_id, source, committed,
                             local_date, entry_time)
    VALUES (gen_random_uuid(), fresh, of_convention, promise.version, of_line, 'commit', fresh, 'terms/' || promise.version,
            COALESCE(promise.committed, 0), starts, at);
    RETURN fresh;
END $$;

-- What a version that was just signed commits less of than before, and than is taken: nobody takes any more of the meters that it judges
-- until the transaction ends. (meter_shortfall and meter_adopt are for programs of before.)
CREATE FUNCTION meter_lacking(of_convention uuid, of_version bigint, at timestamptz)
RETURNS TABLE (line_id text, committed bigint, taken bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE today date := (at AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM FROM meter_stripe s WHERE s.meter_id IN (SELECT j.id FROM meter_judged(of_convention, of_version, today) AS j)
    ORDER BY s.meter_id, s.stripe FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT j.line_id, j.committed, sum(s.reserved + s.used)::bigint
    FROM meter_judged(of_convention, of_version, today) AS j JOIN meter_stripe s ON s.meter_id = j.id
    WHERE j.committed < j.was
    GROUP BY j.id, j.line_id, j.committed HAVING sum(s.reserved + s.used) > j.committed
    ORDER BY 1;
END $$;

-- Brings the meters of the periods that a signed version judges to what it commits. Answers with the thresholds that they come to by it.
CREATE FUNCTION meter_amend(of_convention uuid, of_version bigint, percents int[], at timestamptz) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    one record;
    crossed jsonb := '[]';
BEGIN
    FOR one IN SELECT * FROM meter_judged(of_convention, of_version, (at AT TIME ZONE 'UTC')::date) AS j ORDER BY j.id LOOP
        PERFORM meter_commit(one.id, one.committed, of_version, at);
        UPDATE meter SET period_end = one.ends WHERE id = one.id AND period_end <> one.ends;
        crossed := crossed || meter_watch(one.id, percents, 0, at);
    END LOOP;
    RETURN crossed;
END $$;

-- Meters that earlier terms opened in periods that later ones judge.
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT m.id, p.version, p.committed FROM meter m
        CROSS JOIN LATERAL meter_promise(m.convention_id, m.line_id, m.period_start, m.site_id) AS p
        WHERE m.terms_version < p.version AND m.period_end >= current_date ORDER BY m.id
    LOOP
        PERFORM meter_commit(one.id, one.committed, one.version, now());
    END LOOP;
END $$;

-- What is signed gets no further party, service, line or site.
CREATE FUNCTION signed_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM convention_signature g WHERE (g.convention_id, g.version) = (NEW.convention_id, NEW.version)) THEN
        RAISE insufficient_privilege USING MESSAGE = 'signed terms do not change';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['convention_party', 'convention_service', 'convention_line', 'convention_site'] LOOP
        EXECUTE format('CREATE TRIGGER signed_terms_stay BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION signed_terms_stay()', name);
    END LOOP;
END $$;

DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace
          AND p.proname IN ('meter_last', 'meter_judge', 'meter_promise', 'meter_judged', 'meter_open', 'meter_lacking', 'meter_amend',
                            'signed_terms_stay')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f.name, current_schema());
    END LOOP;
END $$;
