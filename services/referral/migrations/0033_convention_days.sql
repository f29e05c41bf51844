-- Whose days are whose: what the database refuses of signed conventions, whoever signs at the same time. Written with each signature
-- and each termination.

-- Two conventions of a chain share no day. One that was terminated before its first day has none.
CREATE TABLE convention_period (
    convention_id uuid      PRIMARY KEY REFERENCES convention,
    chain_id      uuid      NOT NULL REFERENCES convention,
    period        daterange NOT NULL,
    CONSTRAINT convention_period_overlap EXCLUDE USING gist (chain_id WITH =, period WITH &&)
);

-- What a referrer sends patients for, under which chain, on which days. An exclusive one claims all numbers there are, any other one
-- a number of its own: so two that are not exclusive are in nobody's way, and an exclusive one suffers none of another chain.
CREATE TABLE convention_claim (
    number        bigint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    convention_id uuid      NOT NULL REFERENCES convention,
    chain_id      uuid      NOT NULL,
    referrer_id   uuid      NOT NULL REFERENCES organisation,
    system        text      NOT NULL,
    code          text      NOT NULL,
    exclusive     boolean   NOT NULL,
    period        daterange NOT NULL,
    CONSTRAINT convention_claim_exclusive EXCLUDE USING gist (
        referrer_id WITH =, system WITH =, code WITH =, chain_id WITH <>, period WITH &&,
        (CASE WHEN exclusive THEN int8range(NULL, NULL) ELSE int8range(number, number, '[]') END) WITH &&)
);
CREATE INDEX convention_claim_convention ON convention_claim (convention_id);

INSERT INTO convention_period (convention_id, chain_id, period)
SELECT c.id, c.id, daterange(t.start_date, t.end_date, '[]')
FROM convention c JOIN convention_terms t ON t.convention_id = c.id AND t.version = c.terms_version;
INSERT INTO convention_claim (convention_id, chain_id, referrer_id, system, code, exclusive, period)
SELECT c.id, c.id, p.organisation_id, s.system, s.code, false, daterange(t.start_date, t.end_date, '[]')
FROM convention c
JOIN convention_terms t ON t.convention_id = c.id AND t.version = c.terms_version
JOIN convention_party p ON p.convention_id = c.id AND p.version = t.version AND p.role = 'referrer'
JOIN convention_service s ON s.convention_id = c.id AND s.version = t.version;

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE, TRUNCATE ON convention_period FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON convention_claim FROM %I', current_setting('relais.runtime_role'));
END $$;
