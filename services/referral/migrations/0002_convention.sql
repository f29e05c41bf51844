-- Conventions. Terms belong to a version and never change: the runtime role may only insert them.

CREATE TABLE convention (
    id            uuid        PRIMARY KEY,
    display_name  text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    state         text        NOT NULL CHECK (state IN ('draft', 'signed')),
    -- Grows with each change; the etag.
    version       bigint      NOT NULL CHECK (version > 0),
    -- The version of the terms in force; none in a draft.
    terms_version bigint      NOT NULL CHECK (terms_version >= 0),
    create_time   timestamptz NOT NULL,
    CHECK ((state = 'draft') = (terms_version = 0))
);
CREATE INDEX convention_recent ON convention (create_time DESC, id DESC);

CREATE TABLE convention_terms (
    convention_id uuid   NOT NULL REFERENCES convention,
    version       bigint NOT NULL CHECK (version > 0),
    start_date    date   NOT NULL,
    end_date      date   NOT NULL,
    PRIMARY KEY (convention_id, version),
    CHECK (start_date <= end_date)
);

-- A signature is a fact of its own: it adds to the terms and changes none of them.
CREATE TABLE convention_signature (
    convention_id  uuid NOT NULL,
    version        bigint NOT NULL,
    signature_date date NOT NULL,
    PRIMARY KEY (convention_id, version),
    FOREIGN KEY (convention_id, version) REFERENCES convention_terms
);

CREATE TABLE convention_party (
    convention_id   uuid   NOT NULL,
    version         bigint NOT NULL,
    organisation_id uuid   NOT NULL REFERENCES organisation,
    role            text   NOT NULL CHECK (role IN ('referrer', 'provider', 'funder', 'coordinator')),
    -- The place in the list as it was given: an answer read again is the same.
    position        bigint NOT NULL,
    PRIMARY KEY (convention_id, version, organisation_id, role),
    FOREIGN KEY (convention_id, version) REFERENCES convention_terms
);
CREATE INDEX convention_party_organisation ON convention_party (organisation_id, convention_id);

CREATE TABLE convention_service (
    convention_id uuid   NOT NULL,
    version       bigint NOT NULL,
    system        text   NOT NULL,
    code          text   NOT NULL,
    code_version  text   NOT NULL,
    display       text   NOT NULL,
    bearer        text   NOT NULL CHECK (bearer IN ('funder', 'provider-in-kind', 'grant', 'patient')),
    position      bigint NOT NULL,
    PRIMARY KEY (convention_id, version, system, code),
    FOREIGN KEY (convention_id, version) REFERENCES convention_terms
);

CREATE TABLE convention_line (
    convention_id uuid   NOT NULL,
    version       bigint NOT NULL,
    line_id       text   NOT NULL CHECK (line_id ~ '^[a-z0-9-]{1,63}$'),
    measure       text   NOT NULL CHECK (measure IN ('acts')),
    kind          text   NOT NULL CHECK (kind IN ('counted')),
    position      bigint NOT NULL,
    PRIMARY KEY (convention_id, version, line_id),
    FOREIGN KEY (convention_id, version) REFERENCES convention_terms
);

DO $$ BEGIN
    EXECUTE format(
        'REVOKE UPDATE, DELETE, TRUNCATE ON convention_terms, convention_signature, convention_party, convention_service, convention_line FROM %I',
        current_setting('relais.runtime_role'));
END $$;
