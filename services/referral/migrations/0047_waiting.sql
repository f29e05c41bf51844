-- The waiting list: who waits for a place of a used-up line, in which order, and to whom a place is offered that was given back.

CREATE TABLE waiting (
    referral_id       uuid        PRIMARY KEY REFERENCES referral,
    convention_id     uuid        NOT NULL REFERENCES convention,
    provider_id       uuid        NOT NULL REFERENCES organisation,
    -- The line, period and place that it waits for; none: it holds its places, and waits for its provider.
    meter_id          uuid        REFERENCES meter,
    -- Whoever let fewer offers pass comes first; then by rank (priority, and within it continuing care), then who came before.
    passed            integer     NOT NULL DEFAULT 0 CHECK (passed >= 0),
    rank              smallint    NOT NULL CHECK (rank BETWEEN 0 AND 7),
    since             timestamptz NOT NULL,
    -- Until when it is not offered again, after it let an offer pass; others come before it meanwhile.
    rest_until        timestamptz,
    -- The place that it holds is offered to it until then. A referral has one row, and so one open offer at the most.
    offer_expire_time timestamptz
);
-- Whose turn it is, however many wait; and the list of a convention by pages.
CREATE INDEX waiting_turn ON waiting (meter_id, passed, rank, since, referral_id) WHERE offer_expire_time IS NULL;
CREATE INDEX waiting_list ON waiting (convention_id, passed, rank, since, referral_id);

ALTER TABLE waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON waiting FOR SELECT USING (is_party(referral_id));
CREATE POLICY made ON waiting FOR INSERT WITH CHECK (is_party(referral_id));
CREATE POLICY changed ON waiting FOR UPDATE USING (is_party(referral_id));
CREATE POLICY ended ON waiting FOR DELETE USING (is_party(referral_id));
CREATE POLICY kept ON waiting TO CURRENT_USER USING (true) WITH CHECK (true);

-- A place that came free while somebody waited for it: written with what gave it back, and taken up by a timer of the same id.
CREATE TABLE meter_freed (
    id       uuid PRIMARY KEY,
    meter_id uuid NOT NULL REFERENCES meter
);

-- Until when the place that is offered is kept, since this step.
ALTER TABLE referral_transition ADD COLUMN offer_expire_time timestamptz;

-- Who waits already is on the list from when it came there; for its provider, as before, who accepts it when there is a place.
ALTER TABLE referral NO FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_transition NO FORCE ROW LEVEL SECURITY;
INSERT INTO waiting (referral_id, convention_id, provider_id, rank, since)
SELECT r.id, r.convention_id, r.provider_id,
       CASE r.priority WHEN 'stat' THEN 1 WHEN 'asap' THEN 3 WHEN 'urgent' THEN 5 ELSE 7 END,
       COALESCE((SELECT max(t.at) FROM referral_transition t
                 WHERE t.referral_id = r.id AND t.state = 'waitlisted' AND t.previous IS DISTINCT FROM 'waitlisted'), r.update_time)
FROM referral r WHERE r.state = 'waitlisted';
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_transition FORCE ROW LEVEL SECURITY;

-- Has a place of a meter offered to whoever waits for it, soon: a timer is due at once. Each call is a row of its own, so that those who
-- give places back wait for nobody.
CREATE FUNCTION meter_wake(of_meter uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE fresh uuid := gen_random_uuid();
BEGIN
    IF EXISTS (SELECT FROM waiting w WHERE w.meter_id = of_meter AND w.offer_expire_time IS NULL) THEN
        INSERT INTO meter_freed (id, meter_id) VALUES (fresh, of_meter);
        INSERT INTO timer (id, kind, subject, due_at, urgency) VALUES (gen_random_uuid(), 'place-freed', fresh, now(), 1);
    END IF;
END $$;

-- Whether somebody waits for a place of a meter before this referral does. One that is not on its list comes after all who are.
CREATE FUNCTION meter_awaited(of_meter uuid, of_referral uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE own waiting;
BEGIN
    SELECT * INTO own FROM waiting w WHERE w.referral_id = of_referral AND w.meter_id = of_meter;
    RETURN EXISTS (
        SELECT FROM waiting w
        WHERE w.meter_id = of_meter AND w.offer_expire_time IS NULL AND w.referral_id IS DISTINCT FROM of_referral
          AND (w.rest_until IS NULL OR w.rest_until <= at)
          AND (own.referral_id IS NULL
               OR (w.passed, w.rank, w.since, w.referral_id) < (own.passed, own.rank, own.since, own.referral_id)));
END $$;

REVOKE EXECUTE ON FUNCTION meter_awaited FROM PUBLIC;

-- The meters of some lines and periods for which somebody waits, for whoever judges: that, and no more.
CREATE FUNCTION meter_queues(of_convention uuid, asked jsonb, at timestamptz) RETURNS TABLE (line_id text, site_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.line_id, m.site_id
    FROM jsonb_to_recordset(asked) AS l(line_id text, period_start date)
    JOIN meter m ON m.convention_id = of_convention AND m.line_id = l.line_id AND m.period_start = l.period_start
    WHERE meter_awaited(m.id, NULL, at) AND (app_system() OR EXISTS (
        SELECT FROM convention_party p WHERE p.convention_id = of_convention AND p.organisation_id = app_organisation()))
$$;

-- The meter of a line, period and place, for a party of a referral that is to wait for it.
CREATE FUNCTION meter_find(of_referral uuid, of_line text, starts date, place uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.id FROM meter m JOIN referral r ON r.convention_id = m.convention_id
    WHERE r.id = of_referral AND m.line_id = of_line AND m.period_start = starts AND m.site_id = place
      AND (app_system() OR EXISTS (
        SELECT FROM referral_party p WHERE p.referral_id = of_referral AND p.organisation_id = app_organisation()))
$$;

-- The place on the list of those who wait for the same, from 1: counted up to a thousand, and told as nothing beyond that. Whoever
-- has an offer is in no line any more.
CREATE FUNCTION waiting_position(of_referral uuid) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    own waiting;
    before bigint;
BEGIN
    SELECT * INTO own FROM waiting w WHERE w.referral_id = of_referral AND (app_system() OR EXISTS (
        SELECT FROM referral_party p WHERE p.referral_id = of_referral AND p.organisation_id = app_organisation()));
    IF own.referral_id IS NULL OR own.offer_expire_time IS NOT NULL THEN
        RETURN NULL;
    ELSIF own.meter_id IS NOT NULL THEN
        SELECT count(*) INTO before FROM (
            SELECT FROM waiting w WHERE w.meter_id = own.meter_id AND w.offer_expire_time IS NULL
              AND (w.passed, w.rank, w.since, w.referral_id) < (own.passed, own.rank, own.since, own.referral_id) LIMIT 1000) AS b;
    ELSE
        SELECT count(*) INTO before FROM (
            SELECT FROM waiting w WHERE w.convention_id = own.convention_id
              AND w.provider_id = own.provider_id AND w.meter_id IS NULL AND w.offer_expire_time IS NULL
              AND (w.passed, w.rank, w.since, w.referral_id) < (own.passed, own.rank, own.since, own.referral_id) LIMIT 1000) AS b;
    END IF;
    RETURN CASE WHEN before < 1000 THEN before + 1 END;
END $$;

DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace
          AND p.proname IN ('meter_wake', 'meter_awaited', 'meter_queues', 'meter_find', 'waiting_position')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f.name, current_schema());
    END LOOP;
END $$;
