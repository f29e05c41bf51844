-- What people said of an opened file, in their own words: why it was opened, and what its reviewer found. Such words may name the
-- patient and the illness, so they stand here alone, beside neither the access nor the audit, which are kept for ever, and go with
-- the patient's record.

CREATE TABLE file_words (
    access_id       uuid NOT NULL REFERENCES file_access,
    kind            text NOT NULL CHECK (kind IN ('statement', 'note')),
    referral_id     uuid NOT NULL REFERENCES referral,
    -- Who holds the patient's record, reads them, and erases them.
    organisation_id uuid NOT NULL REFERENCES organisation,
    words           text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 500),
    PRIMARY KEY (access_id, kind)
);
CREATE INDEX file_words_referral ON file_words (referral_id);

-- Those of before move. Nobody could read what was said of a file that is not there: it is not kept.
SELECT set_config('app.system', 'on', true);
INSERT INTO file_words (access_id, kind, referral_id, organisation_id, words)
SELECT id, 'statement', referral_id, owner_id, statement FROM file_access WHERE referral_id IS NOT NULL;
INSERT INTO file_words (access_id, kind, referral_id, organisation_id, words)
SELECT f.id, 'note', f.referral_id, f.owner_id, v.note FROM file_review v JOIN file_access f ON f.id = v.access_id;
-- A program of before still writes them there while both run.
ALTER TABLE file_access DROP CONSTRAINT file_access_statement_check;
ALTER TABLE file_access ALTER COLUMN statement SET DEFAULT '';
ALTER TABLE file_review DROP CONSTRAINT file_review_note_check;
ALTER TABLE file_review ALTER COLUMN note SET DEFAULT '';
UPDATE file_access SET statement = '';
UPDATE file_review SET note = '';
SELECT set_config('app.system', '', true);

ALTER TABLE file_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_words FORCE ROW LEVEL SECURITY;
CREATE POLICY held ON file_words USING (app_system() OR organisation_id = app_organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON file_words FROM %I', current_setting('relais.runtime_role'));
END $$;
