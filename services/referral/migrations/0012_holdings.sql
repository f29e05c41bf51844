-- Pairs of records that are of two people, and what an organisation reads of its patients in others' hands.

-- That two records which look alike are of two people: proposed no more while it stands. Ended by whoever takes it back, or
-- when both come to have the same qualified number.
CREATE TABLE patient_dismissal (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    other_id        uuid        NOT NULL,
    reason          text        NOT NULL CHECK (reason IN ('seen-documents', 'patient-says', 'related-persons')),
    dismiss_time    timestamptz NOT NULL,
    actor           text        NOT NULL,
    end_time        timestamptz,
    end_actor       text,
    CHECK (patient_id <> other_id),
    CHECK ((end_time IS NULL) = (end_actor IS NULL)),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
    FOREIGN KEY (organisation_id, other_id) REFERENCES patient (organisation_id, id)
);
-- Whichever way round.
CREATE UNIQUE INDEX patient_dismissal_standing ON patient_dismissal
    (organisation_id, LEAST(patient_id, other_id), GREATEST(patient_id, other_id)) WHERE end_time IS NULL;
CREATE INDEX patient_dismissal_patient ON patient_dismissal (patient_id);
CREATE INDEX patient_dismissal_other ON patient_dismissal (other_id);

ALTER TABLE patient_dismissal ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_dismissal FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_dismissal USING (app_system() OR organisation_id = app_organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE, TRUNCATE ON patient_dismissal FROM %I', current_setting('relais.runtime_role'));
END $$;

-- Whether both records of a pair have the same qualified national number: that is no likeness, that is one person.
ALTER TABLE patient_duplicate ADD COLUMN same_qualified boolean NOT NULL DEFAULT false;

-- Whoever sent a referral answers for what others did with it: links that another party made, files that were opened.
CREATE POLICY sent ON partner_link FOR SELECT USING (EXISTS (
    SELECT FROM referral_party p WHERE p.referral_id = partner_link.referral_id AND p.capacity = 'referrer'));
CREATE POLICY sent ON file_access FOR SELECT USING (EXISTS (
    SELECT FROM referral_party p WHERE p.referral_id = file_access.referral_id AND p.capacity = 'referrer'));
