-- What can be booked: sites, their opening rules and closures, the slots made of them, and who sits where.
--
-- A slot of capacity n is n seats, and a seat is taken by a claim. The database refuses every claim that would take a seat
-- twice, or one that is not there; no count is kept that could be wrong.

-- Referrals, as far as booking must know them: as their last event told.
CREATE TABLE referral (
    id                   uuid    PRIMARY KEY,
    number               text    NOT NULL,
    -- A status of the vocabulary, such as accepted.
    state                text    NOT NULL,
    -- The patient's record at the organisation that sent the referral; none once it was erased.
    patient_id           uuid,
    provider_id          uuid    NOT NULL,
    site_id              uuid,
    service_system       text    NOT NULL,
    service_code         text    NOT NULL,
    requested_date       date    NOT NULL,
    priority             text    NOT NULL,
    -- ISO 639; empty when nobody need interpret.
    interpreter_language text    NOT NULL,
    wheelchair           boolean NOT NULL
);

CREATE INDEX referral_patient ON referral (patient_id) WHERE patient_id IS NOT NULL;

-- Sites, as their organisation entered them. No person's data, like all that follows up to the claims.
CREATE TABLE site (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    time_zone       text NOT NULL,
    country_code    text NOT NULL
);

-- When a site receives whom: local rules, made into slots up to a horizon.
CREATE TABLE opening_rule (
    id                    uuid        PRIMARY KEY,
    version               bigint      NOT NULL CHECK (version > 0),
    site_id               uuid        NOT NULL REFERENCES site,
    -- Monday is the lowest bit.
    weekdays              smallint    NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    -- Minutes after midnight, by the site's clocks.
    from_minute           smallint    NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    until_minute          smallint    NOT NULL CHECK (until_minute BETWEEN 1 AND 1440),
    slot_minutes          smallint    NOT NULL CHECK (slot_minutes BETWEEN 5 AND 480),
    seats                 smallint    NOT NULL CHECK (seats BETWEEN 0 AND 100),
    walk_in_seats         smallint    NOT NULL CHECK (walk_in_seats BETWEEN 0 AND 100),
    wheelchair_access     boolean     NOT NULL,
    interpreter_languages text[]      NOT NULL,
    valid_from            date        NOT NULL CHECK (isfinite(valid_from)),
    valid_until           date        CHECK (isfinite(valid_until)),
    advance_days          smallint    NOT NULL CHECK (advance_days BETWEEN 1 AND 180),
    -- The last day of which slots were made.
    made_until            date,
    create_time           timestamptz NOT NULL,
    update_time           timestamptz NOT NULL,
    CHECK (until_minute - from_minute >= slot_minutes),
    CHECK (seats + walk_in_seats > 0),
    -- One that was ended before it began is valid on no day.
    CHECK (valid_until >= valid_from - 1)
);
CREATE INDEX opening_rule_site ON opening_rule (site_id, create_time DESC, id DESC);

-- Each version of a rule: only its last day changes.
CREATE TABLE opening_rule_version (
    rule_id     uuid        NOT NULL REFERENCES opening_rule,
    version     bigint      NOT NULL CHECK (version > 0),
    valid_until date,
    at          timestamptz NOT NULL,
    PRIMARY KEY (rule_id, version)
);

CREATE TABLE opening_rule_service (
    rule_id uuid NOT NULL REFERENCES opening_rule,
    system  text NOT NULL,
    code    text NOT NULL,
    PRIMARY KEY (rule_id, system, code)
);

-- Days on which a site is closed, the first and the last included.
CREATE TABLE closure (
    id          uuid        PRIMARY KEY,
    site_id     uuid        NOT NULL REFERENCES site,
    start_date  date        NOT NULL CHECK (isfinite(start_date)),
    end_date    date        NOT NULL CHECK (isfinite(end_date)),
    note        text        NOT NULL,
    create_time timestamptz NOT NULL,
    lift_time   timestamptz,
    CHECK (end_date >= start_date)
);
CREATE INDEX closure_site ON closure (site_id, create_time DESC, id DESC);

CREATE TABLE slot (
    id          uuid        PRIMARY KEY,
    rule_id     uuid        NOT NULL REFERENCES opening_rule,
    site_id     uuid        NOT NULL REFERENCES site,
    provider_id uuid        NOT NULL,
    start_time  timestamptz NOT NULL CHECK (isfinite(start_time)),
    end_time    timestamptz NOT NULL CHECK (isfinite(end_time)),
    -- The day by the site's clocks.
    local_date  date        NOT NULL,
    during      tstzrange   NOT NULL GENERATED ALWAYS AS (tstzrange(start_time, end_time, '[)')) STORED,
    CHECK (start_time < end_time),
    UNIQUE (id, rule_id, start_time, end_time),
    EXCLUDE USING gist (rule_id WITH =, during WITH &&)
);
CREATE INDEX slot_provider ON slot (provider_id, start_time, id);
CREATE INDEX slot_site ON slot (site_id, start_time);
CREATE INDEX slot_rule ON slot (rule_id, start_time);

-- The seats of a slot; those for whoever comes without a booking are never booked.
CREATE TABLE seat (
    slot_id    uuid        NOT NULL,
    number     smallint    NOT NULL CHECK (number > 0),
    walk_in    boolean     NOT NULL,
    rule_id    uuid        NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    PRIMARY KEY (slot_id, number),
    UNIQUE (slot_id, number, walk_in, rule_id, start_time, end_time),
    FOREIGN KEY (slot_id, rule_id, start_time, end_time) REFERENCES slot (id, rule_id, start_time, end_time) ON DELETE CASCADE
);

