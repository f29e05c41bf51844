-- Statements to funders: numbered without gaps under each convention, closed, and never changed. A fact that comes late is a
-- correction on the next one.

CREATE TABLE statement (
    id            uuid        PRIMARY KEY,
    convention_id uuid        NOT NULL REFERENCES convention,
    number        bigint      NOT NULL CHECK (number > 0),
    first_day     date        NOT NULL,
    last_day      date        NOT NULL CHECK (last_day >= first_day),
    close_time    timestamptz NOT NULL,
    -- What is shown: small numbers are left out, and whatever they could be computed from.
    document      jsonb       NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    -- What was counted, as it was: the next one is held against it. Nobody is shown this.
    counted       jsonb       NOT NULL CHECK (jsonb_typeof(counted) = 'array'),
    CONSTRAINT statement_number UNIQUE (convention_id, number),
    CONSTRAINT statement_period EXCLUDE USING gist (convention_id WITH =, daterange(first_day, last_day, '[]') WITH &&)
);
CREATE INDEX statement_recent ON statement (convention_id, close_time DESC, id DESC);

-- What was counted is a worker's; use cases say who may see what is shown.
ALTER TABLE statement ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON statement USING (app_system());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON statement FROM %I', current_setting('relais.runtime_role'));
END $$;

-- The referrals of a convention: a statement counts them and no others.
CREATE INDEX referral_of_convention ON referral (convention_id, id);
