-- Lines that commit, and their meters: what was promised, reserved, used and left of each line, period and place.
--
-- All that changes a meter goes through the functions of 0036, which run as the owner: the runtime role itself writes none of these
-- tables. So no program, an older one or a wrong one, takes a place that is not there.

ALTER TABLE convention_line
    DROP CONSTRAINT convention_line_measure_check,
    ADD CONSTRAINT convention_line_measure_check CHECK (measure IN ('acts', 'persons', 'money', 'staff-minutes')),
    DROP CONSTRAINT convention_line_kind_check,
    ADD CONSTRAINT convention_line_kind_check CHECK (kind IN ('firm', 'soft', 'counted')),
    -- In the line's measure; money in the currency's minor unit.
    ADD COLUMN committed    bigint CHECK (committed BETWEEN 1 AND 1000000000000),
    ADD COLUMN currency     text   CHECK (currency ~ '^[A-Z]{3}$'),
    ADD COLUMN per          text   NOT NULL DEFAULT 'term' CHECK (per IN ('term', 'year', 'month')),
    ADD COLUMN scope        text   NOT NULL DEFAULT 'all' CHECK (scope IN ('all', 'site')),
    ADD COLUMN reserve_at   text   NOT NULL DEFAULT 'submission' CHECK (reserve_at IN ('submission', 'acceptance')),
    ADD COLUMN on_exhausted text   NOT NULL DEFAULT 'refuse' CHECK (on_exhausted IN ('refuse', 'waitlist', 'let-through')),
    ADD COLUMN counted_from text   NOT NULL DEFAULT 'report' CHECK (counted_from IN ('attendance', 'report')),
    ADD CONSTRAINT convention_line_committed_fits CHECK ((kind = 'counted') = (committed IS NULL)),
    ADD CONSTRAINT convention_line_currency_fits CHECK ((measure = 'money') = (currency IS NOT NULL));

-- One row for each line, period and place that anything was taken of.
CREATE TABLE meter (
    id            uuid   PRIMARY KEY,
    convention_id uuid   NOT NULL REFERENCES convention,
    line_id       text   NOT NULL,
    -- The period by its days; the first one names it.
    period_start  date   NOT NULL,
    period_end    date   NOT NULL CHECK (period_end >= period_start),
    -- The nil UUID where a line counts all sites together, or no site was named.
    site_id       uuid   NOT NULL,
    -- None: counted, without a limit.
    committed     bigint CHECK (committed > 0),
    -- The version of the terms that committed it.
    terms_version bigint NOT NULL,
    -- Facts that came when nothing was left. While there is any, no stripe has anything left.
    beyond        bigint NOT NULL DEFAULT 0 CHECK (beyond >= 0),
    -- Thresholds, in percent, that are crossed now.
    crossed       int[]  NOT NULL DEFAULT '{}',
    -- One more with each threshold that was crossed: the version of its events.
    version       bigint NOT NULL DEFAULT 0,
    UNIQUE (convention_id, line_id, period_start, site_id)
);

-- What is left of a meter lies in stripes, so that many take of it at once: whoever takes, takes any that nobody else holds.
CREATE TABLE meter_stripe (
    meter_id  uuid     NOT NULL REFERENCES meter,
    stripe    smallint NOT NULL CHECK (stripe BETWEEN 0 AND 15),
    -- The promise itself: nobody takes what is not left.
    available bigint   NOT NULL CHECK (available >= 0),
    reserved  bigint   NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    used      bigint   NOT NULL DEFAULT 0 CHECK (used >= 0),
    PRIMARY KEY (meter_id, stripe)
) WITH (fillfactor = 25);

-- Who holds a place of a meter: a referral, a patient on a line that counts persons, an expense.
CREATE TABLE meter_place (
    meter_id  uuid     NOT NULL REFERENCES meter,
    holder_id uuid     NOT NULL,
    stripe    smallint NOT NULL,
    reserved  bigint   NOT NULL CHECK (reserved >= 0),
    used      bigint   NOT NULL CHECK (used >= 0),
    PRIMARY KEY (meter_id, holder_id)
);

