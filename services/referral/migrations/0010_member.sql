-- Who belongs to an organisation. An identity provider knows the person by issuer and subject, which accepting an invitation
-- links. The invitation's secret is kept as a keyed hash.

CREATE TABLE member (
    id                   uuid        PRIMARY KEY,
    organisation_id      uuid        NOT NULL REFERENCES organisation,
    version              bigint      NOT NULL,
    state                text        NOT NULL CHECK (state IN ('invited', 'active', 'suspended', 'left')),
    display_name         text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    -- Operators, the network, services and partners are made elsewhere.
    roles                text[]      NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 8 AND roles <@ ARRAY['coordinator', 'desk',
                                         'clinician', 'referent', 'visiting', 'researcher', 'funder', 'admin']),
    unit_id              uuid,
    practitioner_id      uuid,
    issuer               text,
    subject              text,
    secret_hash          bytea       CHECK (octet_length(secret_hash) = 32),
    invitation_expires_at timestamptz,
    -- Secrets that were wrong; five lock the invitation.
    wrong_secrets        integer     NOT NULL DEFAULT 0 CHECK (wrong_secrets BETWEEN 0 AND 5),
    create_time          timestamptz NOT NULL,
    update_time          timestamptz NOT NULL,
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    CHECK (state NOT IN ('active', 'suspended') OR subject IS NOT NULL),
    CHECK ((state = 'invited') = (secret_hash IS NOT NULL) AND (state = 'invited') = (invitation_expires_at IS NOT NULL)),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit (organisation_id, id),
    FOREIGN KEY (organisation_id, practitioner_id) REFERENCES practitioner (organisation_id, id)
);
CREATE INDEX member_recent ON member (organisation_id, create_time DESC, id DESC);
-- A person is a member of an organisation once, and an entry of the register is one member's.
CREATE UNIQUE INDEX member_person ON member (organisation_id, issuer, subject) WHERE state <> 'left';
CREATE UNIQUE INDEX member_practitioner ON member (organisation_id, practitioner_id) WHERE state <> 'left';
CREATE INDEX member_sessions ON member (issuer, subject) WHERE state = 'active';
CREATE INDEX member_admin ON member (organisation_id) WHERE 'admin' = ANY (roles) AND state <> 'left';
CREATE INDEX member_invited ON member (create_time DESC, id DESC) WHERE state = 'invited';

-- What each version was: who made whom what, when.
CREATE TABLE member_version (
    member_id             uuid        NOT NULL REFERENCES member,
    version               bigint      NOT NULL,
    organisation_id       uuid        NOT NULL,
    state                 text        NOT NULL,
    display_name          text        NOT NULL,
    roles                 text[]      NOT NULL,
    unit_id               uuid,
    practitioner_id       uuid,
    issuer                text,
    subject               text,
    invitation_expires_at timestamptz,
    at                    timestamptz NOT NULL,
    actor                 text        NOT NULL,
    PRIMARY KEY (member_id, version)
);

ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE member_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_version USING (app_system() OR organisation_id = app_organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE, TRUNCATE ON member FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON member_version FROM %I', current_setting('relais.runtime_role'));
END $$;
