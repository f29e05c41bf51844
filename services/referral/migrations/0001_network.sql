-- The directory: who takes part. No patient's data.

CREATE TABLE organisation (
    id           uuid        PRIMARY KEY,
    display_name text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    country_code text        NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
    create_time  timestamptz NOT NULL
);
CREATE INDEX organisation_recent ON organisation (create_time DESC, id DESC);

-- An identifier names one organisation: the second is refused.
CREATE TABLE organisation_identifier (
    organisation_id uuid NOT NULL REFERENCES organisation,
    system          text NOT NULL,
    value           text NOT NULL,
    -- The place in the list as it was given.
    position        bigint NOT NULL,
    PRIMARY KEY (system, value)
);
CREATE INDEX organisation_identifier_owner ON organisation_identifier (organisation_id);

CREATE TABLE unit (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    display_name    text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    kind            text        NOT NULL CHECK (kind IN ('desk', 'medical-service', 'care-centre')),
    create_time     timestamptz NOT NULL,
    UNIQUE (organisation_id, id)
);
CREATE INDEX unit_recent ON unit (organisation_id, create_time DESC, id DESC);

CREATE TABLE site (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    display_name    text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    time_zone       text        NOT NULL,
    create_time     timestamptz NOT NULL,
    UNIQUE (organisation_id, id)
);
CREATE INDEX site_recent ON site (organisation_id, create_time DESC, id DESC);

CREATE TABLE practitioner (
    id                  uuid        PRIMARY KEY,
    organisation_id     uuid        NOT NULL REFERENCES organisation,
    display_name        text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    registration_system text        NOT NULL,
    registration_value  text        NOT NULL,
    create_time         timestamptz NOT NULL,
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, registration_system, registration_value)
);
CREATE INDEX practitioner_recent ON practitioner (organisation_id, create_time DESC, id DESC);
