-- Staff time that is planned and worked under conventions: what was reserved, once, and each step of it. Neither is ever changed.

CREATE TABLE staff_time (
    id                 uuid        PRIMARY KEY,
    convention_id      uuid        NOT NULL,
    convention_version bigint      NOT NULL,
    line_id            text        NOT NULL,
    planned_minutes    bigint      NOT NULL CHECK (planned_minutes BETWEEN 1 AND 1000000),
    work_date          date        NOT NULL,
    site_id            uuid        REFERENCES site,
    reference          text        NOT NULL CHECK (char_length(reference) <= 100),
    hold_days          int         NOT NULL CHECK (hold_days BETWEEN 1 AND 366),
    actor              text        NOT NULL,
    create_time        timestamptz NOT NULL,
    FOREIGN KEY (convention_id, convention_version, line_id) REFERENCES convention_line
);
CREATE INDEX staff_time_line ON staff_time (convention_id, line_id, work_date);

CREATE TABLE staff_time_step (
    staff_time_id  uuid        NOT NULL REFERENCES staff_time,
    version        bigint      NOT NULL CHECK (version > 0),
    state          text        NOT NULL CHECK (state IN ('reserved', 'confirmed', 'released', 'lapsed')),
    worked_minutes bigint      NOT NULL CHECK (worked_minutes BETWEEN 0 AND 1000000),
    -- Who; empty: time.
    actor          text        NOT NULL,
    step_time      timestamptz NOT NULL,
    PRIMARY KEY (staff_time_id, version),
    CHECK ((version = 1) = (state = 'reserved')),
    CHECK ((state = 'confirmed') = (worked_minutes > 0))
);

-- A worker's: use cases ask first who may know the convention.
ALTER TABLE staff_time ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_time FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON staff_time USING (app_system());
ALTER TABLE staff_time_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_time_step FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON staff_time_step USING (app_system());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON staff_time, staff_time_step FROM %I', current_setting('relais.runtime_role'));
END $$;
