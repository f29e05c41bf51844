//! What the limit writes and reads: its tables, its statements, and the same statements for pgbench.

/// Tables of the limit, in a schema beside those of the services. A thousand items are there for pgbench, which draws no UUID v7.
pub(in crate::bench) const TABLES: &str = "
    CREATE SCHEMA bare;
    CREATE TABLE bare.item (
        id uuid PRIMARY KEY, at timestamptz NOT NULL, message bytea NOT NULL, rest bytea NOT NULL
    );
    CREATE TABLE bare.outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, type text NOT NULL, at timestamptz NOT NULL,
        body bytea NOT NULL
    );
    CREATE TABLE bare.audit (id uuid PRIMARY KEY, at timestamptz NOT NULL, body bytea NOT NULL);
    CREATE TABLE bare.claim (
        id uuid PRIMARY KEY, rule uuid NOT NULL, during tstzrange NOT NULL, body bytea NOT NULL,
        EXCLUDE USING gist (rule WITH =, during WITH &&)
    );
    CREATE SEQUENCE bare.turn;
    CREATE TABLE bare.effect (
        message uuid, service text, type text NOT NULL, at timestamptz NOT NULL, body bytea NOT NULL,
        PRIMARY KEY (message, service)
    );
    INSERT INTO bare.item
    SELECT md5(n::text)::uuid, now(), ''::bytea, decode(repeat('00', 400), 'hex') FROM generate_series(1, 1000) AS n;
";

pub(super) const INSERT_ITEM: &str = "INSERT INTO bare.item (id, at, message, rest) VALUES ($1, now(), $2, $3)";
pub(super) const INSERT_EVENT: &str = "INSERT INTO bare.outbox (id, type, at, body) VALUES ($1, $2, now(), $3)";
pub(super) const SELECT_ITEM: &str = "SELECT message, rest FROM bare.item WHERE id = $1";
pub(super) const INSERT_AUDIT: &str = "INSERT INTO bare.audit (id, at, body) VALUES ($1, now(), $2)";
/// Each the next five minutes of one rule: nobody is in anybody's way, and the database looks.
pub(super) const CLAIM: &str = "
    WITH t AS (SELECT timestamptz '2030-01-01' + nextval('bare.turn') * interval '5 min' AS at)
    INSERT INTO bare.claim (id, rule, during, body)
    SELECT $1, '00000000-0000-4000-8000-000000000001', tstzrange(at, at + interval '5 min', '[)'), $2 FROM t";

/// As the limit's transactions are, for `pgbench -M prepared`; `row`, `event` and `audit` are sizes in bytes.
pub(in crate::bench) const PGBENCH_CREATE: &str = "BEGIN;
INSERT INTO bare.item (id, at, message, rest) VALUES (gen_random_uuid(), now(), ''::bytea, decode(repeat('00', :row), 'hex'));
INSERT INTO bare.outbox (id, type, at, body)
VALUES (gen_random_uuid(), 'relais.referral.referral.submitted.v1', now(), decode(repeat('00', :event), 'hex'));
COMMIT;
";
pub(in crate::bench) const PGBENCH_GET: &str = "\\set n random(1, 1000)
BEGIN;
SELECT message, rest FROM bare.item WHERE id = md5(:n::text)::uuid;
INSERT INTO bare.audit (id, at, body) VALUES (gen_random_uuid(), now(), decode(repeat('00', :audit), 'hex'));
COMMIT;
";
pub(in crate::bench) const PGBENCH_BOOK: &str = "BEGIN;
WITH t AS (SELECT timestamptz '2030-01-01' + nextval('bare.turn') * interval '5 min' AS at)
INSERT INTO bare.claim (id, rule, during, body)
SELECT gen_random_uuid(), '00000000-0000-4000-8000-000000000001', tstzrange(at, at + interval '5 min', '[)'),
       decode(repeat('00', :row), 'hex') FROM t;
INSERT INTO bare.outbox (id, type, at, body)
VALUES (gen_random_uuid(), 'relais.scheduling.appointment.moved.v1', now(), decode(repeat('00', :event), 'hex'));
COMMIT;
";
