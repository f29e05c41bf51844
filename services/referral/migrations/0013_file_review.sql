-- Files that were opened are reviewed by an administrator of whoever holds the patient's record, the referrer. And the tries
-- to open partner links that failed, counted for the whole installation.

-- Whose file it was, as it was then; none for a try of what is not there.
ALTER TABLE file_access ADD COLUMN owner_id uuid REFERENCES organisation;
ALTER TABLE file_access ADD COLUMN owner_unit_id uuid;
SELECT set_config('app.system', 'on', true);
UPDATE file_access f SET owner_id = r.referrer_id, owner_unit_id = r.referrer_unit_id
FROM referral r WHERE r.id = f.referral_id;
SELECT set_config('app.system', '', true);
ALTER TABLE file_access ADD CHECK ((referral_id IS NULL) = (owner_id IS NULL));
ALTER TABLE file_access ADD FOREIGN KEY (owner_id, owner_unit_id) REFERENCES unit (organisation_id, id);
CREATE INDEX file_access_held ON file_access (owner_id, create_time DESC, id DESC) WHERE owner_id IS NOT NULL;
CREATE POLICY held ON file_access FOR SELECT USING (owner_id = app_organisation());

-- One for each access, and for good.
CREATE TABLE file_review (
    access_id       uuid        PRIMARY KEY REFERENCES file_access,
    organisation_id uuid        NOT NULL REFERENCES organisation,
    -- Issuer and subject.
    reviewer        text        NOT NULL,
    verdict         text        NOT NULL CHECK (verdict IN ('justified', 'not-justified')),
    -- In the reviewer's words.
    note            text        NOT NULL CHECK (char_length(note) BETWEEN 1 AND 500),
    create_time     timestamptz NOT NULL
);
ALTER TABLE file_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_review FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON file_review USING (app_system() OR organisation_id = app_organisation());

-- The present minute, in which failed tries are counted, whichever links they were of.
CREATE TABLE redemption_window (
    one_row boolean     PRIMARY KEY DEFAULT true CHECK (one_row),
    since   timestamptz NOT NULL,
    failed  bigint      NOT NULL
);
INSERT INTO redemption_window (since, failed) VALUES ('epoch', 0);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON file_review FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE INSERT, DELETE, TRUNCATE ON redemption_window FROM %I',
        current_setting('relais.runtime_role'));
END $$;
