-- Money spent under conventions: recorded once, never changed, and taken back by a row of its own.

CREATE TABLE expense (
    id                 uuid        PRIMARY KEY,
    convention_id      uuid        NOT NULL,
    convention_version bigint      NOT NULL,
    line_id            text        NOT NULL,
    amount             bigint      NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    currency           text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    expense_date       date        NOT NULL,
    code               text        NOT NULL CHECK (code ~ '^[a-z0-9-]{1,63}$'),
    reference          text        NOT NULL CHECK (char_length(reference) <= 100),
    actor              text        NOT NULL,
    create_time        timestamptz NOT NULL,
    FOREIGN KEY (convention_id, convention_version, line_id) REFERENCES convention_line
);
CREATE INDEX expense_line ON expense (convention_id, line_id, expense_date);

CREATE TABLE expense_counter (
    expense_id   uuid        PRIMARY KEY REFERENCES expense,
    actor        text        NOT NULL,
    counter_time timestamptz NOT NULL
);

-- A worker's: use cases ask first who may know the convention.
ALTER TABLE expense ENABLE ROW LEVEL SECURITY;
ALTER TABLE expense FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON expense USING (app_system());
ALTER TABLE expense_counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE expense_counter FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON expense_counter USING (app_system());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON expense, expense_counter FROM %I', current_setting('relais.runtime_role'));
END $$;
