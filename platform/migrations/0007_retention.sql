-- What ages is removed: whole days of partitions, and keys of requests. By the machine's clock, since nothing of it serves a rule.

-- Drops the partitions of a table whose day is more than so many days ago, and says how many. A partition that somebody is reading
-- is dropped another time.
CREATE FUNCTION drop_days(parent text, kept_days integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part    text;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(parent) AND c.relname ~ (parent || '_[0-9]{8}$')
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - kept_days
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE %I', part);
            dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            RETURN dropped;
        END;
    END LOOP;
    RETURN dropped;
END $$;

-- Removes what is older than so many days, and says how much: partitions dropped, rows deleted. The runtime role may call it, and
-- only so removes anything; no number can shorten the least that safety asks for: what was sent is repeated for days, so the inbox
-- must remember longer, and a request may be sent again for a day. Nothing of the audit is younger than half a year; 0: it is kept
-- for ever.
CREATE FUNCTION remove_aged(sent_days integer, inbox_days integer, key_days integer, audit_days integer)
RETURNS TABLE (partitions integer, rows bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    sent  integer := greatest(sent_days, 1);
    inbox integer := greatest(inbox_days, sent_days + 7, 8);
    many  bigint;
BEGIN
    partitions := drop_days('outbox_sent', sent) + drop_days('inbox', inbox);
    IF audit_days > 0 THEN
        partitions := partitions + drop_days('audit', greatest(audit_days, 183));
    END IF;
    -- Rows of days that had no partition. A stretch at a time: what is left comes off the next hour.
    DELETE FROM outbox_sent_rest WHERE id IN (
        SELECT id FROM outbox_sent_rest WHERE sent_at < now() - make_interval(days => sent) LIMIT 10000);
    GET DIAGNOSTICS rows = ROW_COUNT;
    DELETE FROM inbox_rest WHERE (message_id, consumer) IN (
        SELECT message_id, consumer FROM inbox_rest WHERE received_at < now() - make_interval(days => inbox) LIMIT 10000);
    GET DIAGNOSTICS many = ROW_COUNT;
    rows := rows + many;
    DELETE FROM idempotency_key WHERE (caller, rpc, request_id) IN (
        SELECT caller, rpc, request_id FROM idempotency_key
        WHERE created_at < now() - make_interval(days => greatest(key_days, 1)) ORDER BY created_at LIMIT 10000);
    GET DIAGNOSTICS many = ROW_COUNT;
    rows := rows + many;
    RETURN NEXT;
END $$;
DO $$ BEGIN
    -- A lock that does not come at once would hold up everybody behind it.
    EXECUTE format('ALTER FUNCTION remove_aged(integer, integer, integer, integer) SET search_path = %I, pg_temp', current_schema());
    ALTER FUNCTION remove_aged(integer, integer, integer, integer) SET lock_timeout = '2s';
    REVOKE EXECUTE ON FUNCTION drop_days(text, integer) FROM PUBLIC;
END $$;
