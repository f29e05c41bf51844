-- The identity vault. Who a person is stands here in ciphertexts alone: the person under the patient's key, that one under the
-- organisation's, that one under a master key outside of the database. Reasons are codes, never sentences.

-- An organisation's key, wrapped by a version of the master key. No person's data: rotation reads all of them.
CREATE TABLE organisation_key (
    organisation_id    uuid        PRIMARY KEY REFERENCES organisation,
    wrapped            bytea       NOT NULL,
    master_key_version integer     NOT NULL CHECK (master_key_version > 0),
    create_time        timestamptz NOT NULL,
    wrap_time          timestamptz NOT NULL
);
CREATE INDEX organisation_key_version ON organisation_key (master_key_version);

ALTER TABLE patient
    ADD COLUMN state       text   NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'merged', 'erased')),
    ADD COLUMN merged_into uuid,
    -- One more with each change; the etag.
    ADD COLUMN version     bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- The patient's key, wrapped by the organisation's; none when nobody said who it is, and after erasure.
    ADD COLUMN data_key         bytea,
    ADD COLUMN data_key_version integer,
    ADD CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    ADD CHECK (state <> 'erased' OR data_key IS NULL),
    ADD CHECK ((data_key IS NULL) = (data_key_version IS NULL)),
    ADD FOREIGN KEY (organisation_id, merged_into) REFERENCES patient (organisation_id, id);
CREATE INDEX patient_merged_into ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- The timeline: one row for each version, never changed. A record written by an earlier program has none for its first.
CREATE TABLE patient_version (
    organisation_id uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    state           text        NOT NULL,
    merged_into     uuid,
    -- The version that wrote the person of this one.
    person_version  bigint,
    at              timestamptz NOT NULL,
    actor           text        NOT NULL,
    PRIMARY KEY (patient_id, version),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);

-- The person, sealed; one row for each version that changed it. Erasure deletes them.
CREATE TABLE patient_person (
    organisation_id uuid    NOT NULL,
    patient_id      uuid    NOT NULL,
    version         bigint  NOT NULL,
    sealed          bytea   NOT NULL,
    key_version     integer NOT NULL CHECK (key_version > 0),
    PRIMARY KEY (patient_id, version),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);

-- What a person is found by: keyed hashes, under a key of the organisation's own.
CREATE TABLE patient_token (
    organisation_id uuid  NOT NULL,
    patient_id      uuid  NOT NULL,
    kind            text  NOT NULL CHECK (kind IN ('name', 'birth-date', 'identifier', 'phone')),
    token           bytea NOT NULL CHECK (octet_length(token) = 16),
    PRIMARY KEY (organisation_id, token, patient_id),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX patient_token_patient ON patient_token (patient_id);

-- Pairs that may be of one person, for people to decide.
CREATE TABLE patient_duplicate (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    other_id        uuid        NOT NULL,
    reasons         text[]      NOT NULL,
    create_time     timestamptz NOT NULL,
    CHECK (patient_id <> other_id),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
    FOREIGN KEY (organisation_id, other_id) REFERENCES patient (organisation_id, id)
);
CREATE UNIQUE INDEX patient_duplicate_pair
    ON patient_duplicate (organisation_id, LEAST(patient_id, other_id), GREATEST(patient_id, other_id));
CREATE INDEX patient_duplicate_recent ON patient_duplicate (organisation_id, create_time DESC, id DESC);
CREATE INDEX patient_duplicate_other ON patient_duplicate (other_id);
CREATE INDEX patient_duplicate_patient ON patient_duplicate (patient_id);

CREATE TABLE patient_merge (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    survivor_id     uuid        NOT NULL,
    merged_id       uuid        NOT NULL,
    reason          text        NOT NULL CHECK (reason IN ('same-identifier', 'seen-document', 'patient-says')),
    merge_time      timestamptz NOT NULL,
    actor           text        NOT NULL,
    unmerge_time    timestamptz,
    unmerge_actor   text,
    CHECK (survivor_id <> merged_id),
    CHECK ((unmerge_time IS NULL) = (unmerge_actor IS NULL)),
    FOREIGN KEY (organisation_id, survivor_id) REFERENCES patient (organisation_id, id),
    FOREIGN KEY (organisation_id, merged_id) REFERENCES patient (organisation_id, id)
);
CREATE UNIQUE INDEX patient_merge_standing ON patient_merge (organisation_id, merged_id) WHERE unmerge_time IS NULL;
CREATE INDEX patient_merge_merged ON patient_merge (merged_id);
CREATE INDEX patient_merge_survivor ON patient_merge (survivor_id);

CREATE TABLE patient_hold (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    reason          text        NOT NULL CHECK (reason IN ('retention', 'litigation', 'investigation', 'patient-wish')),
    create_time     timestamptz NOT NULL,
    actor           text        NOT NULL,
    end_time        timestamptz,
    lift_time       timestamptz,
    lift_actor      text,
    CHECK ((lift_time IS NULL) = (lift_actor IS NULL)),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX patient_hold_patient ON patient_hold (patient_id);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON patient_version FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON patient_person FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE DELETE, TRUNCATE ON organisation_key, patient_merge, patient_hold FROM %I',
        current_setting('relais.runtime_role'));
END $$;
