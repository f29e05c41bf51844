-- What licenses practitioners, from when to when; and where organisations and units are written to. No patient's data.

CREATE TABLE practitioner_registration (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    practitioner_id uuid        NOT NULL,
    -- 1 as entered, 2 once ended.
    version         bigint      NOT NULL CHECK (version IN (1, 2)),
    system          text        NOT NULL,
    value           text        NOT NULL,
    -- [first day, first day on which it licenses no longer)
    start_date      date,
    end_date        date        CHECK (start_date < end_date),
    end_reason      text        CHECK (end_reason IN ('struck-off', 'ended')),
    create_time     timestamptz NOT NULL,
    CHECK ((end_date IS NULL) = (end_reason IS NULL) AND (end_date IS NULL) = (version = 1)),
    FOREIGN KEY (organisation_id, practitioner_id) REFERENCES practitioner (organisation_id, id),
    CONSTRAINT practitioner_registration_overlap
        EXCLUDE USING gist (practitioner_id WITH =, system WITH =, daterange(start_date, end_date) WITH &&),
    -- A number is one practitioner's at a time.
    CONSTRAINT practitioner_registration_number
        EXCLUDE USING gist (organisation_id WITH =, system WITH =, value WITH =, daterange(start_date, end_date) WITH &&)
);
CREATE INDEX practitioner_registration_of ON practitioner_registration (practitioner_id, create_time, id);

-- The one that was entered with the practitioner has the practitioner's id.
INSERT INTO practitioner_registration (id, organisation_id, practitioner_id, version, system, value, create_time)
SELECT id, organisation_id, id, 1, registration_system, registration_value, create_time FROM practitioner;

-- The highest version counts.
CREATE TABLE contact (
    -- The unit, or else the organisation.
    mailbox_id      uuid        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    organisation_id uuid        NOT NULL REFERENCES organisation,
    unit_id         uuid,
    email           text        NOT NULL CHECK (char_length(email) <= 254),
    phone           text        NOT NULL CHECK (char_length(phone) <= 16),
    language        text        NOT NULL CHECK (language IN ('fr', 'en')),
    at              timestamptz NOT NULL,
    actor           text        NOT NULL,
    PRIMARY KEY (mailbox_id, version),
    CHECK (mailbox_id = COALESCE(unit_id, organisation_id)),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit (organisation_id, id)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON practitioner_registration, contact FROM %I',
        current_setting('relais.runtime_role'));
    EXECUTE format('GRANT UPDATE (version, end_date, end_reason) ON practitioner_registration TO %I',
        current_setting('relais.runtime_role'));
END $$;
