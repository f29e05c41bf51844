-- What goes out of the suite by mail, and what each mailbox wants of it. No address stands here: it is asked for when it is
-- needed, and forgotten.

-- What a mailbox wants, one row for each time it said so; the highest version counts.
CREATE TABLE mail_preference (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    -- The nil UUID stands for the organisation as a whole.
    unit_id         uuid        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    email_classes   text[]      NOT NULL CHECK (email_classes <@ ARRAY['work', 'news', 'critical']),
    language        text        CHECK (language IN ('fr', 'en')),
    time_zone       text        NOT NULL,
    -- Minutes of the day on the mailbox's clock.
    quiet_start     smallint    CHECK (quiet_start BETWEEN 0 AND 1439),
    quiet_end       smallint    CHECK (quiet_end BETWEEN 0 AND 1439),
    digest_minute   smallint    CHECK (digest_minute BETWEEN 0 AND 1439),
    create_time     timestamptz NOT NULL,
    CHECK ((quiet_start IS NULL) = (quiet_end IS NULL)),
    CHECK (quiet_start <> quiet_end),
    UNIQUE (organisation_id, unit_id, version)
);

CREATE TABLE delivery (
    -- The message id of all its attempts is made of it.
    id              uuid        PRIMARY KEY,
    purpose         text        NOT NULL CHECK (purpose IN ('message', 'digest', 'reminder')),
    state           text        NOT NULL CHECK (state IN ('queued', 'sent', 'accepted', 'failed', 'parked', 'discarded')),
    reason          text        NOT NULL DEFAULT '',
    -- The mailbox it goes to; for a patient, that of whoever sent the patient.
    organisation_id uuid        NOT NULL,
    unit_id         uuid        NOT NULL,
    referral_id     uuid        NOT NULL,
    referral_number text        NOT NULL,
    message_id      uuid        REFERENCES message,
    digest_date     date,
    messages        integer     NOT NULL DEFAULT 1 CHECK (messages > 0),
    appointment_id  uuid,
    start_time      timestamptz,
    time_zone       text        NOT NULL DEFAULT '',
    create_time     timestamptz NOT NULL,
    -- By the clock of rules: quiet hours, the time of a digest.
    not_before      timestamptz NOT NULL,
    -- By the machine's clock: the next attempt.
    retry_at        timestamptz NOT NULL DEFAULT now(),
    -- Attempts since it was made or replayed, and all of them.
    tries           integer     NOT NULL DEFAULT 0 CHECK (tries >= 0),
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= tries),
    CHECK ((purpose = 'message') = (message_id IS NOT NULL)),
    CHECK ((purpose = 'digest') = (digest_date IS NOT NULL)),
    CHECK ((purpose = 'reminder') = (appointment_id IS NOT NULL)),
    CHECK ((purpose = 'reminder') = (start_time IS NOT NULL))
);
-- An effect once: a message is mailed once, an appointment's time is reminded of once, a mailbox has one open digest a day.
CREATE UNIQUE INDEX delivery_of_message ON delivery (message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX delivery_of_appointment ON delivery (appointment_id, start_time) WHERE appointment_id IS NOT NULL;
CREATE UNIQUE INDEX delivery_of_day ON delivery (organisation_id, unit_id, digest_date)
    WHERE digest_date IS NOT NULL AND state = 'queued' AND attempts = 0;
-- Costs are those of what is to be sent, not of what was.
CREATE INDEX delivery_due ON delivery (retry_at) WHERE state IN ('queued', 'sent');
CREATE INDEX delivery_referral ON delivery (referral_id);
CREATE INDEX delivery_recent ON delivery (organisation_id, create_time DESC, id DESC);

CREATE TABLE delivery_attempt (
    delivery_id     uuid        NOT NULL REFERENCES delivery,
    number          integer     NOT NULL CHECK (number > 0),
    organisation_id uuid        NOT NULL,
    end_time        timestamptz NOT NULL,
    outcome         text        NOT NULL CHECK (outcome IN ('accepted', 'deferred', 'refused', 'unreachable', 'timed-out')),
    -- What the server answered with; 0 when it did not.
    code            integer     NOT NULL CHECK (code BETWEEN 0 AND 999),
    PRIMARY KEY (delivery_id, number)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON mail_preference, delivery_attempt FROM %I',
        current_setting('relais.runtime_role'));
END $$;

ALTER TABLE mail_preference ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_preference FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON mail_preference FOR SELECT USING (app_system());
CREATE POLICY seen ON mail_preference FOR SELECT USING (organisation_id = app_organisation());
CREATE POLICY said ON mail_preference FOR INSERT WITH CHECK (organisation_id = app_organisation());

ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON delivery USING (app_system());
CREATE POLICY seen ON delivery FOR SELECT USING (organisation_id = app_organisation());
CREATE POLICY decided ON delivery FOR UPDATE USING (organisation_id = app_organisation());

ALTER TABLE delivery_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON delivery_attempt USING (app_system());
CREATE POLICY seen ON delivery_attempt FOR SELECT USING (organisation_id = app_organisation());