ALTER TABLE appointment
    DROP CONSTRAINT appointment_state_check,
    ADD CHECK (state IN ('proposed', 'booked', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'entered-in-error')),
    ADD COLUMN slot_id      uuid,
    -- The site of the slot; site_id is the one that was wished for.
    ADD COLUMN slot_site_id uuid,
    ADD COLUMN start_time   timestamptz CHECK (isfinite(start_time)),
    ADD COLUMN end_time     timestamptz CHECK (isfinite(end_time)),
    ADD COLUMN time_zone    text,
    ADD COLUMN confirmed    boolean NOT NULL DEFAULT false,
    ADD COLUMN walk_in      boolean NOT NULL DEFAULT false,
    -- Why it stands where it does, as a code.
    ADD COLUMN reason       text    NOT NULL DEFAULT '',
    ADD COLUMN cancelled_by uuid,
    -- The beginning of which the patient was reminded.
    ADD COLUMN reminded_for timestamptz,
    ADD COLUMN during tstzrange GENERATED ALWAYS AS (tstzrange(start_time, end_time, '[)')) STORED,
    -- Whether it has a seat: then its claim must be there.
    ADD COLUMN seated uuid GENERATED ALWAYS AS (
        CASE WHEN state IN ('booked', 'arrived', 'fulfilled', 'noshow') THEN id END) STORED,
    ADD CHECK (start_time < end_time),
    ADD CONSTRAINT appointment_seated CHECK (
        state NOT IN ('booked', 'arrived', 'fulfilled', 'noshow')
        OR (slot_id IS NOT NULL AND slot_site_id IS NOT NULL AND start_time IS NOT NULL
            AND end_time IS NOT NULL AND time_zone IS NOT NULL)),
    -- Nobody is in two places at once.
    ADD CONSTRAINT appointment_patient_busy EXCLUDE USING gist (patient_id WITH =, during WITH &&)
        WHERE (state IN ('booked', 'arrived', 'fulfilled'));

-- One that is kept, missed or given up is not open any more.
DROP INDEX appointment_open;
CREATE UNIQUE INDEX appointment_open ON appointment (referral_id) WHERE state IN ('proposed', 'booked', 'arrived');

-- Who sits where: one seat for an appointment. A hold has an end, and counts as taken until then. It says of nobody whose the
-- appointment is: that stands in the appointment's row, which only its parties see.
CREATE TABLE seat_claim (
    appointment_id uuid        PRIMARY KEY REFERENCES appointment,
    slot_id        uuid        NOT NULL,
    number         smallint    NOT NULL,
    walk_in        boolean     NOT NULL,
    rule_id        uuid        NOT NULL,
    start_time     timestamptz NOT NULL,
    end_time       timestamptz NOT NULL,
    held_until     timestamptz CHECK (isfinite(held_until)),
    during         tstzrange   NOT NULL GENERATED ALWAYS AS (tstzrange(start_time, end_time, '[)')) STORED,
    UNIQUE (appointment_id, slot_id, start_time, end_time),
    -- A seat that is there, of that kind, at its own time.
    FOREIGN KEY (slot_id, number, walk_in, rule_id, start_time, end_time)
        REFERENCES seat (slot_id, number, walk_in, rule_id, start_time, end_time),
    -- A chair of a rule has one sitter at a time.
    CONSTRAINT seat_claim_taken EXCLUDE USING gist (rule_id WITH =, number WITH =, during WITH &&)
);
CREATE INDEX seat_claim_slot ON seat_claim (slot_id, number);

ALTER TABLE appointment
    ADD CONSTRAINT appointment_has_its_seat FOREIGN KEY (seated, slot_id, start_time, end_time)
        REFERENCES seat_claim (appointment_id, slot_id, start_time, end_time) DEFERRABLE INITIALLY DEFERRED;

-- Each version of an appointment, as it was then: what a repeated request answers, and where an undone step leads back to.
CREATE TABLE appointment_change (
    appointment_id uuid        NOT NULL REFERENCES appointment,
    version        bigint      NOT NULL CHECK (version > 0),
    state          text        NOT NULL,
    slot_id        uuid,
    slot_site_id   uuid,
    start_time     timestamptz,
    end_time       timestamptz,
    time_zone      text,
    confirmed      boolean     NOT NULL,
    walk_in        boolean     NOT NULL,
    reason         text        NOT NULL,
    cancelled_by   uuid,
    at             timestamptz NOT NULL,
    -- Issuer and subject; empty when an event or a timer did it.
    actor          text        NOT NULL,
    PRIMARY KEY (appointment_id, version)
);
ALTER TABLE appointment NO FORCE ROW LEVEL SECURITY;
INSERT INTO appointment_change (appointment_id, version, state, confirmed, walk_in, reason, at, actor)
SELECT id, version, state, false, false, '', update_time, '' FROM appointment;
ALTER TABLE appointment FORCE ROW LEVEL SECURITY;

-- Holds as they were made, for a request that is repeated.
CREATE TABLE hold (
    id             uuid        PRIMARY KEY,
    appointment_id uuid        NOT NULL REFERENCES appointment,
    version        bigint      NOT NULL,
    slot_id        uuid        NOT NULL,
    slot_site_id   uuid        NOT NULL,
    start_time     timestamptz NOT NULL,
    end_time       timestamptz NOT NULL,
    time_zone      text        NOT NULL,
    held_until     timestamptz NOT NULL
);
CREATE INDEX hold_appointment ON hold (appointment_id);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON appointment_change, opening_rule_version, hold FROM %I', current_setting('relais.runtime_role'));
END $$;
