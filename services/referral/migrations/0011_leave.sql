-- Who is away, and who acts instead: data of people who work, not of patients.

CREATE TABLE leave (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    practitioner_id uuid        NOT NULL,
    version         bigint      NOT NULL,
    -- [first day away, first day back); the same day: it was taken back.
    start_date      date        NOT NULL,
    end_date        date        NOT NULL CHECK (end_date >= start_date),
    substitute_id   uuid        CHECK (substitute_id <> practitioner_id),
    create_time     timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, practitioner_id) REFERENCES practitioner (organisation_id, id),
    CONSTRAINT leave_substitute FOREIGN KEY (organisation_id, substitute_id) REFERENCES practitioner (organisation_id, id),
    -- An empty range overlaps nothing: what was taken back stands in nobody's way.
    CONSTRAINT leave_overlap EXCLUDE USING gist (practitioner_id WITH =, daterange(start_date, end_date) WITH &&)
);
CREATE INDEX leave_recent ON leave (organisation_id, practitioner_id, create_time DESC, id DESC);

-- What each version was. Only the end ever changes.
CREATE TABLE leave_version (
    leave_id        uuid        NOT NULL REFERENCES leave,
    version         bigint      NOT NULL,
    organisation_id uuid        NOT NULL,
    end_date        date        NOT NULL,
    at              timestamptz NOT NULL,
    actor           text        NOT NULL,
    PRIMARY KEY (leave_id, version)
);

-- Who stands in for a unit: the highest version counts, nobody when it names none.
CREATE TABLE unit_substitute (
    unit_id         uuid        NOT NULL,
    version         bigint      NOT NULL,
    organisation_id uuid        NOT NULL,
    substitute_id   uuid,
    at              timestamptz NOT NULL,
    actor           text        NOT NULL,
    PRIMARY KEY (unit_id, version),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit (organisation_id, id),
    CONSTRAINT unit_substitute_practitioner FOREIGN KEY (organisation_id, substitute_id)
        REFERENCES practitioner (organisation_id, id)
);

ALTER TABLE leave ENABLE ROW LEVEL SECURITY;
ALTER TABLE leave FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON leave USING (app_system() OR organisation_id = app_organisation());
ALTER TABLE leave_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE leave_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON leave_version USING (app_system() OR organisation_id = app_organisation());
ALTER TABLE unit_substitute ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit_substitute FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON unit_substitute USING (app_system() OR organisation_id = app_organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON leave FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('GRANT UPDATE (version, end_date) ON leave TO %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON leave_version, unit_substitute FROM %I',
        current_setting('relais.runtime_role'));
END $$;
