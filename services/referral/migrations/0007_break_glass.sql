-- Files opened by clinicians who are no party: for a stated reason and a limited time. Tries count too.

CREATE TABLE file_access (
    id              uuid        PRIMARY KEY,
    -- None: what was asked for is not there. The try is kept, so that nobody can probe for numbers.
    referral_id     uuid        REFERENCES referral,
    -- Issuer and subject: nobody else sees by it.
    caller          text        NOT NULL,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    reason          text        NOT NULL CHECK (reason IN ('emergency-treatment', 'continuity-of-care', 'patient-request')),
    -- In the clinician's words.
    statement       text        NOT NULL CHECK (char_length(statement) BETWEEN 10 AND 500),
    create_time     timestamptz NOT NULL,
    expire_time     timestamptz NOT NULL,
    CHECK (expire_time > create_time AND expire_time <= create_time + interval '4 hours')
);
CREATE INDEX file_access_live ON file_access (referral_id, caller, expire_time DESC) WHERE referral_id IS NOT NULL;
CREATE INDEX file_access_caller ON file_access (caller, create_time DESC);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON file_access FROM %I', current_setting('relais.runtime_role'));
END $$;
