-- Reports in versions, what was put aside, to whom each version was released, and what is still to be released.

-- Providers' keys, wrapped by the master key; they wrap reports' and orders' keys.
CREATE TABLE organisation_key (
    organisation_id    uuid        PRIMARY KEY,
    wrapped            bytea       NOT NULL,
    master_key_version int         NOT NULL CHECK (master_key_version > 0),
    create_time        timestamptz NOT NULL,
    wrap_time          timestamptz NOT NULL
);
CREATE INDEX organisation_key_master ON organisation_key (master_key_version);

CREATE TABLE report (
    id               uuid        PRIMARY KEY,
    -- One more with each event of the report; its versions are counted apart.
    revision         bigint      NOT NULL CHECK (revision > 0),
    state            text        NOT NULL CHECK (state IN ('issued', 'quarantined', 'discarded')),
    provider_id      uuid        NOT NULL,
    accession_number text        NOT NULL CHECK (accession_number <> ''),
    -- Where it belongs; unknown while it is put aside.
    order_id         uuid        REFERENCES service_order,
    referral_id      uuid,
    referral_number  text        NOT NULL DEFAULT '',
    -- For whom it is, as the provider has it.
    named_order      uuid        NOT NULL,
    named_number     text        NOT NULL,
    -- None again once the record was erased.
    named_patient    uuid,
    quarantine       text        NOT NULL DEFAULT '' CHECK (quarantine IN ('', 'wrong-patient', 'unknown-order', 'cancelled-order')),
    discard_reason   text        NOT NULL DEFAULT '',
    last_version     bigint      NOT NULL CHECK (last_version > 0),
    -- The version that readers see: a partial one after the final one does not take its place.
    shown_version    bigint      NOT NULL CHECK (shown_version BETWEEN 1 AND last_version),
    -- Seals what its versions say, under the provider's key.
    data_key         bytea       NOT NULL,
    create_time      timestamptz NOT NULL,
    update_time      timestamptz NOT NULL,
    CHECK ((state = 'issued') = (order_id IS NOT NULL)),
    CHECK ((order_id IS NULL) = (referral_id IS NULL)),
    CHECK (state = 'issued' OR quarantine <> ''),
    CHECK ((state = 'discarded') = (discard_reason <> ''))
);
-- A laboratory uses a number once; one that it gave up may be used again.
CREATE UNIQUE INDEX report_accession ON report (provider_id, accession_number) WHERE state <> 'discarded';
CREATE INDEX report_quarantined ON report (provider_id, create_time DESC, id DESC) WHERE state = 'quarantined';
CREATE INDEX report_referral ON report (referral_id, create_time DESC, id DESC) WHERE referral_id IS NOT NULL;
CREATE INDEX report_patient ON report (named_patient) WHERE named_patient IS NOT NULL;
CREATE INDEX report_order ON report (order_id) WHERE order_id IS NOT NULL;

-- What never changes: each version as it was handed in.
CREATE TABLE report_version (
    report_id      uuid        NOT NULL REFERENCES report,
    version        bigint      NOT NULL CHECK (version > 0),
    status         text        NOT NULL CHECK (status IN ('partial', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'entered-in-error')),
    superseded     boolean     NOT NULL,
    performed_date date,
    site_id        uuid,
    sealed         bytea       NOT NULL,
    issue_time     timestamptz NOT NULL,
    PRIMARY KEY (report_id, version),
    CHECK (performed_date >= date '1900-01-01')
);

-- With which revision a version was issued, and the acts that it was the first to tell of.
CREATE TABLE report_issue (
    report_id uuid   NOT NULL,
    version   bigint NOT NULL,
    revision  bigint NOT NULL CHECK (revision > 0),
    acts      int    NOT NULL CHECK (acts >= 0),
    PRIMARY KEY (report_id, version),
    UNIQUE (report_id, revision),
    FOREIGN KEY (report_id, version) REFERENCES report_version
);

-- The pages of a party: one row for each report and organisation.
CREATE TABLE report_party (
    report_id       uuid        NOT NULL REFERENCES report,
    organisation_id uuid        NOT NULL,
    create_time     timestamptz NOT NULL,
    PRIMARY KEY (report_id, organisation_id)
);
CREATE INDEX report_party_recent ON report_party (organisation_id, create_time DESC, report_id DESC);

-- Before whom a version was laid, and what became of it: released, read and acknowledged are three things.
CREATE TABLE report_release (
    id               uuid        PRIMARY KEY,
    report_id        uuid        NOT NULL,
    version          bigint      NOT NULL,
    organisation_id  uuid        NOT NULL,
    unit_id          uuid,
    practitioner_id  uuid,
    substitute_for   text        NOT NULL,
    release_time     timestamptz NOT NULL,
    -- Taken back unread: its recipient may not read it any more.
    withdraw_time    timestamptz,
    read_time        timestamptz,
    acknowledge_time timestamptz,
    FOREIGN KEY (report_id, version) REFERENCES report_version,
    CHECK (read_time IS NULL OR withdraw_time IS NULL),
    CHECK (acknowledge_time IS NULL OR read_time IS NOT NULL)
);
CREATE UNIQUE INDEX report_release_live ON report_release (report_id, version, organisation_id, unit_id, practitioner_id)
    NULLS NOT DISTINCT WHERE withdraw_time IS NULL;

-- Reports whose recipients are to be asked for: a queue of the workers', which names nobody.
CREATE TABLE release_due (
    report_id uuid        PRIMARY KEY REFERENCES report,
    -- By the injected clock: whoever moves it moves what waits.
    due_at    timestamptz NOT NULL,
    attempt   int         NOT NULL DEFAULT 0,
    error     text        NOT NULL DEFAULT ''
);
CREATE INDEX release_due_at ON release_due (due_at);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON report_version, report_issue, report_party FROM %I',
        current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE DELETE, TRUNCATE ON organisation_key, report, report_release FROM %I',
        current_setting('relais.runtime_role'));
END $$;

ALTER TABLE report ENABLE ROW LEVEL SECURITY;
ALTER TABLE report FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON report USING (app_system());
CREATE POLICY own ON report USING (provider_id = app_organisation());
CREATE POLICY seen ON report FOR SELECT
    USING (EXISTS (SELECT FROM report_party p WHERE p.report_id = report.id));
-- Its recipient's reading and acknowledgement are events of it.
CREATE POLICY noted ON report FOR UPDATE
    USING (EXISTS (SELECT FROM report_party p WHERE p.report_id = report.id));

ALTER TABLE report_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_version FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON report_version FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM report r WHERE r.id = report_version.report_id));
CREATE POLICY made ON report_version FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM report r WHERE r.id = report_version.report_id AND r.provider_id = app_organisation()));

ALTER TABLE report_issue ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_issue FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON report_issue FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM report r WHERE r.id = report_issue.report_id));
CREATE POLICY made ON report_issue FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM report r WHERE r.id = report_issue.report_id AND r.provider_id = app_organisation()));

ALTER TABLE report_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_party FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON report_party FOR SELECT USING (app_system() OR organisation_id = app_organisation());
CREATE POLICY made ON report_party FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM report r WHERE r.id = report_party.report_id AND r.provider_id = app_organisation()));

ALTER TABLE report_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_release FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON report_release USING (app_system());
CREATE POLICY seen ON report_release FOR SELECT
    USING (EXISTS (SELECT FROM report r WHERE r.id = report_release.report_id));
CREATE POLICY noted ON report_release FOR UPDATE USING (organisation_id = app_organisation());
