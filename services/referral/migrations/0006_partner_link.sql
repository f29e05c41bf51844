-- Links for partners without an account. Secret and code are kept as keyed hashes; to whom they were given, nowhere.

CREATE TABLE partner_link (
    id              uuid        PRIMARY KEY,
    referral_id     uuid        NOT NULL REFERENCES referral,
    -- Who made it: a party of the referral.
    organisation_id uuid        NOT NULL REFERENCES organisation,
    unit_id         uuid,
    purpose         text        NOT NULL CHECK (purpose IN ('follow-up', 'appointment', 'result')),
    secret_hash     bytea       NOT NULL CHECK (octet_length(secret_hash) = 32),
    code_hash       bytea       NOT NULL CHECK (octet_length(code_hash) = 32),
    expires_at      timestamptz NOT NULL,
    create_time     timestamptz NOT NULL,
    -- Codes that were wrong; five lock it.
    wrong_codes     integer     NOT NULL DEFAULT 0 CHECK (wrong_codes BETWEEN 0 AND 5),
    used_at         timestamptz,
    revoked_at      timestamptz,
    CHECK (expires_at > create_time AND expires_at <= create_time + interval '720 hours'),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit (organisation_id, id)
);
CREATE INDEX partner_link_recent ON partner_link (referral_id, organisation_id, create_time DESC, id DESC);

ALTER TABLE partner_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE partner_link FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON partner_link USING (app_system() OR organisation_id = app_organisation());

-- What a link opens, for how long and by which secret never changes.
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON partner_link FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('GRANT UPDATE (wrong_codes, used_at, revoked_at) ON partner_link TO %I',
        current_setting('relais.runtime_role'));
END $$;
