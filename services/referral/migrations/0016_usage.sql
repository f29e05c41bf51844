-- What was given under conventions: a ledger to which entries are only ever added, and its sums by month and site.

CREATE TABLE usage_entry (
    id                 uuid        PRIMARY KEY,
    convention_id      uuid        NOT NULL,
    convention_version bigint      NOT NULL,
    line_id            text        NOT NULL,
    referral_id        uuid        NOT NULL REFERENCES referral,
    -- Where it comes from: what a version of a report was the first to tell as done.
    report_id          uuid        NOT NULL,
    report_version     bigint      NOT NULL CHECK (report_version > 0),
    site_id            uuid        REFERENCES site,
    -- The day on which it was done, by the site's calendar.
    local_date         date        NOT NULL CHECK (local_date BETWEEN '1900-01-01' AND '2200-12-31'),
    quantity           bigint      NOT NULL CHECK (quantity <> 0),
    -- The entry that this one takes back, whole.
    counters           uuid        UNIQUE REFERENCES usage_entry,
    entry_time         timestamptz NOT NULL,
    CHECK ((counters IS NULL) = (quantity > 0)),
    FOREIGN KEY (convention_id, convention_version, line_id) REFERENCES convention_line
);
-- However often a message comes: it counts once.
CREATE UNIQUE INDEX usage_entry_source ON usage_entry (report_id, report_version, convention_id, line_id) WHERE counters IS NULL;
CREATE INDEX usage_entry_line ON usage_entry (convention_id, line_id, local_date);

CREATE TABLE usage_sum (
    convention_id uuid   NOT NULL REFERENCES convention,
    line_id       text   NOT NULL,
    -- The first day of the month.
    month         date   NOT NULL CHECK (month = date_trunc('month', month)),
    -- The nil UUID where no site is known.
    site_id       uuid   NOT NULL,
    quantity      bigint NOT NULL,
    PRIMARY KEY (convention_id, line_id, month, site_id)
);

ALTER TABLE usage_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON usage_entry USING (app_system());
ALTER TABLE usage_sum ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_sum FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON usage_sum USING (app_system());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON usage_entry FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE DELETE, TRUNCATE ON usage_sum FROM %I', current_setting('relais.runtime_role'));
END $$;
