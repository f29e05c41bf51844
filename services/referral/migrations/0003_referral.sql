-- Patients and referrals.

CREATE TABLE patient (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    create_time     timestamptz NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE TABLE referral (
    id                 uuid        PRIMARY KEY,
    number             text        NOT NULL UNIQUE CHECK (number ~ '^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}$'),
    state              text        NOT NULL CHECK (state IN ('submitted', 'cancelled')),
    -- One more with each change, and one event with each: consumers apply them in this order.
    version            bigint      NOT NULL CHECK (version > 0),
    convention_id      uuid        NOT NULL,
    convention_version bigint      NOT NULL,
    service_system     text        NOT NULL,
    service_code       text        NOT NULL,
    referrer_id        uuid        NOT NULL REFERENCES organisation,
    referrer_unit_id   uuid,
    patient_id         uuid        NOT NULL,
    provider_id        uuid        NOT NULL REFERENCES organisation,
    site_id            uuid,
    prescriber_id      uuid,
    requested_date     date        NOT NULL,
    priority           text        NOT NULL CHECK (priority IN ('routine', 'urgent', 'asap', 'stat')),
    create_time        timestamptz NOT NULL,
    update_time        timestamptz NOT NULL,
    -- A referral names the terms that admitted it, one of their services, and nothing of somebody else's.
    FOREIGN KEY (convention_id, convention_version, service_system, service_code) REFERENCES convention_service,
    FOREIGN KEY (referrer_id, patient_id) REFERENCES patient (organisation_id, id),
    FOREIGN KEY (referrer_id, referrer_unit_id) REFERENCES unit (organisation_id, id),
    FOREIGN KEY (referrer_id, prescriber_id) REFERENCES practitioner (organisation_id, id),
    FOREIGN KEY (provider_id, site_id) REFERENCES site (organisation_id, id)
);
CREATE INDEX referral_patient ON referral (patient_id, create_time DESC);

-- Who may see a referral, and as what. Every event carries the whole list; each service keeps a copy.
CREATE TABLE referral_party (
    referral_id     uuid        NOT NULL REFERENCES referral,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    unit_id         uuid,
    capacity        text        NOT NULL CHECK (capacity IN ('referrer', 'provider', 'coordinator')),
    create_time     timestamptz NOT NULL,
    PRIMARY KEY (referral_id, organisation_id, capacity),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit (organisation_id, id)
);
CREATE INDEX referral_party_recent ON referral_party (organisation_id, create_time DESC, referral_id DESC);

-- The timeline: one row for each version, never changed.
CREATE TABLE referral_transition (
    referral_id uuid        NOT NULL REFERENCES referral,
    version     bigint      NOT NULL CHECK (version > 0),
    state       text        NOT NULL,
    reason      text        NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    actor       text        NOT NULL,
    -- What the answer of that version showed besides: an answer read again is the same.
    appointment_id uuid,
    PRIMARY KEY (referral_id, version)
);

-- What scheduling has told: the appointment of a referral.
CREATE TABLE referral_appointment (
    referral_id    uuid PRIMARY KEY REFERENCES referral,
    appointment_id uuid NOT NULL UNIQUE,
    state          text NOT NULL CHECK (state IN ('proposed', 'cancelled'))
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON referral_transition, referral_party FROM %I',
        current_setting('relais.runtime_role'));
END $$;
