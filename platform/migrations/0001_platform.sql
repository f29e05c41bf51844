-- What the platform keeps in every service's schema. Run by the schema's owner; the runtime role has no DDL.
-- The runtime role's name comes in as the setting relais.runtime_role.

-- The clock by which rules are applied is the machine's plus this offset. Only forward, only in development.
CREATE TABLE clock (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    offset_ms bigint  NOT NULL DEFAULT 0 CHECK (offset_ms >= 0)
);
INSERT INTO clock DEFAULT VALUES;

CREATE FUNCTION clock_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.offset_ms < OLD.offset_ms THEN
        RAISE EXCEPTION 'the clock never goes back' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clock_only_forward BEFORE UPDATE ON clock FOR EACH ROW EXECUTE FUNCTION clock_only_forward();

-- Events committed with the change they tell of, and not yet confirmed by the broker. The position orders publishing
-- only: it is never a cursor, for a lower one may commit later.
CREATE TABLE outbox (
    position       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             uuid        NOT NULL UNIQUE,
    type           text        NOT NULL,
    aggregate_kind text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    time           timestamptz NOT NULL,
    payload        bytea       NOT NULL,
    trace          jsonb       NOT NULL DEFAULT '{}',
    UNIQUE (aggregate_kind, aggregate_id, version)
);

-- What the broker confirmed, kept for days so that a span of it can be published again. Partitioned by the time
-- inside the UUID v7, so that old days are dropped whole.
CREATE TABLE outbox_sent (
    id             uuid        NOT NULL PRIMARY KEY,
    type           text        NOT NULL,
    aggregate_kind text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL,
    time           timestamptz NOT NULL,
    payload        bytea       NOT NULL,
    trace          jsonb       NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (id);
CREATE TABLE outbox_sent_rest PARTITION OF outbox_sent DEFAULT;

-- Messages taken in, so that the same one has its effect once. Kept longer than outbox_sent.
CREATE TABLE inbox (
    message_id  uuid        NOT NULL,
    consumer    text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, consumer)
) PARTITION BY RANGE (message_id);
CREATE TABLE inbox_rest PARTITION OF inbox DEFAULT;

-- How far each consumer has come with each aggregate. Locked by whoever applies the next version.
CREATE TABLE consumed_version (
    consumer       text   NOT NULL,
    aggregate_kind text   NOT NULL,
    aggregate_id   uuid   NOT NULL,
    version        bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    PRIMARY KEY (consumer, aggregate_kind, aggregate_id)
);

-- Messages taken from the queue that cannot be applied yet: they failed and are due again, or they wait for an
-- earlier version of their aggregate.
CREATE TABLE retry (
    consumer       text        NOT NULL,
    message_id     uuid        NOT NULL,
    reason         text        NOT NULL CHECK (reason IN ('failed', 'gap')),
    type           text        NOT NULL,
    aggregate_kind text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL,
    time           timestamptz NOT NULL,
    payload        bytea       NOT NULL,
    trace          jsonb       NOT NULL,
    attempt        integer     NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    due_at         timestamptz NOT NULL,
    error          text        NOT NULL DEFAULT '',
    received_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX retry_due ON retry (consumer, due_at);
CREATE INDEX retry_aggregate ON retry (consumer, aggregate_kind, aggregate_id, version);

-- Messages given up: visible, with their error, until a person replays or discards them.
CREATE TABLE parked (
    id             uuid        PRIMARY KEY,
    consumer       text        NOT NULL,
    message_id     uuid,
    type           text        NOT NULL,
    aggregate_kind text        NOT NULL,
    aggregate_id   uuid,
    version        bigint      NOT NULL,
    time           timestamptz,
    payload        bytea       NOT NULL,
    trace          jsonb       NOT NULL DEFAULT '{}',
    attempt        integer     NOT NULL,
    error          text        NOT NULL,
    state          text        NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'replayed', 'discarded')),
    parked_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parked_open ON parked (parked_at) WHERE state = 'parked';

-- The same request again answers the same: what came out of it, by name and version, never its text.
CREATE TABLE idempotency_key (
    caller          text        NOT NULL,
    rpc             text        NOT NULL,
    request_id      uuid        NOT NULL,
    body_hash       bytea       NOT NULL,
    outcome_id      uuid        NOT NULL,
    outcome_version bigint      NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, rpc, request_id)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

-- Who read or changed what, in the transaction that served it. Insert-only.
CREATE TABLE audit (
    id           uuid        NOT NULL PRIMARY KEY,
    at           timestamptz NOT NULL,
    caller       text        NOT NULL,
    organisation uuid,
    unit         uuid,
    action       text        NOT NULL,
    resource     text        NOT NULL,
    trace_id     text        NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE audit_rest PARTITION OF audit DEFAULT;
CREATE INDEX audit_resource ON audit (resource, at);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_rest FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE INSERT, DELETE, TRUNCATE ON clock FROM %I', current_setting('relais.runtime_role'));
END $$;

-- The runtime role's name, for functions that run later.
DO $$ BEGIN
    EXECUTE format('CREATE FUNCTION runtime_role() RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT %L::text $f$',
        current_setting('relais.runtime_role'));
END $$;

-- The smallest UUID v7 of an instant.
CREATE FUNCTION uuid_v7_floor(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- Makes the daily partitions of what ages, from today to so many days ahead. The runtime role may call it, and only
-- so makes tables; rows outside every partition stay in the default one.
CREATE FUNCTION ensure_partitions(days_ahead integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    parent text;
    day    date;
    part   text;
BEGIN
    -- Every function of this schema runs with the schema first, whatever the caller's path is.
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.ensure_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['outbox_sent', 'inbox', 'audit'] LOOP
        FOR i IN 0..days_ahead LOOP
            day  := (now() AT TIME ZONE 'UTC')::date + i;
            part := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent,
                    uuid_v7_floor(day::timestamp AT TIME ZONE 'UTC'), uuid_v7_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
                IF parent = 'audit' THEN
                    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM %I', part,
                        runtime_role());
                END IF;
            EXCEPTION WHEN check_violation THEN
                -- Rows of that day already stand in the default partition: they stay there.
                NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION ensure_partitions(integer) SET search_path = %I, pg_temp', current_schema());
END $$;