-- What each referral or expense asks of a line. Several referrals of one patient share a place on a line that counts persons: it is
-- given back with the last of them.
CREATE TABLE meter_claim (
    subject_id  uuid   NOT NULL,
    line_id     text   NOT NULL,
    referral_id uuid   REFERENCES referral,
    meter_id    uuid   NOT NULL REFERENCES meter,
    holder_id   uuid   NOT NULL,
    reserved    bigint NOT NULL CHECK (reserved >= 0),
    used        bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (subject_id, line_id)
);
CREATE INDEX meter_claim_holder ON meter_claim (meter_id, holder_id);
CREATE INDEX meter_claim_referral ON meter_claim (referral_id);

-- The ledger: every change of a meter, never changed itself. All sums are sums of it.
CREATE TABLE meter_entry (
    id                 uuid        PRIMARY KEY,
    meter_id           uuid        NOT NULL REFERENCES meter,
    convention_id      uuid        NOT NULL,
    convention_version bigint      NOT NULL,
    line_id            text        NOT NULL,
    kind               text        NOT NULL CHECK (kind IN ('commit', 'reserve', 'use', 'release', 'counter')),
    -- The referral or the expense; for what is committed, the meter.
    subject_id         uuid        NOT NULL,
    referral_id        uuid        REFERENCES referral,
    -- What made it, such as a referral's version: once for each.
    source             text        NOT NULL,
    committed          bigint      NOT NULL DEFAULT 0,
    reserved           bigint      NOT NULL DEFAULT 0,
    used               bigint      NOT NULL DEFAULT 0,
    -- The day that it counts for, and where that was.
    local_date         date        NOT NULL,
    site_id            uuid,
    -- Who let it through on a used-up line; empty: nobody had to.
    approver           text        NOT NULL DEFAULT '',
    entry_time         timestamptz NOT NULL,
    FOREIGN KEY (convention_id, convention_version, line_id) REFERENCES convention_line,
    UNIQUE (meter_id, subject_id, source),
    CHECK (CASE kind
        WHEN 'commit'  THEN reserved = 0 AND used = 0
        WHEN 'reserve' THEN reserved > 0 AND used = 0 AND committed = 0
        WHEN 'use'     THEN reserved <= 0 AND used > 0 AND committed = 0
        WHEN 'release' THEN reserved < 0 AND used = 0 AND committed = 0
        ELSE used < 0 AND committed = 0 END)
);
CREATE INDEX meter_entry_meter ON meter_entry (meter_id, entry_time);
CREATE INDEX meter_entry_line ON meter_entry (convention_id, line_id, local_date);
CREATE INDEX meter_entry_referral ON meter_entry (referral_id);

-- Each threshold each time that it was crossed, once.
CREATE TABLE meter_threshold (
    meter_id   uuid        NOT NULL REFERENCES meter,
    percent    int         NOT NULL,
    -- The how-manieth time.
    crossing   bigint      NOT NULL CHECK (crossing > 0),
    -- The version of the meter's event that told it.
    version    bigint      NOT NULL,
    committed  bigint      NOT NULL,
    reserved   bigint      NOT NULL,
    used       bigint      NOT NULL,
    cross_time timestamptz NOT NULL,
    PRIMARY KEY (meter_id, percent, crossing),
    UNIQUE (meter_id, version)
);

-- A worker's, as the ledger of what was given is; figures are told by use cases that ask first who may know them.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['meter', 'meter_stripe', 'meter_place', 'meter_claim', 'meter_entry', 'meter_threshold'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY worked ON %I FOR SELECT USING (app_system())', name);
        EXECUTE format('CREATE POLICY kept ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', name);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %I FROM %I', name, current_setting('relais.runtime_role'));
    END LOOP;
END $$;
-- What the functions ask of others' tables.
CREATE POLICY metered ON usage_entry FOR SELECT TO CURRENT_USER USING (true);
