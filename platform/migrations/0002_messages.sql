-- Messages that cannot be lost: what a message may be, what a person decides of parked ones, and timers.

-- An event carries identifiers and codes. One that a broker would refuse would hold up all behind it.
ALTER TABLE outbox ADD CONSTRAINT outbox_payload_small CHECK (octet_length(payload) <= 262144);

-- SHA-256 of what came under this id: the same id with another body is no repetition. Null in rows from before.
ALTER TABLE inbox ADD COLUMN digest bytea;

-- Why a message was given up:
--   failed      its last attempt failed, or its body cannot be read
--   unreadable  it has no envelope, so it belongs to no aggregate
--   reused      another message came under the same id before
--   gap         an earlier version of its aggregate is missing for too long
--   killed      it came from the dead letters and may have killed its consumer
ALTER TABLE parked ADD COLUMN cause text NOT NULL DEFAULT 'failed'
    CHECK (cause IN ('failed', 'unreadable', 'reused', 'gap', 'killed'));
-- What a person decided, who and why; the platform itself resolves what turned out harmless.
ALTER TABLE parked ADD COLUMN resolved_at timestamptz;
ALTER TABLE parked ADD COLUMN resolved_by text NOT NULL DEFAULT '';
ALTER TABLE parked ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE parked ADD CONSTRAINT parked_resolved CHECK ((state = 'parked') = (resolved_at IS NULL));
ALTER TABLE parked ADD CONSTRAINT parked_discarded_why CHECK (state <> 'discarded' OR reason <> '');
CREATE INDEX parked_page ON parked (parked_at DESC, id DESC);
CREATE INDEX parked_aggregate ON parked (consumer, aggregate_kind, aggregate_id, version) WHERE state = 'parked';

-- Waiting ones by age, for those that waited too long.
CREATE INDEX retry_gap ON retry (consumer, received_at) WHERE reason = 'gap';

-- Deadlines: run once when due, by whichever instance is first.
CREATE TABLE timer (
    id       uuid        PRIMARY KEY,
    kind     text        NOT NULL,
    subject  uuid        NOT NULL,
    -- By the injected clock.
    due_at   timestamptz NOT NULL,
    -- FHIR request priority: 0 stat, 1 asap, 2 urgent, 3 routine.
    urgency  smallint    NOT NULL CHECK (urgency BETWEEN 0 AND 3),
    trace    jsonb       NOT NULL DEFAULT '{}',
    -- A timer that fails is tried again, by machine time, and never given up.
    attempt  integer     NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    retry_at timestamptz NOT NULL DEFAULT now(),
    error    text        NOT NULL DEFAULT '',
    UNIQUE (kind, subject)
);
CREATE INDEX timer_due ON timer (urgency, due_at);
